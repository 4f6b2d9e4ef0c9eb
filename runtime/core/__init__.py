"""The kernel that all services share. It imports no client of AWS and no web framework's request types leave it."""

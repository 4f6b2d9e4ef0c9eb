"""The kernel that all services share. It imports no AWS SDK and no web framework's request types leave it."""

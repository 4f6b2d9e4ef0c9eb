"""Player accounts and their statistics."""

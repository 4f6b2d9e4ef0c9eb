"""One suite that holds every storage engine to the same behaviour."""

"""The rotation of the signing keys."""

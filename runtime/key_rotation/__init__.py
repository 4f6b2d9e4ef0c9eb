"""Makes the signing keys and rotates them, as Secrets Manager's rotation function."""

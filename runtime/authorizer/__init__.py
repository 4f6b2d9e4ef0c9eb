"""The gateway's Lambda authorizer: the smallest imports of all."""

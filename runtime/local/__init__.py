"""The local gateway and the command line."""

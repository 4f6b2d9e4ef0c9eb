"""What stands between the runtime and AWS services."""

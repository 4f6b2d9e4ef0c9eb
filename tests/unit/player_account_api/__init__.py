"""The player account service, through its Lambda handler."""

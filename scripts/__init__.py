"""The scripts that build, test and deploy."""

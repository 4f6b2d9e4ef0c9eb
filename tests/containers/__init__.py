"""Real containers: an engine for the tests, a stand-in for the base image of Lambda, and functions that run in them."""

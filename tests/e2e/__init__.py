"""Tests against deployed stacks, containers and browsers."""

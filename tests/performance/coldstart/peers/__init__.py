"""Functions to compare with. Each is copied into a folder of its own, with dependencies of its own."""

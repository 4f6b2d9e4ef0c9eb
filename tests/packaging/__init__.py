"""The packages themselves: what is in the archives and images, and that they serve."""

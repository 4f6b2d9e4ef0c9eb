"""What the house must look like: imports, clocks, chance."""

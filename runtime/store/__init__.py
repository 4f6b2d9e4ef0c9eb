"""State: one small port and the engines that implement it."""

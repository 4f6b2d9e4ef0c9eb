"""The emulator's control plane."""

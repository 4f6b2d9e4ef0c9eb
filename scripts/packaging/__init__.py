"""How the emulator's functions become images and archives: shared by the scripts, and by the Dockerfiles."""

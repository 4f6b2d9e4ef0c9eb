"""What a cold start costs, under AWS's own runtime client and Runtime Interface Emulator."""

"""What makes it an emulator: sandboxes, identities, fixtures, rules and the journal. It knows no HTTP."""

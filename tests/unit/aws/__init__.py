"""The client of AWS's JSON services."""

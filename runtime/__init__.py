"""Everything that answers requests: the import root in every packaging and locally."""

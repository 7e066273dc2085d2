"""The judging of one task while its answers arrive."""

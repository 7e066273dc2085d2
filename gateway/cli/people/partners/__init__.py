"""The commands `gateway partner`."""

"""The impact report: its data, and the protection of small groups. Pure."""

"""The commands about inbound events."""

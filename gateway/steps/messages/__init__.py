"""The steps that compose, send and follow outgoing messages."""

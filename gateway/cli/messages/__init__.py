"""The commands about channels, outgoing messages and phrases."""

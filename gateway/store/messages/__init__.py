"""The rows of outgoing messages and the health of channels."""

"""The identity of a caller: its address, its API key, its limits, and the id of its request."""

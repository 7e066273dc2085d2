"""Simulated workers for test keys and for a try-out, on the gateway's real code."""

"""Synthetic history for benchmarks and for tests of growth."""

"""Crowds for the benchmarks of quality: recorded ones, and another library to compare with."""

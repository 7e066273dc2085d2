"""Benchmarks of the files of clients: an import of many rows, and the results of many tasks."""

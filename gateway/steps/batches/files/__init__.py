"""Imports and exports that clients order: files of any size, which a runner reads and writes."""

"""Pilots: the first tasks of a batch, and what they teach before the others are asked."""

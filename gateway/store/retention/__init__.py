"""The months of large tables, and the files that old months move to."""

"""The life of a batch: what its client chose for its end, and which change is allowed when."""

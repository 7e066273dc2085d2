"""The preview of a batch: its questions exactly as workers would receive them."""

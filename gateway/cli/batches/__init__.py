"""The commands about clients' batches."""

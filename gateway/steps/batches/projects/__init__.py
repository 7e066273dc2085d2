"""The steps of a client's project: a large job whose stages are batches."""

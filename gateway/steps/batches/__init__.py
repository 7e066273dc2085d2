"""The steps of a client's batch: upload, quote, start, close."""

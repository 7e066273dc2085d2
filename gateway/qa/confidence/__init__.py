"""The confidence of results: calibration, its error, and certificates."""

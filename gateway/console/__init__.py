"""People's web pages: the simulated phone."""

"""The gateway: paid digital work for workers with a feature phone."""

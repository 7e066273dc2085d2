"""The gateway: paid digital work for people with a feature phone."""

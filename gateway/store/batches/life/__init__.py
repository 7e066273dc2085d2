"""The queries of changes to a batch during its life."""

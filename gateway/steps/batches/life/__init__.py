"""The changes that a client makes to a batch during its life."""

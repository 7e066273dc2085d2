"""The routes by which a client changes a batch during its life."""

"""A client's batch from its order to its start: created, filled, started, paused, cancelled."""

"""The command `gateway replay`, which plays recorded crowd answers through simulated phones."""

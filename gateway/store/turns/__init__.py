"""The rows of inbound events: the inbox, sessions, leases, and the one read and one write of a turn."""

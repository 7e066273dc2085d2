"""The rows of inbound events: the inbox, sessions and leases.

`turns` has the one read and the one write of a turn.
"""

"""The webhooks of clients: calls that tell a client's own server what happened (decision 74)."""

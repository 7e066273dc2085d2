"""The routes of the client API."""

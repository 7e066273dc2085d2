"""The client REST API and the providers' webhooks."""

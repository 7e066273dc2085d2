"""The web pages: start page, documentation, coordinator's page and simulated phone."""

"""Predictions of clients' models, stored apart from answers and weighed as they earned trust."""

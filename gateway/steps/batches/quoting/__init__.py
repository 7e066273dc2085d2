"""The forecasts of a quote: when a batch will be ready, and which gold it needs."""

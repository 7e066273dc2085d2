"""The routes for monitoring: readiness and metrics."""

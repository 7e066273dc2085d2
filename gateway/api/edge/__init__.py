"""The HTTP edge, which every request passes before it reaches a route."""

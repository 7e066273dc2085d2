"""Lessons: what a worker is offered, her way through them, and those that mistakes assign."""

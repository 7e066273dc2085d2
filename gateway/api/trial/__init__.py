"""Trying a batch before real workers are paid: previews, pilots and test keys."""

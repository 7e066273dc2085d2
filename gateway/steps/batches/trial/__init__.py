"""Trying a batch before all its workers are paid: previews and pilots."""

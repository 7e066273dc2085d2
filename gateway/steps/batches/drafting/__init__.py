"""Drafts of batches: their edits and copies, and previews of what workers would read."""

"""The payout providers, one per file.

The file's name is the kind that the settings name.
"""

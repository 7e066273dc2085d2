"""The commands that back up, restore and archive the database."""

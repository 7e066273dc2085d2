"""Joining and leaving, coordinators' commands, names, numbers and quiet hours."""

"""Lessons: what a trainer writes in a file, the check of such a file, and the library of all."""

"""The national language shift tables: one file per language, named by its ISO 639-1 code.

Each file defines SINGLE and LOCKING.
"""

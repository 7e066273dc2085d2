"""National language shift tables, one language a file named by its ISO 639-1 code: SINGLE and LOCKING."""

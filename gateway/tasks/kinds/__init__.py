"""The task kinds, one file per kind; a client names a kind by its file's name."""

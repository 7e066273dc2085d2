"""One task kind a file; the file's name is the kind a client names."""

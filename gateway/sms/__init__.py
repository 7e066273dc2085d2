"""SMS: the port, segments and encoding, one channel a file."""

"""USSD: the port, screens and pagination, one channel a file."""

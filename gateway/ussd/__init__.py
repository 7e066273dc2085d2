"""The USSD side: the port, screens and their pages, and one file per channel."""

"""One language a folder: its catalogue gateway.po."""

"""The languages: one folder per language, with its catalogue gateway.po."""

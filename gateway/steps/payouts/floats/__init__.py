"""The money that stands ready: the floats at providers, and the reserves for what is owed."""

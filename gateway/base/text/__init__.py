"""The reading and checking of characters, figures and strings that other parties write."""

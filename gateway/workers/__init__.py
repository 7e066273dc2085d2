"""The rules for workers: states and consent, names, PINs and quiet hours."""

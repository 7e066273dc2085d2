"""Fair pay: refunds, measured pay, top-ups, bonuses and rewards."""

"""Carriers, phones and mobile-money operators in the providers' own wire formats.

The simulated providers keep their own books and share no code with the product, so that they can
disagree with it. Every comparison in a replay or a test is between two independent accounts of what
happened.
"""

"""The rows of payouts, their controls and approvals, floats, statements and taxes."""

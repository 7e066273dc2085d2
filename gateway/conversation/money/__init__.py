"""The balance, the cash-out, and the explanation of payments."""

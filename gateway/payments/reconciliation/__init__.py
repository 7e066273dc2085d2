"""The reading of an operator's statement and its comparison with the gateway's payouts."""

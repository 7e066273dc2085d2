"""The steps that pay workers and compare the books with those of payout providers."""

"""The commands about payouts, the ledger and taxes."""

"""The payouts: the provider port, the state machine, the rules of cashing out, and the ledger."""

"""The ledger's rules: the chart of accounts, postings, seals, statements, traces. Pure."""

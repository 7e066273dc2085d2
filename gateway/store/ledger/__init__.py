"""The rows of the ledger: postings, seals, statements, traces, adjustments."""

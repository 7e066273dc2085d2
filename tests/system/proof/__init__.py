"""The payout proof: a great many payouts through an operator and a network that fail.

The product's own code drives them. These parts are the product's: the request with its hold
(`steps/payouts/cash_out`), the queue (`store/payouts.claim_due`), the state machine
(`payments/payouts.decide_payout` by `steps/payouts/disburse.decide_now`), what each decision writes
(`steps/payouts/disburse.written`: payout, event, ledger transfers, replacement, SMS), the SQL
functions with all their checks on a real PostgreSQL, the adapters with their tokens, bodies and
tables of codes, and the audit of the ledger.

These parts are not: HTTP (the adapters are handed an `http` that calls the simulated operator in
the same process, on a clock that jumps) and one commit per decision (decisions of different payouts
share a commit, as many as are due).
"""

from gateway.settings.apart import leave_every_gateway

leave_every_gateway()

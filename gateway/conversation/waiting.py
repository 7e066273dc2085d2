"""What a worker is told of a payout that waits: the same words when it begins to wait, and whenever she asks."""

TOLD = {
    "approval": "pay.waits_approval",
    "crowding": "pay.waits_crowding",
    "float": "pay.waits_float",
    "limit": "pay.waits_limit",
    "name": "pay.waits_name",
    "quiet": "pay.waits_quiet",
}
"""By the name of the control (`gateway.payments.controls`)."""

"""What a worker is told of a payout that waits: the same words when it begins to wait, and whenever she asks."""

TOLD = {
    "approval": "pay.waits_approval",
    "crowding": "pay.waits_crowding",
    "float": "pay.waits_float",
    "limit": "pay.waits_limit",
    "moved": "pay.waits_moved",
    "name": "pay.waits_name",
    "objected": "pay.waits_objected",
    "quiet": "pay.waits_quiet",
}
"""By the name of the control (`gateway.payments.controls`)."""

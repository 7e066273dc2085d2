"""The words to a worker about a payout that waits.

They are the same when the wait begins and whenever the worker asks.
"""

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
"""The phrases by the name of the control (`gateway.payments.controls`)."""

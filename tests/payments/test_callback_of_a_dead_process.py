"""A process dies just after it kept an operator's callback.

There is no alarm, since the gateway asks the operator anyway.
"""

from gateway.steps.turns.catch_up import catch_up
from gateway.store.turns import inbox


async def test_what_was_kept_and_never_read_is_no_alarm(town):
    await inbox.keep_event(town.rt.db, town.rt.vault, "mpesa", "payout", "2Q2NDZ:0123", b"{}")
    town.clock.advance(minutes=5)
    await catch_up(town.rt)
    rows = await town.rt.db.rows("select state, error from inbox where kind = 'payout'")
    assert [(row["state"], row["error"]) for row in rows] == [("done", None)]

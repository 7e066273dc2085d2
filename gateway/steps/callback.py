"""A payout operator calls back on one of a payout's secret paths: stored as it came, then read."""

from collections.abc import Mapping

from gateway.runtime import Runtime
from gateway.steps.disburse import called_back
from gateway.store import inbox, payouts


async def callback(rt: Runtime, token: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Take one callback; False when the path is nobody's (a forgery changes nothing). Twice is once."""
    stored = await payouts.by_token(rt.db, rt.vault, token)
    if stored is None:
        return False
    event_id = f"{stored.ref}:{inbox.digest_id(token.encode() + body)}"
    if await inbox.is_done(rt.db, stored.payout.provider, "payout", event_id):
        return True
    await inbox.keep(rt.db, rt.vault, stored.payout.provider, "payout", event_id, body)
    # Read again, now that the callback is kept: while its own request is still being answered it cannot hasten
    # anything, but then the answer's side sees it kept, and does (steps/disburse).
    stored = await payouts.by_id(rt.db, rt.vault, stored.payout.id)
    status = rt.providers[stored.payout.provider].parse_callback(body, headers)
    await called_back(rt, stored, token, status)
    await inbox.done(rt.db, stored.payout.provider, "payout", event_id)
    return True

"""A payout operator calls back: on one of a payout's secret paths (or a float question's), or, where its portal knows one address for all, on
the provider's. Stored as it came, then read; what it says is a hint to go and ask."""

import re
from collections.abc import Mapping

import structlog

from gateway.failpoints import reach
from gateway.payments.port import Validates
from gateway.runtime import Runtime
from gateway.steps.cash_out import TAIL_DIGITS
from gateway.steps.disburse import called_back
from gateway.steps.float_questions import float_called_back
from gateway.store import inbox, payouts

log = structlog.get_logger()

# As `gateway.ids.secret_path` makes them; anything else is no path of ours, and need not reach a
# query.
_TOKEN = re.compile(r"[0-9A-Za-z_-]{1,100}")


async def callback(rt: Runtime, token: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Take one callback; False when the path is nobody's (a forgery changes nothing).

    Twice is once.
    """
    if not _TOKEN.fullmatch(token):
        return False
    stored = await payouts.by_token(rt.db, rt.vault, token)
    if stored is None:
        return await float_called_back(rt, token, body, headers)
    reach("callback.found")
    event_id = f"{stored.ref}:{inbox.digest_id(token.encode() + body)}"
    if await inbox.is_done(rt.db, stored.payout.provider, "payout", event_id):
        return True
    await inbox.keep(rt.db, rt.vault, stored.payout.provider, "payout", event_id, body)
    reach("callback.kept")
    # Read again, now that the callback is kept: while its own request is still being answered it
    # cannot hasten anything, but then the answer's side sees it kept, and does (steps/disburse).
    stored = await payouts.by_id(rt.db, rt.vault, stored.payout.id)
    status = rt.providers[stored.payout.provider].parse_callback(body, headers)
    await called_back(rt, stored, token, status)
    reach("callback.moved")
    await inbox.done(rt.db, stored.payout.provider, "payout", event_id)
    reach("callback.done")
    return True


async def provider_callback(
    rt: Runtime, provider: str, body: bytes, headers: Mapping[str, str]
) -> bool:
    """Take a callback on a provider's own path; False when it speaks of no payout we know (it is kept all the same)."""
    event_id = inbox.digest_id(body)
    if await inbox.is_done(rt.db, provider, "payout", event_id):
        return True
    status = rt.providers[provider].parse_callback(body, headers)
    stored = await payouts.by_words(rt.db, rt.vault, provider, status.key, status.reference)
    if stored is None:
        # Also the callback that overtakes the answer naming its id: the question to come will find
        # the same.
        why = "speaks of no payout we know"
        await inbox.keep_failed(rt.db, rt.vault, provider, "payout", event_id, body, why)
        return False
    await inbox.keep(rt.db, rt.vault, provider, "payout", event_id, body)
    await called_back(rt, stored, stored.result_token, status)
    await inbox.done(rt.db, provider, "payout", event_id)
    return True


async def validate(rt: Runtime, provider: str, body: bytes) -> bytes | None:
    """Answer an operator's "did you order this?"; None when this provider asks no such thing."""
    asked = rt.providers[provider]
    if not isinstance(asked, Validates):
        return None
    told = asked.parse_validation(body)
    if told is None:
        return asked.answer_validation(ours=False)
    tail = told.msisdn[-TAIL_DIGITS:]
    found = await payouts.being_sent(rt.db, rt.vault, provider, told.amount_minor, tail)
    ours = any(
        stored.payout.msisdn == told.msisdn and stored.payout.currency == told.currency
        for stored in found
    )
    if not ours:
        log.warning("an operator was asked to pay what we did not order", provider=provider)
    return asked.answer_validation(ours=ours)

"""The callbacks of a payout provider.

A callback comes on one of a payout's secret paths (or a float question's). Where the provider's
portal knows one address for all, it comes on the provider's path. It is stored as it came and then
read. Its content is only a hint: the gateway then asks the provider.
"""

import re
from collections.abc import Mapping

import structlog
from pydantic import SecretStr

from gateway.base.failpoints import reach
from gateway.payments.port import Validates
from gateway.steps.payouts.cash_out import TAIL_DIGITS
from gateway.steps.payouts.disburse import called_back
from gateway.steps.payouts.floats.float_queries import float_called_back
from gateway.steps.runtime import Runtime
from gateway.store.payouts import payouts
from gateway.store.turns import inbox

log = structlog.get_logger()

# `gateway.base.ids.secret_path` makes such tokens. Any other text is not a path of the gateway and
# needs no query.
_TOKEN = re.compile(r"[0-9A-Za-z_-]{1,100}")


async def callback(rt: Runtime, token: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Take one callback; return False when the path belongs to no payout or float question.

    A forged callback changes nothing, and a repeated one has no second effect.
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
    await inbox.keep_event(rt.db, rt.vault, stored.payout.provider, "payout", event_id, body)
    reach("callback.kept")
    # The payout is read again, now that the callback is kept. While the payout's own request is
    # still being answered, the callback cannot hasten anything. Then the code that handles the
    # answer sees the kept callback and acts on it (steps/payouts/disburse).
    stored = await payouts.by_id(rt.db, rt.vault, stored.payout.id)
    status = rt.providers[stored.payout.provider].parse_callback(body, headers)
    await called_back(rt, stored, SecretStr(token), status)
    reach("callback.moved")
    await inbox.done(rt.db, stored.payout.provider, "payout", event_id)
    reach("callback.done")
    return True


async def provider_callback(
    rt: Runtime, provider: str, body: bytes, headers: Mapping[str, str]
) -> bool:
    """Take a callback on a provider's own path; return False when it matches no known payout.

    The callback is kept in any case.
    """
    event_id = inbox.digest_id(body)
    if await inbox.is_done(rt.db, provider, "payout", event_id):
        return True
    status = rt.providers[provider].parse_callback(body, headers)
    stored = await payouts.by_words(rt.db, rt.vault, provider, status.key, status.reference)
    if stored is None:
        # A callback may also overtake the answer that names its id. The next status query finds the
        # same result.
        why = "names no payout of this gateway"
        await inbox.keep_failed(rt.db, rt.vault, provider, "payout", event_id, body, why)
        return False
    await inbox.keep_event(rt.db, rt.vault, provider, "payout", event_id, body)
    await called_back(rt, stored, stored.result_token, status)
    await inbox.done(rt.db, provider, "payout", event_id)
    return True


async def validate(rt: Runtime, provider: str, body: bytes) -> bytes | None:
    """Answer a provider's question whether the gateway ordered a payment.

    Return None when this provider asks no such question.
    """
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
        log.warning("a provider asks about a payment that was not ordered", provider=provider)
    return asked.answer_validation(ours=ours)

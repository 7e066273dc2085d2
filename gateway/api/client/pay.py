"""The pay of a batch's workers as clients see it: quoted and measured."""

from gateway.api.quote_responses import PayQuoteOut
from gateway.api.responses import PayOut
from gateway.steps.batches.quote import Quote
from gateway.steps.runtime import Runtime
from gateway.store.batches import batch_pay

_HOUR_S = 3600


def pay_quote_out(q: Quote) -> PayQuoteOut:
    """Return the expected pay of a quote."""
    quote, floor, allowed = q.pay.quote, q.pay.quote.floor, q.pay.allowance
    return PayQuoteOut(
        seconds_per_answer=round(quote.seconds, 1),
        measured=quote.measured,
        hourly_minor=quote.hourly_minor,
        floor_minor=floor.hourly_minor if floor else None,
        floor_country=floor.country if floor else None,
        floor_source=floor.source if floor else None,
        below_floor=quote.below_floor,
        allowed_below_floor=allowed.because if allowed else None,
        price_for_floor_minor=quote.price_for_floor_minor,
        reserve_minor=q.reserve_minor,
    )


async def pay_out(rt: Runtime, batch: str) -> PayOut | None:
    """Return the pay of a batch that has started, or None."""
    pay = await batch_pay.shown(rt.db, batch)
    if pay is None:
        return None
    return PayOut(
        currency=pay.currency,
        floor_minor=pay.floor_minor,
        floor_country=pay.floor_country,
        allowed_below_floor=pay.allowed,
        expected_seconds_per_answer=round(pay.expected_s, 1),
        answers=pay.answers,
        workers=pay.workers,
        hours=None if pay.seconds is None else round(pay.seconds / _HOUR_S, 2),
        median_minor=pay.median_minor,
        p10_minor=pay.p10_minor,
        gini=None if pay.gini is None else round(pay.gini, 3),
        reserve_minor=pay.reserve_minor,
        topped_up_minor=pay.topped_up_minor,
        settled=pay.settled,
    )

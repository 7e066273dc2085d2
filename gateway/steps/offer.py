"""What one more answer would cost: the payout, and the segments of its question. Of whoever comes, on the route this one
took; of a better worker, on the routes such workers are asked by."""

from functools import lru_cache
from typing import NamedTuple

from gateway.qa.overlap import Market, Offer
from gateway.runtime import Runtime
from gateway.sms.prices import PriceList, built_in, minor
from gateway.sms.segments import count
from gateway.store.batches import Batch


class Better(NamedTuple):
    """Workers better than most (`steps/better.py`): how likely they are right at least; how many are asked by SMS."""

    skill: float
    by_sms: float


def market(rt: Runtime, batch: Batch, text: str, via: str, better: Better | None = None) -> Market:
    """Who else could be asked. A question by SMS is paid for by the segment; a session is not."""
    message = 0.0
    if via == "sms" or (better and better.by_sms > 0.0):
        asked = "\n".join((batch.instructions, text, *(o.label("en") for o in batch.options)))
        message = count(asked).segments * _segment_minor(rt, batch.currency)
    review = float(batch.handling.review_minor) or None
    return Market(
        Offer(batch.price_minor + (message if via == "sms" else 0.0)),
        Offer(batch.price_minor + message * better.by_sms, better.skill) if better else None,
        review_minor=review,
    )


def _segment_minor(rt: Runtime, currency: str) -> float:
    """A segment in minor units of the batch's money, where a country that pays in it has a known price; else 0."""
    for region, country in rt.settings.countries.items():
        if country.currency == currency and (found := _priced(region, currency)):
            return found
    return 0.0


@lru_cache
def _priced(region: str, currency: str) -> float:
    price = PriceList(built_in()).segment_price(region)
    return minor(price.micro, currency) if price and price.currency == currency else 0.0

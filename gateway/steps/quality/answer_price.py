"""The cost of one more answer: the payout, and the segments of its question.

For any worker it is the cost on the present route. For a better worker it is the cost on the routes
by which such workers are asked.
"""

from functools import lru_cache
from typing import NamedTuple

from gateway.gsm.segments import count_segments
from gateway.qa.judging.overlap import AnswerPrice, AnswerPrices
from gateway.sms.prices import PriceList, built_in, minor
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch


class Better(NamedTuple):
    """The band of workers better than most (`steps/quality/top_workers.py`)."""

    skill: float
    """The least probability that such a worker is right."""
    by_sms: float
    """The share of them who are asked by SMS."""


def market(
    rt: Runtime, batch: Batch, text: str, via: str, better: Better | None = None
) -> AnswerPrices:
    """Return the answers that could be bought.

    A question by SMS costs segments; a session does not.
    """
    message = 0.0
    if via == "sms" or (better and better.by_sms > 0.0):
        asked = "\n".join((batch.instructions, text, *(o.label("en") for o in batch.options)))
        message = count_segments(asked).segments * _segment_minor(rt, batch.currency)
    review = float(batch.handling.review_minor) or None
    return AnswerPrices(
        AnswerPrice(batch.cost_minor + (message if via == "sms" else 0.0)),
        AnswerPrice(batch.cost_minor + message * better.by_sms, better.skill) if better else None,
        review_minor=review,
    )


def _segment_minor(rt: Runtime, currency: str) -> float:
    """Return the price of a segment in minor units of the batch's money.

    Return 0 unless a country that pays in it has a known price.
    """
    for region, country in rt.settings.countries.items():
        if country.currency == currency and (found := _priced(region, currency)):
            return found
    return 0.0


@lru_cache
def _priced(region: str, currency: str) -> float:
    price = PriceList(built_in()).segment_price(region)
    return minor(price.micro, currency) if price and price.currency == currency else 0.0

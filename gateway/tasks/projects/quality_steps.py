"""Review and audit of a project's stages: what a recipe declares, and what the client chooses.

A recipe knows no currency. So its prices are multiples of the price of an answer of the stage.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor

from gateway.base.errors import Refused
from gateway.qa.checks.plan import AuditRule, QualityPlan, ReviewRule

ANSWERS = ("", "yes", "no")
"""The answers of a client to "should this step be used": the recipe's, yes, or no."""
_PRICE = 2.0


@dataclass(frozen=True, slots=True)
class ReviewOrder:
    """The paid review of a stage: other workers look at its doubtful results again.

    `price` is a multiple of the price of an answer. The others are those of a batch's review.
    """

    price: float = _PRICE
    below: float = 0.8
    reviewers: int = 1
    share: float = 0.25


@dataclass(frozen=True, slots=True)
class AuditOrder:
    """The audit of a stage: a random sample of its results is judged.

    `price` is a multiple of the price of an answer. 0 says that persons with the client's key
    judge the sample.
    """

    price: float = _PRICE
    half_width: float = 0.05
    promise: float = 0.95


@dataclass(frozen=True, slots=True)
class OrderedSteps:
    """The steps that a recipe declares for a stage, or that its client chose."""

    review: ReviewOrder | None = None
    audit: AuditOrder | None = None

    def chosen(self, parameters: Mapping[str, object]) -> "OrderedSteps":
        """Return the steps with the client's choices. Raises Refused for an unknown answer.

        >>> OrderedSteps().chosen({"review": "", "audit": "yes"}).audit
        AuditOrder(price=2.0, half_width=0.05, promise=0.95)
        """
        review, audit = _answer(parameters, "review"), _answer(parameters, "audit")
        return OrderedSteps(
            {"": self.review, "no": None, "yes": self.review or ReviewOrder()}[review],
            {"": self.audit, "no": None, "yes": self.audit or AuditOrder()}[audit],
        )

    def plan(self, price_minor: int) -> QualityPlan:
        """Return the plan of a batch whose answers have a price.

        >>> OrderedSteps(ReviewOrder(price=1.5)).plan(300).review.price_minor
        450
        """
        review, audit = self.review, self.audit
        return QualityPlan(
            review=review
            and ReviewRule(
                _times(price_minor, review.price),
                below=review.below,
                reviewers=review.reviewers,
                share=review.share,
            ),
            audit=audit
            and AuditRule(
                audit.half_width,
                audit.promise,
                _times(price_minor, audit.price) if audit.price else 0,
            ),
        )


NO_ORDER = OrderedSteps()
"""The steps of a stage for which a recipe declares none."""


def _times(price_minor: int, times: float) -> int:
    return max(1, floor(price_minor * times + 0.5))


def _answer(parameters: Mapping[str, object], name: str) -> str:
    answer = str(parameters.get(name, ""))
    if answer not in ANSWERS:
        raise Refused(
            f"parameters.{name}: {answer!r} is neither yes nor no; without it, the recipe decides",
            field=f"parameters.{name}",
        )
    return answer

"""The reading of the quality steps that a client asks for."""

from gateway.api.quality_requests import AuditIn, ReviewIn
from gateway.api.requests import BatchIn
from gateway.base.errors import Refused
from gateway.base.money import exact_amount
from gateway.qa.checks.plan import AuditRule, QualificationRule, QualityPlan, ReviewRule


def plan_asked(given: BatchIn, currency: str) -> QualityPlan:
    """Return the plan of a request.

    Raises Refused where a rule needs gold and the batch has none.
    """
    if given.qualification is not None and not given.gold_rate:
        raise Refused(
            "qualification needs gold: give the batch a gold_rate above 0, like 0.05, and gold tasks",
            field="qualification",
        )
    return QualityPlan(
        QualificationRule(**given.qualification.model_dump()) if given.qualification else None,
        _review(given.review, currency) if given.review else None,
        _audit(given.audit, currency) if given.audit else None,
        given.accept_h,
    )


def _review(given: ReviewIn, currency: str) -> ReviewRule:
    price_minor = exact_amount(given.price, currency, "review.price")
    rest = given.model_dump(exclude={"price", "staff"})
    return ReviewRule(price_minor, staff=(given.staff or "").upper(), **rest)


def _audit(given: AuditIn, currency: str) -> AuditRule:
    price_minor = 0
    if given.price is not None:
        price_minor = exact_amount(given.price, currency, "audit.price")
    return AuditRule(price_minor=price_minor, **given.model_dump(exclude={"price"}))

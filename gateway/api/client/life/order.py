"""A batch as the order that would make it once more, and a change of some of its fields.

The order of a stored batch has the fields of `BatchIn`. A change replaces some of them, and the
whole is read like a new order.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError, create_model

from gateway.api.requests import BatchIn
from gateway.api.strict import StrictModel
from gateway.base.money import typed_amount
from gateway.base.plugins import load
from gateway.qa.checks.plan import NO_STEPS, QualityPlan
from gateway.store.batches.batches import Batch
from gateway.tasks import kinds
from gateway.tasks.entry.fields import fields_told
from gateway.tasks.packed import PACK_MAX
from gateway.tasks.port import TaskKind
from gateway.tasks.rotation import may_rotate
from gateway.tasks.values import as_asked


def _optional_fields() -> dict[str, Any]:
    """Return the fields of a new batch, each of which may be left out."""
    found = dict[str, Any]()
    for name, field in BatchIn.model_fields.items():
        typed: Any = field.annotation
        if field.metadata:
            typed = Annotated[(typed, *field.metadata)]
        told = Field(default=None, description=field.description, examples=field.examples)
        found[name] = (typed | None, told)
    return found


if TYPE_CHECKING:

    class BatchEditIn(StrictModel):
        """The fields of a batch to be changed."""

else:
    BatchEditIn = create_model(
        "BatchEditIn",
        __base__=StrictModel,
        __doc__="The fields of a batch to be changed. What is left out stays as it is.",
        **_optional_fields(),
    )


PLANNED = frozenset({"policy", "confidence"})
"""The fields that the gateway chooses where an accuracy is asked for."""


def order_of(batch: Batch, plan: QualityPlan | None, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return the order that would make this batch, without fields that have their default."""
    kind, value = as_asked(batch.kind)
    rules: TaskKind = load(kinds, batch.kind)  # pyright: ignore[reportAssignmentType]  # a kind is its module
    chosen, life = batch.handling, batch.life
    order: dict[str, Any] = {
        "name": batch.name,
        "labels": dict(labels),
        "kind": kind,
        "value": value,
        "instructions": batch.instructions,
        "price": typed_amount(batch.price_minor, batch.currency),
        "partner_price": _amount(batch.partner_price_minor, batch.currency),
        "options": [{"id": o.id, "labels": dict(o.labels)} for o in batch.options],
        "fields": [_filled(each) for each in fields_told(batch.fields)],
        "languages": list(batch.languages),
        "language": life.language,
        "any_language": life.any_language,
        "open": life.open,
        "deadline": life.deadline.isoformat() if life.deadline else None,
        "at_deadline": life.at_deadline,
        "policy": batch.policy,
        "confidence": batch.confidence or None,
        "method": batch.method,
        "gold_rate": round(batch.gold_rate, 6),
        "entry_gold": chosen.entry_gold,
        "needs_lesson": chosen.needs_lesson,
        "promote_gold": chosen.promote_gold,
        "use_predictions": chosen.use_predictions,
        "review_price": _amount(chosen.review_minor, batch.currency),
        "order": "breadth" if batch.breadth else "depth",
        "worker_max": batch.worker_max,
        "worker_day_max": batch.worker_day_max,
        "shares": dict(chosen.shares),
        "keep_shares_h": chosen.keep_h,
        "lease_s": batch.lease_s,
        **_steps(plan or NO_STEPS, batch.currency),
    }
    if rules.ROTATES and may_rotate(batch.options):
        order["rotate"] = chosen.rotate
    if rules.PACKS:
        order["pack"] = {1: "off", PACK_MAX: "auto"}.get(batch.pack_max, batch.pack_max)
    return {name: said for name, said in order.items() if said not in (None, [], {})}


def _steps(plan: QualityPlan, currency: str) -> dict[str, Any]:
    steps: dict[str, Any] = {"accept_h": plan.accept_h}
    if plan.qualification:
        qualified = plan.qualification
        steps["qualification"] = {
            "min_skill": qualified.min_skill,
            "min_gold": qualified.min_gold,
        }
    if plan.review:
        one = plan.review
        steps["review"] = _filled(
            {
                "price": typed_amount(one.price_minor, currency),
                "below": one.below,
                "reviewers": one.reviewers,
                "share": one.share,
                "min_skill": one.min_skill,
                "within_h": one.within_h,
                "staff": one.staff or None,
            }
        )
    if plan.audit:
        steps["audit"] = _filled(
            {
                "half_width": plan.audit.half_width,
                "promise": plan.audit.promise,
                "price": _amount(plan.audit.price_minor, currency),
                "within_h": plan.audit.within_h,
            }
        )
    return steps


def _amount(minor: int, currency: str) -> str | None:
    return typed_amount(minor, currency) if minor else None


def _filled(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def changed_order(order: Mapping[str, Any], given: Mapping[str, Any]) -> BatchIn:
    """Return the order with some fields replaced. Raises the error of an invalid request."""
    merged = {**order, **given}
    if "kind" in given and given["kind"] != order["kind"]:
        # What belongs to the former kind alone is not an order for the new one.
        for name in ("options", "fields", "value", "rotate", "pack"):
            if name not in given:
                merged.pop(name, None)
    if given.get("accuracy") is not None:
        for name in PLANNED - set(given):
            merged.pop(name, None)
    elif PLANNED & set(given):
        merged.pop("accuracy", None)
    follows = bool(order.get("language")) and not order.get("any_language")
    if follows and {"language", "any_language"} & set(given) and "languages" not in given:
        merged.pop("languages", None)  # They only followed from the language.
    try:
        return BatchIn.model_validate_json(orjson.dumps(merged))
    except ValidationError as bad:
        raise RequestValidationError(
            [{**one, "loc": ("body", *one["loc"])} for one in bad.errors()], body=merged
        ) from bad


def differences(was: Mapping[str, Any], becomes: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the former and the new value of each field that differs.

    >>> differences({"price": "3", "name": "a"}, {"price": "4", "name": "a"})
    {'price': ('3', '4')}
    """
    return {
        name: (was.get(name), becomes.get(name))
        for name in sorted({*was, *becomes})
        if was.get(name) != becomes.get(name)
    }

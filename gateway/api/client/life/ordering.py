"""The reading of a client's order of a batch."""

from gateway.api.client.life.quality_asked import plan_asked
from gateway.api.requests import BatchIn, FieldIn, OptionIn
from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.base.money import exact_amount
from gateway.qa.judging.overlap import DOUBLE
from gateway.steps.batches.submit.create import BatchSpec
from gateway.steps.runtime import Runtime
from gateway.store.people import clients
from gateway.tasks.entry.fields import DeclaredField
from gateway.tasks.handling import Handling
from gateway.tasks.life.choices import Life
from gateway.tasks.packed import PACK_MAX
from gateway.tasks.question import Option
from gateway.tasks.values import kind_asked

GOLD_RATE = 0.05
"""The share of gold in a batch with a promised accuracy, where the client names none."""


async def spec_of(rt: Runtime, client: ClientId, given: BatchIn) -> BatchSpec:
    """Return what a client ordered. Raises Refused naming the field that is wrong."""
    currency = (await clients.account(rt.db, client))["currency"]
    price_minor = exact_amount(given.price, currency, "price")
    review_minor = 0
    if given.review_price is not None:
        review_minor = exact_amount(given.review_price, currency, "review_price")
    partner_minor = 0
    if given.partner_price is not None:
        partner_minor = exact_amount(given.partner_price, currency, "partner_price")
    quality = plan_asked(given, currency)
    qualified = quality.qualification
    return BatchSpec(
        name=given.name,
        kind=kind_asked(given.kind, given.value),
        instructions=given.instructions,
        options=[_option(one) for one in given.options],
        languages=given.languages,
        fields=[_declared(one) for one in given.fields],
        price_minor=price_minor,
        policy=_policy(given),
        confidence=given.confidence or 0.0,
        method=given.method,
        gold_rate=_gold_rate(given),
        lease_s=given.lease_s,
        pack_max={"auto": PACK_MAX, "off": 1}.get(str(given.pack)) or int(given.pack),
        handling=Handling(
            entry_gold=max(given.entry_gold, qualified.min_gold if qualified else 0),
            promote_gold=given.promote_gold,
            use_predictions=given.use_predictions,
            needs_lesson=given.needs_lesson,
            review_minor=review_minor,
            rotate=given.rotate,
            shares={code.upper(): share for code, share in given.shares.items()},
            keep_h=given.keep_shares_h,
            min_skill=qualified.min_skill if qualified else 0.0,
        ),
        breadth=given.order == "breadth",
        worker_max=given.worker_max,
        worker_day_max=given.worker_day_max,
        quality=quality,
        partner_price_minor=partner_minor,
        labels=given.labels,
        accuracy=given.accuracy,
        life=Life(
            language=given.language,
            any_language=given.any_language,
            open=given.open,
            deadline=given.deadline,
            at_deadline=given.at_deadline,
        ),
    )


def _declared(given: FieldIn) -> DeclaredField:
    options = given.options
    return DeclaredField(
        id=given.id,
        type=given.type,
        labels=given.labels,
        min=None if given.min is None else str(given.min),
        max=None if given.max is None else str(given.max),
        decimals=given.decimals,
        length_min=given.length_min,
        length_max=given.length_max,
        check=given.check,
        options=None if options is None else [_option(one) for one in options],
        currency=given.currency,
        optional=given.optional,
    )


def _option(given: OptionIn | str) -> Option:
    return Option(given) if isinstance(given, str) else Option(given.id, given.labels)


def _policy(given: BatchIn) -> str:
    """Return the client's policy; where none was sent, that of double keying for data entry."""
    if given.accuracy is not None:
        for name in ("policy", "confidence"):
            if name in given.model_fields_set:
                raise Refused(
                    f"accuracy takes the place of {name}: the gateway chooses it; leave one of them out",
                    field=name,
                )
        return "dynamic"
    return DOUBLE if given.fields and "policy" not in given.model_fields_set else given.policy


def _gold_rate(given: BatchIn) -> float:
    """Return the share of gold. A promised accuracy needs gold, so it has some by default."""
    if given.accuracy is not None and "gold_rate" not in given.model_fields_set:
        return GOLD_RATE
    return given.gold_rate

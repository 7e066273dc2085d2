"""The living-wage floor before a batch starts: the expected pay, the refusal and the permission."""

from dataclasses import dataclass
from decimal import Decimal

from gateway.base.errors import Refused
from gateway.base.ids import BatchId
from gateway.base.money import amount_text, minor_per_major, typed_amount
from gateway.steps.runtime import Runtime
from gateway.store.batches import audiences, batch_pay, batch_tasks
from gateway.store.batches.batch_pay import Allowance, StartedPay
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import batch_state
from gateway.store.db import Connection
from gateway.store.people import persons
from gateway.workers.pay.expected import Floor, PayQuote, modelled_seconds, pay_quote

_SAMPLE = 200


@dataclass(frozen=True, slots=True)
class QuotedPay:
    """The expected pay of a batch, and the permission to start it below the floor."""

    quote: PayQuote
    currency: str
    allowance: Allowance | None

    @property
    def refused(self) -> bool:
        """Return True when the batch may not start at its price."""
        return self.quote.below_floor and self.allowance is None

    def reserve_minor(self, answers: int) -> int:
        """Return what is set aside for top-ups. Nothing is, where the floor was waived."""
        return 0 if self.allowance else self.quote.reserve_each_minor * answers


async def quoted_pay(rt: Runtime, batch: Batch, characters_each: float | None = None) -> QuotedPay:
    """Return the expected pay of a batch per hour, beside the floor of its workers' countries.

    `characters_each` is the mean length of its texts, where the batch has none yet.
    """
    options = sum(len(next(iter(o.labels.values()), o.id)) for o in batch.options)
    if characters_each is None:
        texts = await batch_tasks.sample_of_texts(rt.db, batch.id, _SAMPLE)
        characters_each = sum(map(len, texts)) / len(texts) if texts else 0.0
    characters = options + characters_each
    kind = rt.kind_of(batch.kind)
    quote = pay_quote(
        batch.price_minor,
        modelled_s=modelled_seconds(characters, types_text=kind.TAKES_WORDS),
        ratios=await batch_pay.measured_ratios(rt.db, batch.kind),
        floor=await _floor(rt, batch),
        slower=rt.settings.fair_pay.slower,
    )
    allowance = await batch_pay.allowance(rt.db, batch.id)
    return QuotedPay(quote, batch.currency, allowance)


async def _floor(rt: Runtime, batch: Batch) -> Floor | None:
    """Return the highest floor in the batch's currency of the countries of its present workers.

    Without workers it is the highest floor in that currency.
    """
    found = {
        country: floor
        for country, floor in rt.settings.fair_pay.floors.items()
        if floor.currency == batch.currency
    }
    if not found:
        return None
    present = {region for region, *_ in await audiences.crowd(rt.db, batch)} & set(found)
    country = max(present or found, key=lambda c: (found[c].per_hour, c))
    per_hour = found[country].per_hour * Decimal(minor_per_major(batch.currency))
    return Floor(country, int(per_hour), f"{found[country].source}, {found[country].date}")


def check_floor(batch: Batch, pay: QuotedPay) -> None:
    """Raise Refused for a batch below the floor, with the price that would reach it."""
    floor, price = pay.quote.floor, pay.quote.price_for_floor_minor
    if not pay.refused or floor is None or price is None:
        return
    expected, least = (
        amount_text(minor, batch.currency) for minor in (pay.quote.hourly_minor, floor.hourly_minor)
    )
    raise Refused(
        f"the price is below the living-wage floor of {floor.country}: workers would earn about {expected} an hour, "
        f"and the floor is {least} ({floor.source}); make the batch with a price of at least "
        f"{typed_amount(price, batch.currency)}, or ask the operator to allow it",
        field="price",
    )


async def keep_pay(db: Connection, batch: Batch, pay: QuotedPay, answers: int) -> int:
    """Store the expected pay of a batch that starts, and return the reserve for top-ups."""
    floor, reserve = pay.quote.floor, pay.reserve_minor(answers)
    await batch_pay.keep_started(
        db,
        batch.id,
        batch.kind,
        batch.currency,
        StartedPay(
            floor_minor=floor.hourly_minor if floor else None,
            floor_country=floor.country if floor else None,
            modelled_s=pay.quote.modelled_s,
            expected_s=pay.quote.seconds,
            reserve_minor=reserve,
        ),
    )
    return reserve


async def allow_below_floor(
    rt: Runtime, batch_id: str, because: str, *, by: str, key: str
) -> QuotedPay:
    """Allow a draft to start below the floor, in the name of a person with a key.

    Raises Refused without a reason, for a wrong key, and for a batch that is no draft.
    """
    if not because.strip():
        raise Refused("say why; it is kept with the batch", field="because")
    batch = await rt.batches.fresh(batch_id)
    async with rt.db.transaction() as db:
        person = await persons.person_of(db, by.strip(), key)
        if await batch_state.locked_state(db, batch_id) != "draft":
            raise Refused("only a draft can be allowed to start below the floor", status=409)
        if not await batch_pay.allow(db, BatchId(batch_id), person, because.strip()):
            raise Refused("this batch is allowed already", status=409)
    return await quoted_pay(rt, batch)

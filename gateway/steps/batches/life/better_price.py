"""A higher price for workers who are not asked yet.

A question keeps the price that its worker was told. So the price of a running batch only rises.
"""

from dataclasses import replace

from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.base.money import amount_text, typed_amount
from gateway.steps.batches.life.change import (
    Author,
    ChangeEffect,
    MadeChange,
    check_not_ended,
    make_change,
)
from gateway.steps.quality import rulings
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import running
from gateway.store.batches.life.changes import BatchChange
from gateway.store.batches.life.running import LifeRow
from gateway.store.db import Connection


async def raise_price(
    rt: Runtime, client: ClientId, batch_id: str, price_minor: int, author: Author
) -> MadeChange:
    """Raise the price of an answer. Raises Refused for a price that is not higher."""

    async def write(
        db: Connection, batch: Batch, row: LifeRow, change: BatchChange
    ) -> ChangeEffect:
        check_not_ended(row)
        if price_minor <= row.price_minor:
            raise Refused(
                f"the price is {amount_text(row.price_minor, batch.currency)} already, and workers "
                "plan with it: it can be raised and never lowered",
                field="price",
            )
        slots = await running.payable_slots(db, batch.id)
        kept = await running.raise_price(db, batch.id, price_minor)
        # What an answer is worth asking for depends on its price.
        rule = rulings.ruling_of(replace(batch, price_minor=price_minor))
        why = "the client raised the price"
        await rulings.switch_on(db, batch.id, rule, by=change.actor, reason=why)
        before = {"price": typed_amount(row.price_minor, batch.currency)}
        after = {"price": typed_amount(price_minor, batch.currency), "told_before": kept}
        return ChangeEffect(slots * (price_minor - row.price_minor), before, after)

    done = await make_change(rt, client, batch_id, "price", author, write)
    rt.jobs.enqueue("assign")
    return done

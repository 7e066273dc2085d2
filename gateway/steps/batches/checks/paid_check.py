"""The paid questions of a review or an audit, which are a batch of their own.

Workers see ordinary questions at the price of the review. They are blind: they read neither the
answers nor the result, and no task comes to a worker who answered it before. Hidden gold among the
questions assesses them as it assesses every worker.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from gateway.base.errors import Refused
from gateway.base.ids import BatchId, new_public_id
from gateway.payments.ledger import postings
from gateway.payments.ledger.chart_of_accounts import Account, AccountKind
from gateway.qa.checks.plan import GOLD_SHARE, QualityPlan
from gateway.steps.batches.release import end_batch
from gateway.steps.quality import rulings
from gateway.steps.runtime import Runtime
from gateway.store.batches import batches, plans
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import batch_state, cancelled
from gateway.store.db import Connection
from gateway.store.ledger import transfers
from gateway.store.people.workers import partner_codes
from gateway.store.quality import paid_checks, staff
from gateway.tasks.handling import DEFAULT


@dataclass(frozen=True, slots=True)
class CheckOrder:
    """The tasks that workers are to answer again, and the terms."""

    purpose: str
    """The purpose: review or audit."""
    round: int
    """The number of the batch's audit for which this is done, from 1."""
    tasks: Sequence[str]
    """The client's ids of the tasks, in the order in which they are asked."""
    answers: int
    """The answers to each task."""
    price_minor: int
    """The price of one answer."""
    min_skill: float
    """The least skill of the workers."""
    staff: str
    """The code of the partner whose quality staff is asked first; "" for none."""
    seed: str
    """The seed by which the hidden gold is chosen."""

    @property
    def golds(self) -> int:
        """Return the most answers to hidden gold."""
        return ceil(GOLD_SHARE * len(self.tasks) * self.answers)


async def check_staff(rt: Runtime, plan: QualityPlan) -> None:
    """Raise Refused where a review names a partner that does not exist."""
    code = plan.review.staff if plan.review else ""
    if code and not await partner_codes(rt.db, [code]):
        raise Refused(
            f"no partner {code!r}; GET /audience lists the partners", field="review.staff"
        )


async def new_check(rt: Runtime, parent: Batch, order: CheckOrder) -> Batch:
    """Return the batch for an order, with an account of its own. It is not stored yet."""
    batch_id = BatchId(new_public_id("b"))
    account = Account(AccountKind.BATCH_HOLD, batch_id, parent.currency)
    return replace(
        parent,
        id=batch_id,
        name=f"{parent.name} ({order.purpose})",
        price_minor=order.price_minor,
        partner_price_minor=0,
        policy=f"fixed:{order.answers}",
        confidence=0.0,
        gold_rate=GOLD_SHARE,
        # Each question has a message of its own, so that gold may come at any place.
        pack_max=1,
        hold_account=await rt.accounts.get(account),
        fields=parent.fields,
        handling=replace(
            DEFAULT,
            entry_gold=0,
            rotate=parent.handling.rotate,
            same=parent.handling.same,
            min_skill=order.min_skill,
            check_of=parent.id,
        ),
        breadth=False,
        worker_max=None,
        worker_day_max=None,
        revision=0,
    )


async def store_check(db: Connection, parent: Batch, check: Batch, order: CheckOrder) -> None:
    """Store the batch of an order with its questions and its money, and let it run."""
    await batches.insert_batch(db, check)
    await paid_checks.link(db, check.id, parent.id, order.purpose, order.round)
    await paid_checks.copy_tasks(
        db, check.id, parent.id, order.tasks, order.answers, order.min_skill
    )
    if order.staff:
        await staff.direct_to_staff(db, check.id, order.staff, order.answers)
    golds = await paid_checks.copy_gold(db, check.id, parent.id, order.golds, order.seed)
    amount = (len(order.tasks) * order.answers + golds) * order.price_minor
    await batch_state.set_state(db, check.id, "running", reserved=amount)
    why = f"the {order.purpose} of {parent.id}"
    await rulings.switch_on(db, check.id, rulings.ruling_of(check), by=parent.client, reason=why)
    posted = postings.check_reserve(parent.id, check.id, amount, parent.currency)
    await transfers.post(db, posted, parent.hold_account, check.hold_account)


async def follow_batch(db: Connection, parent: str, state: str) -> None:
    """Pause or continue the open reviews and audits of a batch with it."""
    for check in await plans.open_checks(db, parent):
        await batch_state.set_state(db, check, state)


async def end_checks(rt: Runtime, db: Connection, parent: str) -> bool:
    """End the reviews and audits of a batch that are still open. Return whether some still wait.

    Answers that were given stay and stay paid. A worker who holds a question may answer it, and is
    paid. The rest of the money returns to the batch.
    """
    for check in await plans.open_checks(db, parent):
        await end_batch(db, await rt.batches.get(check))
    return await cancelled.checks_wait(db, parent)

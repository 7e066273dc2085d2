"""Start a batch, or continue a paused one. Its money is set aside before it starts."""

from dataclasses import dataclass

import asyncpg

from gateway.base.bounds import AMOUNT_MAX_MINOR
from gateway.base.errors import Conflict, Refused
from gateway.base.ids import AccountId, ClientId
from gateway.base.money import amount_text
from gateway.payments.ledger import postings
from gateway.qa.checks.promise import PromisePlan
from gateway.steps.batches.checks.paid_check import follow_batch
from gateway.steps.batches.fair_pay.floor import QuotedPay, check_floor, keep_pay, quoted_pay
from gateway.steps.batches.pilots.begin import begin_pilot, refuse_late_pilot, release_rest_of_pilot
from gateway.steps.batches.quote import (
    available_minor,
    checks_cost,
    filled,
    quote,
    workers_who_may_be_asked,
)
from gateway.steps.batches.quoting.promise import apply_plan, check_promise, promise_to_start
from gateway.steps.batches.slots import gold_answers
from gateway.steps.batches.submit.state_change import locked_batch, record_state
from gateway.steps.batches.uploading import Upload, deal_draft, ended, refuse_during_import
from gateway.steps.payouts.fair_pay.even_work import even_work
from gateway.steps.quality import rulings
from gateway.steps.quality.top_workers import look_for_better
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import batch_tasks, shares, uploads
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import batch_state, changes
from gateway.store.db import Connection, Row
from gateway.store.ledger import transfers
from gateway.store.messages import client_events
from gateway.store.payouts import wind_down
from gateway.store.people import clients

SURPLUS = 0
"""The number of the release of money that a project reserved for a stage and did not need."""


async def start_batch(
    rt: Runtime,
    client: ClientId,
    batch_id: str,
    *,
    by: str = changes.GATEWAY,
    without_promise: bool = False,
    pilot: int | None = None,
) -> None:
    """Reserve the most that the batch can cost, and let it run.

    Starting a running batch changes nothing. A draft whose accuracy cannot be promised is refused,
    unless its client starts it `without_promise`. `pilot` is the number of tasks after which the
    batch pauses, with what was learnt. Starting it again then goes on with the other tasks.
    """
    await wind_down.must_take_work(rt.db)
    await refuse_during_import(rt.db, batch_id, "start")
    batch = await rt.batches.fresh(batch_id)  # Another process may have chosen its shares.
    workers = await workers_who_may_be_asked(rt, batch)
    pay = await quoted_pay(rt, batch)
    plan = await promise_to_start(rt, batch, await filled(rt, batch))
    if plan is not None:
        check_promise(plan, without_promise=without_promise)

    async def started() -> None:
        await ended(rt, client, batch_id)
        turn = await deal_draft(rt, client, batch)
        try:
            asked = _AskedStart(by, plan, pilot)
            await _set_going(rt, client, batch, workers, pay, turn, asked)
        except BaseException:
            if turn is not None:
                await turn.take_back()
            raise

    try:
        await until_settled(started)
    except asyncpg.CheckViolationError as bad:
        quoted = await quote(rt, client, batch_id)
        needed = quoted.most_minor + quoted.reserve_minor
        has = await available_minor(rt, client)
        raise Refused(
            f"the batch can cost up to {amount_text(needed, batch.currency)}, but only "
            f"{amount_text(has, batch.currency)} is available; top up first",
            status=402,
        ) from bad
    if batch.handling.shares:
        # A partner may have stopped being active since its tasks were dealt to it.
        await shares.free_inactive(rt.db, batch.id)
    await uploads.plan_anew(rt.db)
    if plan is not None:
        batch = await rt.batches.fresh(batch_id)
    await look_for_better(rt, batch)
    await even_work(rt)  # Who comes first is known before the first question goes out.
    rt.jobs.enqueue("assign")


@dataclass(frozen=True, slots=True)
class _AskedStart:
    """The key that starts a batch, its promise, and the number of tasks of its pilot."""

    by: str
    plan: PromisePlan | None
    pilot: int | None


async def _set_going(
    rt: Runtime,
    client: ClientId,
    batch: Batch,
    workers: int,
    pay: QuotedPay,
    turn: Upload | None,
    asked: _AskedStart,
) -> None:
    """Let the batch run, in one short commit.

    The client's account comes last, because the client's other batches wait for it.
    """
    account = await clients.account_of(rt.db, client)
    assert account is not None
    available = AccountId(account["account_id"])
    async with rt.db.transaction() as db:
        row = await locked_batch(db, client, batch.id, ("draft", "paused", "running"), "it is over")
        if row["state"] == "running":
            return
        _check_deadline(rt, row)
        if row["state"] == "draft" and row["upload_token"] != (turn.token if turn else None):
            raise Conflict("another upload has begun")
        if row["state"] == "draft":
            await batch_tasks.cap_gold(db, batch.id, gold_answers(workers))
            if asked.plan is not None:
                batch = await apply_plan(db, batch, asked.plan)
        slots = await batch_tasks.paid_slots(db, batch.id)
        if not slots and not row["open"]:
            raise Refused("the batch has no tasks yet; POST them to /tasks first", status=409)
        if row["state"] == "paused":
            refuse_late_pilot(asked.pilot)
            await release_rest_of_pilot(db, batch.id)
            await batch_state.set_state(db, batch.id, "running")
            await follow_batch(db, batch.id, "running")
            await record_state(db, batch.id, "start", asked.by, "paused", "running")
            return
        check_floor(batch, pay)
        await begin_pilot(db, batch.id, asked.pilot, rt.clock.now())
        checks = (await checks_cost(db, batch.id)).most_minor
        amount = _reservable(slots, batch, checks) + await keep_pay(db, batch, pay, slots)
        await batch_state.set_state(db, batch.id, "running", reserved=amount)
        await shares.keep_until(db, batch, rt.clock.now())
        why = "the client started the batch"
        await rulings.switch_on(db, batch.id, rulings.ruling_of(batch), by=client, reason=why)
        if turn is not None:
            await uploads.end_upload(db, batch.id, turn.token)
        await record_state(
            db, batch.id, "start", asked.by, "draft", "running", amount - row["reserved"]
        )
        await _reserve(db, batch, available, amount, row["reserved"])


def _check_deadline(rt: Runtime, row: Row) -> None:
    """Raise Refused where the deadline of a batch that is to run has passed."""
    if row["deadline"] is None or row["deadline"] > rt.clock.now():
        return
    cure = "PATCH it" if row["state"] == "draft" else "POST /extend"
    raise Refused(
        f"the deadline of this batch has passed: {cure} with a later deadline, or with null for none",
        field="deadline",
        status=409,
    )


async def _reserve(
    db: Connection, batch: Batch, available: AccountId, amount: int, before: int
) -> None:
    """Set the batch's money aside.

    A project has reserved the most that the batch of a stage may cost `before` its tasks were
    known. What they do not need returns to the client at once.
    """
    if amount < before:
        posted = postings.release_hold(
            batch.id, batch.client, before - amount, batch.currency, nth=SURPLUS
        )
        await transfers.post(db, posted, batch.hold_account, available)
    elif amount > before:
        posted = postings.reserve(
            batch.client, batch.id, amount - before, batch.currency, nth=2 if before else 1
        )
        await transfers.post(db, posted, available, batch.hold_account)
        await db.write([client_events.low_money(batch.client, batch.id, amount)])


def _reservable(slots: int, batch: Batch, checks_minor: int) -> int:
    """Return the cost of all paid slots, and of reviews and audits.

    Raises Refused where no ledger entry could hold it.
    """
    amount = slots * batch.cost_minor + checks_minor
    if amount > AMOUNT_MAX_MINOR:
        raise Refused(
            f"the batch can cost up to {amount_text(amount, batch.currency)} ({slots:,} answers at "
            f"{amount_text(batch.cost_minor, batch.currency)}); one batch may reserve at most "
            f"{amount_text(AMOUNT_MAX_MINOR, batch.currency)}: lower the price, or make batches of fewer tasks",
            field="price",
        )
    return amount

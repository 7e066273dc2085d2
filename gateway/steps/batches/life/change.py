"""One change of a batch by its client: its lock, its cost, its record, and its repetition.

A change and its money are one commit. A request with an Idempotency-Key that was made before finds
its change, also after a crash, and changes nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import asyncpg

from gateway.base.bounds import AMOUNT_MAX_MINOR
from gateway.base.errors import Refused
from gateway.base.failpoints import reach
from gateway.base.ids import AccountId, BatchId, ClientId
from gateway.base.money import amount_text
from gateway.payments.ledger import postings
from gateway.steps.batches.quote import available_minor
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import changes, running
from gateway.store.batches.life.changes import BatchChange
from gateway.store.batches.life.running import LifeRow
from gateway.store.db import Connection
from gateway.store.ledger import transfers
from gateway.store.messages import client_events
from gateway.store.people import clients
from gateway.tasks.life.actions import check_allowed


@dataclass(frozen=True, slots=True)
class Author:
    """The author of a change: the key that asked for it, and how the request is recognised."""

    key: str = changes.GATEWAY
    """The first characters of the client's key."""
    request: str | None = None
    """The Idempotency-Key of the request."""
    dry_run: bool = False
    """Only say what the change would cost."""


@dataclass(frozen=True, slots=True)
class MadeChange:
    """The effect of a change that was made or tried, as its author is told."""

    change: BatchChange
    available_minor: int
    """The client's free money before the change."""
    currency: str
    dry_run: bool = False

    @property
    def enough(self) -> bool:
        """Return True where the client has the money for the change."""
        return self.change.cost_minor <= self.available_minor


@dataclass(frozen=True, slots=True)
class ChangeEffect:
    """The effect of a change that was written, and the money that it needs."""

    cost_minor: int = 0
    """The money to set aside; negative to give back."""
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None


ChangeWriter = Callable[[Connection, Batch, LifeRow, BatchChange], Awaitable[ChangeEffect]]
"""The writing of a change. Its row of the history has no contents yet."""


class _OnlyAsked(Exception):  # It undoes a dry run and is never shown.
    """A signal that a change was only tried."""

    def __init__(self, change: BatchChange) -> None:
        self.change = change


async def make_change(
    rt: Runtime, client: ClientId, batch_id: str, action: str, author: Author, write: ChangeWriter
) -> MadeChange:
    """Make a change in one commit with its money and its record. Raises Refused with the state.

    With `dry_run`, undo everything and return what the change would cost.
    """
    batch = await rt.batches.fresh(batch_id)
    has = await available_minor(rt, client)

    async def made() -> BatchChange:
        async with rt.db.transaction() as db:
            row = await running.lock_life(db, client, batch_id)
            if row is None:
                raise Refused(f"no batch {batch_id!r}", status=404)
            before = await changes.made_before(db, batch_id, author.request)
            if before is not None:
                return before
            check_allowed(action, row.state)
            change = await changes.record_change(
                db, batch_id, action, actor=author.key, key=author.request
            )
            effect = await write(db, as_locked(batch, row), row, change)
            change = replace(
                change,
                before=dict(effect.before or {}),
                after=dict(effect.after or {}),
                cost_minor=effect.cost_minor,
            )
            if author.dry_run:
                raise _OnlyAsked(change)
            await changes.complete(db, change)
            await pay_change(db, batch, change.id, effect.cost_minor)
            return change

    try:
        change = await until_settled(made)
        reach("life.changed")
        return MadeChange(change, has, batch.currency)
    except _OnlyAsked as asked:
        return MadeChange(asked.change, has, batch.currency, dry_run=True)
    except asyncpg.CheckViolationError as bad:
        if getattr(bad, "table_name", None) != "account":
            raise
        raise await too_dear(rt, client, batch, author, action, write) from bad


def as_locked(batch: Batch, row: LifeRow) -> Batch:
    """Return a batch with the prices of its locked row: they may have changed since it was read."""
    return replace(batch, price_minor=row.price_minor, partner_price_minor=row.partner_price_minor)


async def too_dear(  # the same change, tried again for its figures
    rt: Runtime, client: ClientId, batch: Batch, author: Author, action: str, write: ChangeWriter
) -> Refused:
    """Return the refusal of a change for which the client has not enough money, with figures."""
    tried = await make_change(
        rt, client, batch.id, action, replace(author, dry_run=True, request=None), write
    )
    return refused_for_money(tried.change.cost_minor, tried.available_minor, batch.currency)


def refused_for_money(cost_minor: int, has_minor: int, currency: str) -> Refused:
    """Return the refusal of a change that costs more than the client has."""
    return Refused(
        f"this change can cost up to {amount_text(cost_minor, currency)}, but only "
        f"{amount_text(has_minor, currency)} is available; top up first",
        status=402,
    )


async def pay_change(db: Connection, batch: Batch, change: int, cost_minor: int) -> None:
    """Set aside the money that a change needs, or give back what it does not need any more.

    The client's account comes last, because the client's other batches wait for it.
    """
    if not cost_minor:
        return
    if cost_minor > AMOUNT_MAX_MINOR:
        raise Refused(
            f"one change may set aside at most {amount_text(AMOUNT_MAX_MINOR, batch.currency)}: choose fewer tasks"
        )
    await running.add_reserved(db, batch.id, cost_minor)
    await move_money(db, batch, f"change:{change}", cost_minor)


async def move_money(db: Connection, batch: Batch, decision: str, cost_minor: int) -> None:
    """Move money from the client to the batch, or back where `cost_minor` is negative."""
    account = await clients.account_of(db, batch.client)
    assert account is not None
    available = AccountId(account["account_id"])
    if cost_minor < 0:
        posted = postings.release_part(
            BatchId(batch.id), batch.client, decision, -cost_minor, batch.currency
        )
        await transfers.post(db, posted, batch.hold_account, available)
        return
    posted = postings.reserve_again(
        batch.client, BatchId(batch.id), decision, cost_minor, batch.currency
    )
    await transfers.post(db, posted, available, batch.hold_account)
    await db.write([client_events.low_money(batch.client, batch.id, cost_minor)])


def check_free(row: LifeRow) -> None:
    """Raise Refused while reviewers or auditors look at the batch, or its results are published."""
    if row.stage in ("review", "audit") and row.state != "done":
        raise Refused(
            f"the {row.stage} of this batch goes on: wait until it is done, then reopen tasks",
            status=409,
        )
    if row.busy:
        raise Refused(
            "the results of this batch are being published; try again in a moment",
            status=409,
        )


def check_not_ended(row: LifeRow) -> None:
    """Raise Refused after the deadline, while the last answers arrive."""
    if row.ends_at is not None and row.state != "done":
        raise Refused(
            "the deadline of this batch has passed and it closes with what there is: reopen tasks "
            "when it is done",
            status=409,
        )

"""Tasks that are added to a batch while it runs.

They are hidden from workers until all of an upload are stored. They count from the one commit that
sets their money aside.
"""

from dataclasses import dataclass
from typing import Any

import asyncpg

from gateway.base.bounds import AMOUNT_MAX_MINOR
from gateway.base.errors import Refused
from gateway.base.money import amount_text
from gateway.steps.batches.fair_pay.floor import quoted_pay
from gateway.steps.batches.life.change import (
    Author,
    MadeChange,
    as_locked,
    check_free,
    pay_change,
    refused_for_money,
)
from gateway.steps.batches.life.more_answers import priced
from gateway.steps.batches.quote import available_minor, checks_cost, workers_who_may_be_asked
from gateway.steps.batches.quoting.promise import limit_added
from gateway.steps.batches.slots import gold_answers
from gateway.steps.batches.uploading import SLICE, Upload
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import plans, shares, tallies, uploads
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import changes, running
from gateway.store.batches.life.changes import BatchChange
from gateway.store.db import Connection


class _Quoted(Exception):  # It undoes a dry run and is never shown.
    """A signal that tasks were only priced."""


@dataclass(slots=True)
class AddingTasks:
    """The adding of an upload's tasks to a running batch."""

    author: Author
    outcome: MadeChange | None = None
    """The added tasks and their cost, once they are known."""

    async def publish(self, rt: Runtime, turn: Upload, now: dict[str, Any] | None) -> bool:
        """Let the tasks count and set their money aside. Return False where the turn is over.

        Raises Refused with the figures where the money is missing.
        """
        batch = await rt.batches.fresh(turn.batch)
        has = await available_minor(rt, turn.client)
        workers = gold_answers(await workers_who_may_be_asked(rt, batch))
        pay = await quoted_pay(rt, batch)
        if not self.author.dry_run:
            await _deal(rt, batch, turn)
        found: list[BatchChange] = []

        async def published() -> bool:
            found.clear()
            async with rt.db.transaction() as db:
                row = await running.lock_life(db, turn.client, batch.id)
                state = await uploads.lock_upload(db, batch.id, turn.token)
                if row is None or state is None or not row.open or row.ends_at is not None:
                    return False
                if state not in ("running", "paused"):
                    return False
                check_free(row)
                tasks_before = await plans.real_tasks(db, batch.id)
                checks_before = (await checks_cost(db, batch.id)).most_minor
                await limit_added(db, batch.id, turn.after)
                added = await uploads.publish_added(db, batch.id, turn.after, workers, now)
                cost = await priced(db, as_locked(batch, row), added.slots, pay)
                cost += (await checks_cost(db, batch.id)).most_minor - checks_before
                await shares.keep_until(db, batch, rt.clock.now())
                await tallies.count_anew(db, batch.id)
                found.append(
                    await self._recorded(db, batch, tasks_before, (added.tasks, added.golds), cost)
                )
                _check_amount(cost, batch)
                if self.author.dry_run:
                    raise _Quoted
                await pay_change(db, batch, found[-1].id, cost)
                await self._keep_with(turn, db, MadeChange(found[-1], has, batch.currency))
            return True

        try:
            done = await until_settled(published)
        except _Quoted:
            done = True
            await turn.take_back()
        except asyncpg.CheckViolationError as bad:
            if getattr(bad, "table_name", None) != "account" or not found:
                raise
            raise refused_for_money(found[-1].cost_minor, has, batch.currency) from bad
        if done:
            self.outcome = MadeChange(found[-1], has, batch.currency, dry_run=self.author.dry_run)
        return done

    async def _keep_with(self, turn: Upload, db: Connection, made: MadeChange) -> None:
        self.outcome = made
        if turn.with_them is not None:
            await turn.with_them(db)

    async def _recorded(
        self, db: Any, batch: Batch, before: int, added: tuple[int, int], cost_minor: int
    ) -> BatchChange:
        change = await changes.record_change(
            db,
            batch.id,
            "add_tasks",
            actor=self.author.key,
            before={"tasks": before},
            after={"tasks": before + added[0], "golds_added": added[1]},
        )
        change = BatchChange(
            change.id,
            change.at,
            change.actor,
            change.what,
            change.before,
            change.after,
            cost_minor,
        )
        await changes.complete(db, change)
        return change


async def _deal(rt: Runtime, batch: Batch, turn: Upload) -> None:
    """Deal the new tasks to partners with a share, as those before them. No worker sees them yet.

    Their time begins anew. Earlier tasks whose time is over stay open to all workers.
    """
    if not batch.handling.shares:
        return
    while await shares.free_late_tasks(rt.db, batch.id, SLICE) == SLICE:
        pass
    tasks = await shares.dealt_tasks(rt.db, batch, turn.after)
    for at in range(0, len(tasks), SLICE):
        async with rt.db.transaction() as db:
            await shares.keep_for_partners(db, tasks[at : at + SLICE])


def _check_amount(cost_minor: int, batch: Batch) -> None:
    if cost_minor > AMOUNT_MAX_MINOR:
        raise Refused(
            f"these tasks can cost up to {amount_text(cost_minor, batch.currency)}; at most "
            f"{amount_text(AMOUNT_MAX_MINOR, batch.currency)} can be set aside at once"
        )


async def after_adding(rt: Runtime) -> None:
    """Plan anew for many new tasks, and wake those who ask."""
    await uploads.plan_anew(rt.db)
    rt.jobs.enqueue("assign")

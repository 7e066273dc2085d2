"""A batch that has all its answers is closed: results estimated over the whole batch, unused money back."""

import asyncio
from contextlib import suppress

import structlog

from gateway import logs
from gateway.failpoints import reach
from gateway.ids import AccountId, BatchId
from gateway.payments import ledger
from gateway.qa.batch import aggregate
from gateway.qa.overlap import CONFIDENCE
from gateway.qa.port import encode
from gateway.runtime import Runtime
from gateway.steps.comparing import compared_as
from gateway.steps.follow import follow
from gateway.steps.precedence import wait_for_phones
from gateway.steps.retry import until_settled
from gateway.steps.rulings import ruling_of, version_of
from gateway.store import background, batches, ledgers, rules
from gateway.store.batches import Batch
from gateway.store.db import Connection

log = structlog.get_logger()

SLICE = 5000
"""Results in one commit."""
Result = tuple[str, float]


async def close(rt: Runtime) -> int:
    """Close every running batch whose tasks are all decided; how many."""
    rows = await rt.db.rows(
        """select b.id from batch b where b.state = 'running'
           and not exists (select from task t where t.batch_id = b.id and t.gold is null and t.state = 'open')"""
    )
    for row in rows:
        with logs.bound(batch=row["id"]):
            await follow(rt, row["id"])
            await close_batch(rt, await rt.batches.fresh(row["id"]))
    return len(rows)


async def close_batch(rt: Runtime, batch: Batch) -> None:
    """Estimate the results over all answers, keep them in slices, and publish them together with the closing.

    Each slice is a commit of its own, and a process that dies is followed by one that goes on behind the last. Nobody sees a
    result before all are there: they switch in the one commit that also gives the rest of the money back. That commit
    takes the batch's row last, so nothing waits for it longer than a moment.
    """
    basis = await background.basis(rt.db, batch.id)
    kept = await background.kept_estimates(rt.db, batch.id, basis)
    # The engine may be another one than when the batch began: what it decides by is kept under the version of now.
    async with rt.db.transaction() as db:
        rule = ruling_of(batch)
        await rules.keep(db, rule.version, rule.as_data())
    if not kept.complete:
        await _keep_results(rt, batch, basis, kept.number)
    reach("close.decided")
    released = await until_settled(lambda: _publish(rt, batch, basis))
    reach("close.written")
    await background.forget(rt.db, batch.id)
    if released is not None:
        rt.bells.ring("watch", batch.id)
        log.info("batch closed", batch=batch.id, released_minor=released)


async def _keep_results(rt: Runtime, batch: Batch, basis: str, done: int) -> None:
    """Estimate, beside the event loop, and keep what was not kept yet, slice by slice."""
    await _tell(rt, batch, done, None)
    answers = await rt.db.rows(
        """select t.name, a.worker_id, a.value from answer a join task t on t.id = a.task_id
           where t.batch_id = $1 and not a.void order by a.id""",
        batch.id,
    )
    golds = await rt.db.rows(
        "select name, gold from task where batch_id = $1 and gold is not null", batch.id
    )
    results = await asyncio.to_thread(
        estimate,
        rt,
        batch,
        [(r["name"], str(r["worker_id"]), r["value"]) for r in answers],
        {r["name"]: r["gold"] for r in golds},
    )
    rows = [(name, value, confidence) for name, (value, confidence) in results.items()]
    # The same answers give the same results in the same order: what is kept is the beginning of them.
    for at in range(done - done % SLICE, len(rows), SLICE):
        await background.keep_estimates(rt.db, batch.id, basis, rows[at : at + SLICE])
        await _tell(rt, batch, min(at + SLICE, len(rows)), len(rows))
        reach("close.slice")
        await wait_for_phones(rt)


async def _tell(rt: Runtime, batch: Batch, done: int, of: int | None) -> None:
    await background.goes_on(rt.db, batch.id, None, {"doing": "closing", "done": done, "of": of})


async def _publish(rt: Runtime, batch: Batch, basis: str) -> int | None:
    """What goes back to the client, in minor units; None when it is no longer for us to close, or when what the estimates
    rest on was corrected meanwhile: then the next round estimates anew."""
    with suppress(_NotNow):
        async with rt.db.transaction() as db:
            await background.publish_estimates(
                db, batch.id, basis, batch.method, version_of(batch), batch.confidence or CONFIDENCE
            )
            row = await db.fetchrow(
                "select state from batch where id = $1 for no key update", batch.id
            )
            if row is None or row["state"] != "running":
                raise _NotNow
            if await background.basis(db, batch.id) != basis:
                raise _NotNow
            await withdraw(db, batch.id, "decided")
            await batches.set_state(db, batch.id, "done")
            return await release_rest(db, batch)
    return None


class _NotNow(
    Exception
):  # not an error: another process closed it, its client stopped it, or a person corrected it
    """Nothing is published."""


def estimate(
    rt: Runtime, batch: Batch, rows: list[tuple[str, str, str]], gold: dict[str, str]
) -> dict[str, Result]:
    """Every task's value and confidence by the batch's rule, from (task, worker, answer) rows."""
    if not rows:
        return {}
    if rt.kind_of(batch.kind).IS_TEXT:
        from gateway.qa.text import aggregate as texts  # noqa: PLC0415  # rapidfuzz, for text only

        text = texts.aggregate(rows, gold, language=compared_as(rt, batch))
        return dict(zip(text.tasks, zip(text.value, text.confidence, strict=True), strict=True))
    answers = encode(rows, batch.option_ids)
    found = aggregate(answers, batch.method, gold or None)
    pairs = zip(found.estimate.value, (float(c) for c in found.confidence), strict=True)
    return dict(zip(answers.tasks, pairs, strict=True))


async def withdraw(db: Connection, batch: BatchId, state: str) -> None:
    """Take back every question of the batch that somebody still holds, and leave its open tasks in `state`."""
    await db.execute("select withdraw_batch($1, $2)", batch, state)


async def release_rest(db: Connection, batch: Batch) -> int:
    """What the batch set aside and did not use goes back to its client; how much, in minor units."""
    rest = await db.fetchval(
        """select coalesce(sum(case when credit = $1 then amount else -amount end), 0)::bigint
           from transfer where credit = $1 or debit = $1""",
        batch.hold_account,
    )
    if rest:
        available = await db.fetchval("select account_id from client where id = $1", batch.client)
        posted = ledger.release(batch.id, batch.client, rest, batch.currency)
        await ledgers.post(db, posted, batch.hold_account, AccountId(available))
    return rest

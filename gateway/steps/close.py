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
from gateway.store import background, batches, ledgers, rules, skills
from gateway.store.batches import Batch
from gateway.store.db import Connection, Row

log = structlog.get_logger()

SLICE = 5000
"""Results in one commit."""
Result = tuple[str, float]


async def close(rt: Runtime) -> int:
    """Close every running batch whose tasks are all decided, and publish what is left to publish; how many batches."""
    rows = await rt.db.rows(
        """select b.id from batch b where b.state = 'running'
           and not exists (select from task t where t.batch_id = b.id and t.gold is null and t.state = 'open')"""
    )
    for row in rows:
        with logs.bound(batch=row["id"]):
            await follow(rt, row["id"])
            await close_batch(rt, await rt.batches.fresh(row["id"]))
    left = await background.publishing(rt.db)
    for batch in left:
        with logs.bound(batch=batch):
            await _publish(rt, await rt.batches.fresh(batch))
    return len(rows) + len(left)


async def close_batch(rt: Runtime, batch: Batch) -> None:
    """Estimate the results over all answers, keep them in slices, and publish them.

    Each slice is a commit of its own, and a process that dies is followed by one that goes on
    behind the last. Nobody sees a result before all are there: from the one commit on that closes
    the batch they are read from where they are kept. They move into its tasks in slices, too, and
    the last of these gives the rest of the money back. So no row is held for longer than a moment.
    """
    basis = await background.basis(rt.db, batch.id)
    kept = await background.kept_estimates(rt.db, batch.id, basis)
    await _keep_rule(rt, batch)
    if not kept.complete:
        await _keep_results(rt, batch, basis, kept.number)
    reach("close.decided")
    await until_settled(lambda: _close(rt, batch, basis))
    reach("close.written")
    await background.forget(rt.db, batch.id)
    await _publish(rt, batch)


async def _keep_rule(rt: Runtime, batch: Batch) -> None:
    """The engine may be another one than when the batch began: what it decides by is kept under the version of now."""
    async with rt.db.transaction() as db:
        rule = ruling_of(batch)
        await rules.keep(db, rule.version, rule.as_data())


async def _keep_results(rt: Runtime, batch: Batch, basis: str, done: int) -> None:
    """Estimate, beside the event loop, and keep what was not kept yet, slice by slice."""
    await _tell(rt, batch, "closing", done, None)
    answers = await skills.decided_answers(rt.db, batch.id)
    golds = await rt.db.rows(
        "select name, gold from task where batch_id = $1 and gold is not null", batch.id
    )
    rows = await asyncio.to_thread(_estimated, rt, batch, answers, golds)
    # The same answers give the same results in the same order: what is kept is the beginning of
    # them.
    for at in range(done - done % SLICE, len(rows), SLICE):
        await background.keep_estimates(rt.db, batch.id, basis, rows[at : at + SLICE])
        await _tell(rt, batch, "closing", min(at + SLICE, len(rows)), len(rows))
        reach("close.slice")
        await wait_for_phones(rt)


async def _tell(rt: Runtime, batch: Batch, what: str, done: int, of: int | None) -> None:
    await background.goes_on(rt.db, batch.id, None, {"doing": what, "done": done, "of": of})


def _estimated(
    rt: Runtime, batch: Batch, answers: list[Row], golds: list[Row]
) -> list[tuple[str, str, float]]:
    triples = [(row["name"], str(row["worker_id"]), row["value"]) for row in answers]
    results = estimate(rt, batch, triples, {row["name"]: row["gold"] for row in golds})
    return [(name, value, confidence) for name, (value, confidence) in results.items()]


async def _close(rt: Runtime, batch: Batch, basis: str) -> None:
    """Make the kept results those of the batch, which is done from then on; unless it is no longer for us to close, or what
    they rest on was corrected meanwhile: then the next round estimates anew."""
    with suppress(_NotNow):
        async with rt.db.transaction() as db:
            row = await db.fetchrow(
                "select state from batch where id = $1 for no key update", batch.id
            )
            if row is None or row["state"] != "running":
                raise _NotNow
            if not await background.is_still(db, batch.id, basis):
                raise _NotNow
            await withdraw(db, batch.id, "decided")
            await batches.set_state(db, batch.id, "done")
            await background.forget_others(db, batch.id, basis)
            if not await background.left_to_publish(db, batch.id):  # it has no answers
                await release_rest(db, batch)


async def _publish(rt: Runtime, batch: Batch) -> None:
    """Move the results of a batch that is done into its tasks, slice by slice; then its rest of the money goes back."""
    left = await background.left_to_publish(rt.db, batch.id)
    if not left:
        return
    await _keep_rule(rt, batch)
    of, done = left, 0
    while True:
        await _tell(rt, batch, "publishing", min(done, of), of)
        some, released = await until_settled(lambda: _publish_slice(rt, batch))
        reach("close.published")
        if not some or released is not None:
            break
        done += some
        await wait_for_phones(rt)
    if released is not None:
        rt.bells.ring("watch", batch.id)
        log.info("batch closed", batch=batch.id, released_minor=released)


async def _publish_slice(rt: Runtime, batch: Batch) -> tuple[int, int | None]:
    """How many results were moved, and with the last of them what goes back to the client, in minor units."""
    async with rt.db.transaction() as db:
        some = await background.publish_some(
            db, batch.id, batch.method, version_of(batch), batch.confidence or CONFIDENCE, SLICE
        )
        if not some:  # another process was faster
            return 0, None
        await db.execute("select from batch where id = $1 for no key update", batch.id)
        if await background.left_to_publish(db, batch.id):
            return some, None
        await background.end_publishing(db, batch.id)
        return some, await release_rest(db, batch)


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

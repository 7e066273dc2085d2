"""The closing of a batch that has all its answers.

The results are estimated over the whole batch, and unused money returns to the client.
"""

import asyncio
from contextlib import suppress

import structlog

from gateway.base import logs
from gateway.base.failpoints import reach
from gateway.qa.judging.overlap import CONFIDENCE
from gateway.steps.batches.checks.predictions.results import with_predictions
from gateway.steps.batches.checks.stages import is_deliverable
from gateway.steps.batches.quoting.promise import asks_more, certify
from gateway.steps.batches.release import end_waiting, release_rest
from gateway.steps.precedence import wait_for_phones
from gateway.steps.quality.corrections.follow import follow
from gateway.steps.quality.estimate import SLICE, estimate
from gateway.steps.quality.rulings import ruling_of, version_of
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import background, batch_tasks, plans, promises
from gateway.store.batches.batch_tasks import BatchGold
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import batch_state, changes
from gateway.store.quality import rulings, skills
from gateway.store.quality.skills import DecidedAnswer

log = structlog.get_logger()


async def close(rt: Runtime) -> int:
    """Close every running batch whose tasks are all decided, and publish what is left to publish.

    Cancelled batches end that waited for the last answers.

    Return the number of batches.
    """
    due = await batch_state.closable(rt.db, rt.clock.now())
    for batch in due:
        with logs.bound(batch=batch):
            await follow(rt, batch)
            await close_batch(rt, await rt.batches.fresh(batch))
    left = await background.publishing(rt.db)
    for batch in left:
        with logs.bound(batch=batch):
            await _publish(rt, await rt.batches.fresh(batch))
    return len(due) + len(left) + await end_waiting(rt)


async def close_batch(rt: Runtime, batch: Batch) -> None:
    """Estimate the results over all answers, keep them in slices, and publish them.

    Each slice is a commit of its own, and after a crash another process continues behind the last
    slice. No client sees a result before all are there: results are readable from the one commit
    that closes the batch, where they are kept. They are then moved into the batch's tasks, in
    slices too, and the last slice gives the rest of the money back. No row is therefore locked for
    longer than a moment.
    """
    basis = await background.basis(rt.db, batch.id)
    kept = await background.kept_estimates(rt.db, batch.id, basis)
    await _keep_rule(rt, batch)
    if not kept.complete:
        await _keep_results(rt, batch, basis, kept.number)
    if await asks_more(rt, batch) or not await is_deliverable(rt, batch):
        await background.rests(rt.db, batch.id)
        return
    await certify(rt, batch)
    reach("close.decided")
    await until_settled(lambda: _close(rt, batch, basis))
    reach("close.written")
    await background.forget(rt.db, batch.id)
    await _publish(rt, batch)


async def _keep_rule(rt: Runtime, batch: Batch) -> None:
    """Keep the current ruling of a batch under its version.

    The engine may have changed since the batch began.
    """
    async with rt.db.transaction() as db:
        rule = ruling_of(batch)
        await rulings.keep_ruling(db, rule.version, rule.as_data())


async def _keep_results(rt: Runtime, batch: Batch, basis: str, done: int) -> None:
    """Estimate beside the event loop, and keep the missing results, slice by slice."""
    await _tell(rt, batch, "closing", done, None)
    answers = await skills.decided_answers(rt.db, batch.id)
    golds = await batch_tasks.gold_of(rt.db, batch.id)
    rows = await asyncio.to_thread(_estimated, rt, batch, answers, golds)
    rows = await with_predictions(rt, batch, rows)
    # The same answers give the same results in the same order, so the kept results are the
    # beginning of them.
    for at in range(done - done % SLICE, len(rows), SLICE):
        await background.keep_estimates(rt.db, batch.id, basis, rows[at : at + SLICE])
        await _tell(rt, batch, "closing", min(at + SLICE, len(rows)), len(rows))
        reach("close.slice")
        await wait_for_phones(rt)


async def _tell(rt: Runtime, batch: Batch, what: str, done: int, of: int | None) -> None:
    await background.goes_on(rt.db, batch.id, None, {"doing": what, "done": done, "of": of})


def _estimated(
    rt: Runtime, batch: Batch, answers: list[DecidedAnswer], golds: list[BatchGold]
) -> list[tuple[str, str, float]]:
    triples = [(row.name, str(row.worker_id), row.value) for row in answers]
    results = estimate(rt, batch, triples, {row.name: row.gold for row in golds})
    return [(name, value, confidence) for name, (value, confidence) in results.items()]


async def _close(rt: Runtime, batch: Batch, basis: str) -> None:
    """Make the kept results those of the batch, and set the batch to done.

    Do nothing when the batch is no longer running, or when its answers were corrected meanwhile.
    The next round then estimates again.
    """
    with suppress(_NotNow):
        async with rt.db.transaction() as db:
            if not await batch_state.may_close(db, batch.id):
                raise _NotNow
            if not await background.is_still(db, batch.id, basis):
                raise _NotNow
            await batch_state.withdraw(db, batch.id, "decided")
            await batch_state.set_state(db, batch.id, "done")
            await plans.set_delivered(db, batch.id)
            await changes.record_change(db, batch.id, "done", actor=changes.GATEWAY)
            if batch.option_ids:
                await promises.count_gold_pairs(db, batch.id, batch.kind, len(batch.option_ids))
            await background.forget_others(db, batch.id, basis)
            if not await background.left_to_publish(db, batch.id):  # The batch has no answers.
                await release_rest(db, batch)


async def _publish(rt: Runtime, batch: Batch) -> None:
    """Move the results of a batch that is done into its tasks, slice by slice.

    Its unused money then returns to the client.
    """
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
        rt.jobs.enqueue("watch", batch.id)
        rt.jobs.enqueue("settle_pay")
        log.info("batch closed", batch=batch.id, released_minor=released)


async def _publish_slice(rt: Runtime, batch: Batch) -> tuple[int, int | None]:
    """Move one slice and return the number of results.

    With the last slice, also return the amount that returns to the client, in minor units.
    """
    async with rt.db.transaction() as db:
        some = await background.publish_some(
            db, batch.id, batch.method, version_of(batch), batch.confidence or CONFIDENCE, SLICE
        )
        if not some:  # Another process was faster.
            return 0, None
        await batch_state.locked_state(db, batch.id)
        if await background.left_to_publish(db, batch.id):
            return some, None
        await background.end_publishing(db, batch.id)
        return some, await release_rest(db, batch)


class _NotNow(
    Exception
    # This is not an error: another process closed the batch, its client stopped it, or an operator
    # corrected it.
):
    """A signal that nothing is published."""

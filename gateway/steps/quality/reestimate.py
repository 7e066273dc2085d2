"""The estimate of a running batch as a whole.

It gives the judge of single answers current skills. The update for one answer is O(options) and
stays in its turn. This is the slower and better estimate over all answers. It runs when enough
answers are new (see `score.RELEARN_AFTER`), so that all estimates of a batch together cost about as
much as the last.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from gateway.qa.skills.skill import Skill
from gateway.steps.precedence import wait_for_phones
from gateway.steps.quality.corrections.follow import follow
from gateway.steps.quality.estimate import SLICE, batch_rule
from gateway.steps.quality.promote import promote
from gateway.steps.quality.top_workers import look_for_better
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import background
from gateway.store.batches.batches import Batch
from gateway.store.quality import skills
from gateway.store.quality.skills import DecidedAnswer

_LEASE, _RENEW_S = timedelta(seconds=60), 15.0
WORKERS_SLICE = 500
"""The number of workers whose skills change in one commit; a worker's own answer waits for her
skill.
"""


async def relearn(rt: Runtime, batch_id: str) -> int:
    """Estimate the skills of a batch's workers again and return the number of answers used.

    Return 0 while another process is doing so.
    """
    await follow(rt, batch_id)
    batch = await rt.batches.fresh(batch_id)
    now = rt.clock.now()
    async with rt.db.transaction() as db:
        before = await background.begin_learning(
            db, batch.id, now, now + _LEASE, {"doing": "learning", "done": 0, "of": None}
        )
    if before is None:
        return 0
    try:
        async with _held(rt, batch):
            known = await _relearn(rt, batch)
    finally:
        # Answers that were already read were corrected meanwhile.
        if await background.ends(rt.db, batch.id):
            rt.jobs.enqueue("relearn", batch_id)
    await look_for_better(rt, batch)
    if _rung(known) > _rung(before):
        rt.jobs.enqueue("watch", batch_id)
    return known


@asynccontextmanager
async def _held(rt: Runtime, batch: Batch) -> AsyncGenerator[None]:
    """Keep the batch from being scored while the block runs.

    A process that dies keeps it no longer than its lease.
    """

    async def renew() -> None:
        while True:
            await asyncio.sleep(_RENEW_S)
            await background.renew(rt.db, batch.id, rt.clock.now() + _LEASE)

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()


def _rung(answers: int) -> int:
    """Return the number of doublings of `answers`.

    Looking for cheating costs far more than learning, and has no immediate effect. It is enough at
    every doubling, and at the end (see `steps.batches.close`).

    >>> _rung(0), _rung(50), _rung(99), _rung(100)
    (0, 6, 7, 7)
    """
    return answers.bit_length()


async def _relearn(rt: Runtime, batch: Batch) -> int:
    """Estimate and store the skills; return the number of known answers.

    The estimate itself needs no lock, because its answers are not scored meanwhile. Answers are
    marked first, some at a time. Then the workers' skills are stored, some workers at a time. A
    process that dies in between leaves them to the next estimate, which the batch is still due for.
    That estimate replaces each worker's earlier skill from this batch.
    """
    rows = await skills.decided_answers(rt.db, batch.id)
    look, number, new = await asyncio.to_thread(_looked, rt, batch, rows)
    for at in range(0, len(new), SLICE):
        async with rt.db.transaction() as db:
            await skills.scored(db, new[at : at + SLICE])
        doing = {"doing": "learning", "done": min(at + SLICE, len(new)), "of": len(new)}
        await background.goes_on(rt.db, batch.id, rt.clock.now() + _LEASE, doing)
        await wait_for_phones(rt)

    if look is not None:
        await _teach(rt, batch, look)
    async with rt.db.transaction() as db:
        await skills.learned(db, batch.id, number)
    return number


def _looked(
    rt: Runtime, batch: Batch, rows: list[DecidedAnswer]
) -> tuple["_Look | None", int, list[int]]:
    """Return the estimate, the number of answers to real questions, and the new ones.

    New are those that no skill knows.
    """
    real = [row for row in rows if row.gold is None]
    new = [row.id for row in real if not row.scored]
    return _shown(rt, batch, rows) if real else None, len(real), new


async def _teach(rt: Runtime, batch: Batch, look: "_Look") -> None:
    sure = look.sure
    if sure is not None:

        async def promoted() -> None:
            async with rt.db.transaction() as db:
                await promote(db, batch, look.gold, sure)

        await until_settled(promoted)
    workers = sorted(look.shown)
    for at in range(0, len(workers), WORKERS_SLICE):
        some = {worker: look.shown[worker] for worker in workers[at : at + WORKERS_SLICE]}

        async def taught(some: dict[int, Skill] = some) -> None:
            async with rt.db.transaction() as db:
                await skills.replace_taught(db, batch.id, batch.kind, some)

        await until_settled(taught)
        doing = {"doing": "teaching", "done": min(at + WORKERS_SLICE, len(workers)), "of": len(workers)}  # fmt: skip
        await background.goes_on(rt.db, batch.id, rt.clock.now() + _LEASE, doing)
        await wait_for_phones(rt)


@dataclass(frozen=True, slots=True)
class _Look:
    """The result of one estimate from the answers to real questions.

    Gold helps to judge the answers, and is counted elsewhere.
    """

    shown: dict[int, Skill]
    """The skill of each worker."""
    gold: dict[str, str]
    """The known truth of gold tasks."""
    sure: Mapping[str, float] | None
    """The confidence of each task's result, where results may become gold."""


def _shown(rt: Runtime, batch: Batch, rows: list[DecidedAnswer]) -> _Look:
    gold = {row.name: row.gold for row in rows if row.gold is not None}
    triples = [(row.name, str(row.worker_id), row.value) for row in rows]
    # What a person decided is known like gold, but its answers are answers to real questions.
    said = {row.name: row.said for row in rows if row.said is not None}
    form, rule = rt.kind_of(batch.kind).ANSWERS, batch_rule(rt, batch)
    learnt = form.learnt(triples, {**gold, **said}, rule)
    shown = {int(worker): skill for worker, skill in learnt.skills.items()}
    for row in rows:
        if row.said is not None:
            agrees = form.same(row.value, row.said, rule.language)
            before = shown.get(row.worker_id, Skill())
            shown[row.worker_id] = before.after_consensus(1.0 if agrees else 0.0)
    promotes = batch.handling.promote_gold
    return _Look(shown, gold, learnt.sure if promotes else None)

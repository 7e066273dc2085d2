"""The correction of gold, or of an option that means the same as another, as one audited change.

Answers become right or wrong, and skills and trials change with them. A worker who was paused
wrongly works again and is told. Results that would have come out differently are changed. Tasks
that the judge would not have accepted are open again; in a batch that is over they go to review.
Pay does not change: every counted answer was paid when it was given, right or wrong, and money is
never taken back (see docs/decisions/0004).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NotRequired, TypedDict, cast

from gateway.base.errors import Refused
from gateway.qa.skills.gold import Standing, standing
from gateway.qa.skills.skill import HALF_LIFE_DAYS
from gateway.steps.quality.comparison import compared_as
from gateway.steps.quality.confidences import Checked
from gateway.steps.quality.corrections.follow import Rejudge, follow
from gateway.steps.quality.estimate import estimate
from gateway.steps.quality.judge import is_right
from gateway.steps.quality.pauses import unpause
from gateway.steps.quality.rejudge import Moved
from gateway.steps.quality.review import said_truth
from gateway.steps.quality.rulings import ruling_of, switch_on
from gateway.steps.repeated import first_try, keep_result
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import results
from gateway.store.batches.batches import Batch
from gateway.store.db import Connection
from gateway.store.ledger import adjustments
from gateway.store.quality import gold, skills
from gateway.store.quality.gold import GoldenAnswer, MisledAnswer

LEAST_OPTIONS = 2


@dataclass(frozen=True, slots=True)
class Correction:
    """The correction of gold: `task` (the client's id) has the truth `value`, with the reason.

    `appealed` is True where the outcome of an appeal requires it, which is a decision of its own.
    """

    batch: str
    task: str
    value: str
    by: str
    reason: str
    appealed: bool = False


class AnswerDiff(TypedDict):
    """An answer that became right or wrong."""

    worker: int
    was_right: bool
    is_right: bool


class ResultDiff(TypedDict):
    """A result that changed."""

    task: str
    was: str
    becomes: str
    confidence: float
    confidence_checked: bool
    checked_with_gold: int


@dataclass(frozen=True, slots=True)
class SameOption:
    """The correction of options: `option` means the same as `same_as`, with the reason."""

    batch: str
    option: str
    same_as: str
    by: str
    reason: str


class Diff(TypedDict):
    """The changes that a correction made.

    - `back` holds the ids of workers who had been paused wrongly.
    - `moved` holds tasks whose state (open, in review or decided) has changed.
    - `renamed` counts answers with another value, and `void` those that no longer decide anything.
    - `rejudge` holds the tasks that are not judged again yet.
    """

    answers: list[AnswerDiff]
    back: list[int]
    decisions: list[ResultDiff]
    moved: list[Moved]
    renamed: int
    void: int
    pay_minor: int
    pay: str
    rejudge: NotRequired[Rejudge]


async def correct_gold(rt: Runtime, said: Correction) -> Diff:
    """Correct gold and return the diff that was kept.

    It names answers, skills, workers who are back, changed results, and pay.
    """
    batch = await rt.batches.fresh(said.batch)
    if (first := first_try()) is not None:
        return await followed(rt, batch, first.result)
    value = said_truth(rt, batch, said.value)
    correction = await until_settled(lambda: _correct(rt, batch, said, value))
    return await followed(rt, batch, correction)


async def correct_option(rt: Runtime, said: SameOption) -> Diff:
    """Merge an option into another that means the same.

    Every answer, gold and result with the one option gets the other, and so do those to come.
    """
    batch = await rt.batches.fresh(said.batch)
    if (first := first_try()) is not None:
        return await followed(rt, batch, first.result)
    if said.option not in batch.option_ids or said.same_as not in batch.option_ids:
        known = ", ".join(batch.option_ids)
        raise Refused(f"both must be options of this batch: {known}", field="same_as", status=409)
    if len(batch.option_ids) <= LEAST_OPTIONS or said.option == said.same_as:
        raise Refused("at least two different options must be left", field="same_as", status=409)
    correction = await until_settled(lambda: _same(rt, batch, said))
    return await followed(rt, batch, correction)


async def followed(rt: Runtime, batch: Batch, correction: int) -> Diff:
    """Apply the consequences of a correction that is committed, and return all that it changed."""
    await follow(rt, batch.id)
    # The answers of other workers were also judged by the wrong value.
    rt.jobs.enqueue("relearn", batch.id)
    rt.jobs.enqueue("assign")
    return cast("Diff", await gold.diff_of(rt.db, correction))


async def _same(rt: Runtime, batch: Batch, said: SameOption) -> int:
    async with rt.db.transaction() as db:
        running = await gold.begin_correction(db, batch.id)
        before = await results_of(rt, db, batch)
        same = {**batch.handling.same, said.option: said.same_as}
        same = {was: said.same_as if now == said.option else now for was, now in same.items()}
        now = replace(batch, handling=replace(batch.handling, same=same))
        renamed = await gold.rename(db, batch.id, said.option, said.same_as)
        changed = [
            row
            for row in await gold.golden_answers(db, batch.id)
            if row.right != is_right(rt, batch, row.value, row.gold)
        ]
        await gold.flip_correctness(db, [row.id for row in changed])
        decisions = await decisions_after(rt, db, now, before)
        # Workers' answers wait for these rows, so they come last.
        back = await skills_after(rt, db, now, changed)
        diff = diff_of(
            changed, back, decisions, {"by": "value", "argument": said.same_as, "after": 0}
        )
        diff["renamed"] = renamed
        kept = await gold.keep_correction(
            db, batch.id, None, said.option, said.same_as, said.by, said.reason, diff
        )
        await gold.lock_batch(db, batch.id, running=running)
        await gold.set_same(db, batch.id, same)
        why = f"{said.option} means the same as {said.same_as}: {said.reason}"
        await switch_on(db, batch.id, ruling_of(now), by=said.by, reason=why)
        await keep_result(db, kept)
    return kept


async def _correct(rt: Runtime, batch: Batch, said: Correction, value: str) -> int:
    async with rt.db.transaction() as db:
        running = await gold.begin_correction(db, batch.id)
        task = await gold.lock(db, batch.id, said.task)
        if task is None:
            raise Refused(f"no gold task {said.task!r} in this batch", field="task", status=404)
        if task.gold == value:
            raise Refused(
                f"the gold of {said.task!r} is {value!r} already", field="value", status=409
            )
        before = await results_of(rt, db, batch)
        rows = await gold.answers(db, task.id)
        changed = [r for r in rows if r.right != is_right(rt, batch, r.value, value)]
        await gold.set_truth(db, task.id, value, [row.id for row in changed])
        decisions = await decisions_after(rt, db, batch, before)
        await _fields_after(rt, db, batch, rows, (task.gold, value))
        back = await skills_after(rt, db, batch, changed)
        workers = sorted({row.worker_id for row in changed})
        diff = diff_of(changed, back, decisions, {"by": "workers", "argument": workers, "after": 0})
        kept = await gold.keep_correction(
            db, batch.id, task.id, task.gold, value, said.by, said.reason, diff
        )
        if not said.appealed:
            await adjustments.note_decision(db, "gold", said.by, task=task.id, overturns=True)
        await gold.lock_batch(db, batch.id, running=running)
        await keep_result(db, kept)
    return kept


def diff_of(
    changed: Sequence[GoldenAnswer | MisledAnswer],
    back: list[int],
    decisions: list[ResultDiff],
    rejudge: Rejudge,
) -> Diff:
    """Return the changes so far, and the tasks that are still to be judged again."""
    return {
        "answers": [
            {"worker": row.worker_id, "was_right": row.right, "is_right": not row.right}
            for row in changed
        ],
        "back": back,
        "decisions": decisions,
        "moved": [],
        "renamed": 0,
        "void": 0,
        "pay_minor": 0,
        "pay": "every one of these answers was paid when it was given",
        "rejudge": rejudge,
    }


async def skills_after(
    rt: Runtime, db: Connection, batch: Batch, changed: Sequence[GoldenAnswer | MisledAnswer]
) -> list[int]:
    """Correct the skills of the workers of these answers, and return the workers who work again.

    Those are the workers who were paused by these answers alone.
    """
    known = await skills.lock(db, sorted({(row.worker_id, batch.kind) for row in changed}))
    back: list[int] = []
    for row in sorted(changed, key=lambda row: row.worker_id):
        # 1 moves the skill towards right, and -1 towards wrong
        step = -1 if row.right else 1
        weight = 0.0 if batch.fields else _weight(row)  # fields move in _fields_after
        paused_right, paused_wrong = await gold.move_skill(
            db, row.worker_id, batch.kind, step, weight, row.created_at
        )
        was = known[row.worker_id, batch.kind]
        cleared = standing(paused_right, paused_wrong) is not Standing.PAUSED
        if step > 0 and was.paused and cleared:
            await unpause(rt, db, row.worker_id, batch.kind)
            back.append(row.worker_id)
    return back


async def _fields_after(
    rt: Runtime, db: Connection, batch: Batch, rows: Sequence[GoldenAnswer], truths: tuple[str, str]
) -> None:
    """Correct the skills at records, whose evidence is counted in fields.

    `truths` are the old and the new truth. A field may turn although its record stays wrong.
    """
    if not batch.fields:
        return
    # The rows of all skills that follow are locked here, in one order.
    await skills.lock(db, sorted({(row.worker_id, batch.kind) for row in rows}))
    marks, tag = rt.kind_of(batch.kind).ANSWERS.marks, compared_as(rt.kind_of, batch)
    for row in rows:
        was, now = (marks(row.value, truth, tag) for truth in truths)
        right, wrong = sum(now) - sum(was), now.count(False) - was.count(False)
        if right or wrong:
            weight = _weight(row)
            args = right * weight, wrong * weight
            await gold.move_evidence(db, row.worker_id, batch.kind, *args)


def _weight(row: GoldenAnswer | MisledAnswer) -> float:
    """Return the remaining worth of an answer's evidence, 0 if no skill knows it yet."""
    return 0.5 ** (row.age_days / HALF_LIFE_DAYS) if row.scored else 0.0


async def results_of(rt: Runtime, db: Connection, batch: Batch) -> dict[str, tuple[str, float]]:
    """Return the batch's results by its rule, from the answers to its decided tasks."""
    rows = await skills.decided_answers(db, batch.id)
    return await asyncio.to_thread(
        estimate,
        rt,
        batch,
        [(row.name, str(row.worker_id), row.value) for row in rows],
        {row.name: row.gold for row in rows if row.gold is not None},
    )


async def decisions_after(
    rt: Runtime, db: Connection, batch: Batch, before: dict[str, tuple[str, float]]
) -> list[ResultDiff]:
    """Change the results that differ because of the correction alone.

    A result that a person decided stays.
    """
    after = await results_of(rt, db, batch)
    moved = {task: new for task, new in after.items() if new[0] != before[task][0]}
    changed = await gold.change_results(db, batch.id, moved)
    answered, state = await results.checked_in(db, batch.id)
    known = Checked(answered, state == "done")
    decisions = [
        {
            "task": row.name,
            "was": row.was,
            "becomes": row.value,
            **known.told(row.confidence, row.rule),
        }
        for row in changed
    ]
    return cast("list[ResultDiff]", decisions)

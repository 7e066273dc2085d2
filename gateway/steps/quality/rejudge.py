"""The judging of tasks without a new answer, after a switch of rules or a correction of answers.

A task that a worker is being asked is not closed: it wants her answer, and is judged with it. A
task that needs more answers gets them as far as slots were paid for; in a batch that is over it
goes to review.
"""

from collections.abc import Sequence
from typing import TypedDict

from gateway.qa.judging.verdict_effect import AnswerCounts, FoundResult, TaskEffect, effect_of
from gateway.qa.skills.skill import Skill
from gateway.steps.quality.answer_price import market
from gateway.steps.quality.judge import judged
from gateway.steps.quality.rulings import version_of
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.db import Connection
from gateway.store.quality import rejudging
from gateway.store.quality.rejudging import TaskToJudge


class Moved(TypedDict):
    """A task whose state has changed."""

    task: str
    was: str
    becomes: str


async def rejudge(
    rt: Runtime, db: Connection, batch: Batch, rows: Sequence[TaskToJudge], *, running: bool
) -> list[Moved]:
    """Judge these tasks by the batch's current rule and return those whose state changed.

    The rows come from `rejudging` and are locked.
    """
    after = [_after(rt, batch, row, running=running) for row in rows]
    changed = [
        (row, one)
        for row, one in zip(rows, after, strict=True)
        if (one.state, one.wanted) != (row.state, row.wanted)
        or (one.state != "open" and one.value != row.value)
    ]
    outcomes = [(row.id, one) for row, one in changed]
    least = batch.handling.min_skill or None
    await rejudging.write_outcomes(db, outcomes, version_of(batch), least)
    return [
        {"task": row.name, "was": row.state, "becomes": one.state}
        for row, one in changed
        if one.state != row.state
    ]


def _after(rt: Runtime, batch: Batch, row: TaskToJudge, *, running: bool) -> TaskEffect:
    values, given, most = row.values, row.answered, row.maximum
    skills = [Skill(right, wrong) for right, wrong in zip(row.rights, row.wrongs, strict=True)]
    offers = market(rt, batch, row.text, row.via)
    earlier = None
    if row.state != "open":
        earlier = FoundResult(row.value, row.confidence, row.rule)
    return effect_of(
        judged(rt, batch, values, skills, most, offers),
        AnswerCounts(given, given - len(values), row.held, most),
        running=running,
        earlier=earlier,
    )

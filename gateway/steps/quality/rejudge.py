"""The judging of tasks without a new answer, after a switch of rules or a correction of answers.

A task that a worker is being asked is not closed: it wants her answer, and is judged with it. A
task that needs more answers gets them as far as slots were paid for; in a batch that is over it
goes to review.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from gateway.qa.judging.overlap import TaskDecision, judge
from gateway.qa.skills.skill import Skill
from gateway.steps.quality.answer_price import market
from gateway.steps.quality.comparison import compared_as
from gateway.steps.quality.judge import STATES, policy_of
from gateway.steps.quality.judgement_record import Judged, judgement_record
from gateway.steps.quality.rulings import version_of
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.batches.reviews import AMBIGUOUS
from gateway.store.db import Connection, Row
from gateway.store.quality import rejudging


class Moved(TypedDict):
    """A task whose state has changed."""

    task: str
    was: str
    becomes: str


@dataclass(frozen=True, slots=True)
class RejudgedTask:
    """The state in which a task is left, like `gateway.store.turns.turns.TaskAfter`."""

    id: int
    state: str
    wanted: int
    value: str | None
    confidence: float | None
    rule: str | None
    judged: Judged | None = None


async def rejudge(
    rt: Runtime, db: Connection, batch: Batch, rows: Sequence[Row], *, running: bool
) -> list[Moved]:
    """Judge these tasks by the batch's current rule and return those whose state changed.

    The rows come from `rejudging` and are locked.
    """
    after = [_after(rt, batch, row, running=running) for row in rows]
    changed = [
        (row, one)
        for row, one in zip(rows, after, strict=True)
        if (one.state, one.wanted) != (row["state"], row["wanted"])
        or (one.state != "open" and one.value != row["value"])
    ]
    await rejudging.write_outcomes(db, [one for _, one in changed], version_of(batch))
    return [
        {"task": row["name"], "was": row["state"], "becomes": one.state}
        for row, one in changed
        if one.state != row["state"]
    ]


def _after(rt: Runtime, batch: Batch, row: Row, *, running: bool) -> RejudgedTask:
    given, busy, most = row["answered"], row["answered"] + row["held"], row["maximum"]
    skills = [
        Skill(right, wrong) for right, wrong in zip(row["rights"], row["wrongs"], strict=True)
    ]
    verdict = judge(
        rt.kind_of(batch.kind).IS_TEXT,
        row["values"],
        skills,
        batch.option_ids,
        policy_of(batch, most),
        language=compared_as(rt, batch),
        market=market(rt, batch, row["text"], row["via"]),
    )
    kept = judgement_record(rt.clock.now(), version_of(batch), skills, verdict)
    void = given - len(row["values"])  # these answers are paid, but decide nothing
    wanted = min(max(verdict.answers_wanted + void, busy), most)
    asks = verdict.decision in (TaskDecision.ASK_MORE, TaskDecision.ASK_BETTER)
    if running and (row["held"] or (asks and wanted > given)):
        return RejudgedTask(row["id"], "open", wanted if asks else busy, None, None, None, kept)
    state = STATES[verdict.decision]
    rule = AMBIGUOUS if verdict.decision is TaskDecision.AMBIGUOUS else "online"
    state = "review" if state == "open" else state
    if (
        row["state"] != "open"
    ):  # The value was found when the task was decided; the judge says whether that is enough.
        was = None if row["rule"] == AMBIGUOUS else row["rule"]
        if not row["values"]:
            return RejudgedTask(row["id"], state, given, None, None, was or rule, kept)
        return RejudgedTask(
            row["id"], state, given, row["value"], row["confidence"], was or rule, kept
        )
    return RejudgedTask(row["id"], state, given, verdict.value, verdict.confidence, rule, kept)

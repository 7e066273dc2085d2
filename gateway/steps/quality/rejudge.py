"""Tasks judged again without a new answer: after a rule was switched, or what answers mean was corrected.

A task that somebody is asked right now is not closed under her: it wants her answer, and is judged with it. What wants
more answers gets them as far as slots were paid for; in a batch that is over, a person looks instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from gateway.qa.judging.overlap import TaskDecision, judge
from gateway.qa.skills.skill import Skill
from gateway.steps.quality.answer_price import market
from gateway.steps.quality.comparison import compared_as
from gateway.steps.quality.judge import STATES, policy_of
from gateway.steps.quality.judgement_record import Judged, judged
from gateway.steps.quality.rulings import version_of
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.batches.reviews import AMBIGUOUS
from gateway.store.db import Connection, Row
from gateway.store.quality import rejudging


class Moved(TypedDict):
    """A task that stands elsewhere than before."""

    task: str
    was: str
    becomes: str


@dataclass(frozen=True, slots=True)
class RejudgedTask:
    """How a task is left: as `gateway.store.turns.turns.TaskAfter`."""

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
    """Judge these tasks (from `rejudging`, locked) by the batch's rule of now; those whose state changed."""
    after = [_after(rt, batch, row, running=running) for row in rows]
    changed = [
        (row, one)
        for row, one in zip(rows, after, strict=True)
        if (one.state, one.wanted) != (row["state"], row["wanted"])
        or (one.state != "open" and one.value != row["value"])
    ]
    await rejudging.write(db, [one for _, one in changed], version_of(batch))
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
    kept = judged(rt.clock.now(), version_of(batch), skills, verdict)
    void = given - len(row["values"])  # paid, and they decide nothing
    wanted = min(max(verdict.answers_wanted + void, busy), most)
    asks = verdict.decision in (TaskDecision.ASK_MORE, TaskDecision.ASK_BETTER)
    if running and (row["held"] or (asks and wanted > given)):
        return RejudgedTask(row["id"], "open", wanted if asks else busy, None, None, None, kept)
    state = STATES[verdict.decision]
    rule = AMBIGUOUS if verdict.decision is TaskDecision.AMBIGUOUS else "online"
    state = "review" if state == "open" else state
    if (
        row["state"] != "open"
    ):  # whoever decided it found the value; the judge says whether that is enough
        was = None if row["rule"] == AMBIGUOUS else row["rule"]
        if not row["values"]:
            return RejudgedTask(row["id"], state, given, None, None, was or rule, kept)
        return RejudgedTask(
            row["id"], state, given, row["value"], row["confidence"], was or rule, kept
        )
    return RejudgedTask(row["id"], state, given, verdict.value, verdict.confidence, rule, kept)

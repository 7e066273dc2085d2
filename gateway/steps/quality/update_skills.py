"""The learning of workers' skills from decided tasks.

Each answer counts once, by its agreement with the decision. Gold counts in full, and may assign a
lesson to a worker, or pause her (see `standing`). The skill learned from other answers is kept per
batch, so that `relearn` can replace it by the estimate over the whole batch.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.qa.answers.port import TaskResult
from gateway.qa.skills import drift
from gateway.qa.skills.gold import Standing, standing
from gateway.qa.skills.skill import Skill
from gateway.steps.quality.comparison import compared_in
from gateway.steps.quality.lessons.relearning import respond
from gateway.steps.quality.pauses import Trial
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import background
from gateway.store.quality import findings, skills
from gateway.store.quality.findings import FindingRecord
from gateway.store.quality.skills import LockedSkill, UnscoredAnswer

_AT_ONCE = 1000  # tasks
RELEARN_AFTER = 50
"""The number of answers after which a running batch is first estimated as a whole. Later it is a
tenth of the answers known then.
"""


@dataclass(slots=True)
class _Learning:
    """One worker's skill at one kind, while a pass goes over her answers."""

    skill: Skill
    drift: float
    saw_gold: bool = False
    taught: dict[str, Skill] = field(default_factory=dict[str, Skill])


async def score(rt: Runtime) -> int:
    """Update skills by the answers of newly decided tasks and return the number of answers."""
    count, batches = await until_settled(lambda: _score(rt))
    for batch in batches:
        rt.jobs.enqueue("relearn", batch)
    return count


async def _score(rt: Runtime) -> tuple[int, list[str]]:
    async with rt.db.transaction() as db:
        await background.scoring(db)
        tasks = await skills.to_score(db, _AT_ONCE, rt.clock.now())
        rows = await skills.unscored(db, [row.task_id for row in tasks])
        if not rows:
            await skills.end_scoring(db, tasks)
            return 0, []
        pairs = sorted({(row.worker_id, row.kind) for row in rows})
        known = await skills.lock(db, pairs)
        learning = _learn(rt, rows, known, rt.clock.now())
        await skills.write(db, [(*who, one.skill, one.drift) for who, one in learning.items()])
        taught = [
            (batch, worker, skill)
            for (worker, _), one in learning.items()
            for batch, skill in sorted(one.taught.items())
        ]
        await skills.add_taught(db, sorted(taught, key=lambda t: t[:2]))
        await skills.scored(db, [row.id for row in rows])
        await skills.end_scoring(db, tasks)
        due = await skills.count_learned(db, _per_batch(rows), RELEARN_AFTER)
        for worker, kind in [who for who, one in learning.items() if one.saw_gold]:
            at = known[worker, kind]
            right, wrong = at.trial_right, at.trial_wrong
            if standing(right, wrong) is Standing.PAUSED and not at.paused:
                await respond(rt, db, Trial(worker, kind, right, wrong))
            elif drift.drifting(learning[worker, kind].drift):
                await findings.record(db, _falling(worker, kind, learning[worker, kind]))
    return len(rows), due


def _learn(
    rt: Runtime,
    rows: list[UnscoredAnswer],
    known: dict[tuple[int, str], LockedSkill],
    now: datetime,
) -> dict[tuple[int, str], _Learning]:
    """Return every worker's skill after her answers.

    The order is that of the workers, so that two runners never lock each other out.
    """
    learning = {
        who: _Learning(
            Skill(at.right, at.wrong).decayed((now - at.learned_at).total_seconds() / 86400),
            at.drift,
        )
        for who, at in known.items()
    }
    for row in rows:
        one = learning[row.worker_id, row.kind]
        if row.right is not None:
            for right in _marks(rt, row, right=row.right):
                one.drift = drift.drift_after(one.drift, one.skill, right=right)
                one.skill = one.skill.after_gold(right=right)
            one.saw_gold = True
        elif row.decided is not None and row.confidence is not None:
            so_far = one.taught.get(row.batch_id, Skill())
            result = TaskResult(row.decided, row.confidence, row.answered)
            for agreement in _agreements(rt, row, result):
                one.skill = one.skill.after_consensus(agreement)
                so_far = so_far.after_consensus(agreement)
            one.taught[row.batch_id] = so_far
    return learning


def _falling(worker: int, kind: str, one: _Learning) -> FindingRecord:
    """Return the finding that a worker was better before.

    More gold follows automatically, and a coordinator may want to ask her for the reason.
    """
    evidence: dict[str, object] = {
        "sentence": f"was right about {100 * one.skill.mean:.0f} % of the time and is wrong more often of late",
        "kind": kind,
        "drift": round(one.drift, 2),
        "alarm": drift.ALARM,
        "right_most_of_the_time": round(one.skill.mean, 3),
    }
    return FindingRecord("drift", f"worker:{worker}:{kind}", evidence, worker)


def _per_batch(rows: list[UnscoredAnswer]) -> dict[str, int]:
    """Return the number of answers to real questions per batch.

    Gold teaches at once and finally.
    """
    counts = defaultdict[str, int](int)
    for row in rows:
        if row.right is None:
            counts[row.batch_id] += 1
    return dict(sorted(counts.items()))


def _marks(rt: Runtime, row: UnscoredAnswer, *, right: bool) -> Sequence[bool]:
    """Return for each part of an answer to gold whether it is right, as it was judged then.

    A record of several fields has a part per field.
    """
    if row.fields is None or row.gold is None:
        return (right,)
    language = compared_in(rt.kind_of, row.kind, row.languages, row.fields)
    return rt.kind_of(row.kind).ANSWERS.marks(row.value, row.gold, language)


def _agreements(rt: Runtime, row: UnscoredAnswer, result: TaskResult) -> Sequence[float]:
    """Return the probability that each part of this answer is right, by the decision."""
    language = compared_in(rt.kind_of, row.kind, row.languages, row.fields)
    return rt.kind_of(row.kind).ANSWERS.agreements(row.value, result, language)

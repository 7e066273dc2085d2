"""The outcomes of stages: the tasks of the next stage, and the outcome of each part."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from gateway.tasks.projects.parts import ProjectPart, SplitSource
from gateway.tasks.projects.plan import AGAIN, ASK, CHECK, PlannedStage, ProjectPlan
from gateway.tasks.projects.templates import filled_in

QUESTION_MAX = 1_200
"""The longest question in characters; a longer check is not asked, and its part is asked again."""
DECIDED, CHECKED, ASKED_AGAIN = "decided", "checked", "asked again"
KNOWN, NOT_ASKED, OPEN = "known", "not asked", "open"
_YES = "yes"


@dataclass(frozen=True, slots=True)
class FieldOutcome:
    """The result of one field of a record.

    `settled` is single, agreed, settled (a further entry decided), open, or person. `entries` are
    the values that workers keyed.
    """

    value: str | None
    confidence: float | None
    settled: str
    entries: tuple[str, ...] = ()


_NO_FIELDS: Mapping[str, FieldOutcome] = {}


@dataclass(frozen=True, slots=True)
class StageOutcome:
    """The result of one task: its value, its confidence, its state, and all answers to it.

    A record has the results of its `fields`.
    """

    value: str | None
    confidence: float | None
    state: str
    answers: tuple[str, ...] = ()
    fields: Mapping[str, FieldOutcome] = field(default_factory=lambda: _NO_FIELDS)


Outcomes = Mapping[str, Mapping[str, StageOutcome]]
"""The results so far: by stage, then by the part's name."""


@dataclass(frozen=True, slots=True)
class StageTask:
    """A task of a stage: the part's name, the question, and the known answer."""

    name: str
    text: str
    gold: str | None = None


@dataclass(frozen=True, slots=True)
class PartOutcome:
    """The outcome of a part in one main stage.

    - `state` is decided, checked (other workers agreed), asked again (they did not, and the part
      was answered anew), review (a reviewer should look), known (gold), not asked, or open.
    - `answers` are those from which the value was taken, and `stage` is the stage that gave it.
    - `earlier` has the answers of the stages before, by stage.
    """

    part: str
    stage: str
    value: str | None
    confidence: float | None
    state: str
    answers: tuple[str, ...] = ()
    fields: Mapping[str, FieldOutcome] = field(default_factory=lambda: _NO_FIELDS)
    earlier: tuple[tuple[str, tuple[str, ...]], ...] = ()


def stage_tasks(
    stage: PlannedStage, plan: ProjectPlan, split: SplitSource, outcomes: Outcomes
) -> list[StageTask]:
    """Return the tasks of a stage, in the order of the parts."""
    return [
        task
        for part in split.parts
        if part.asked and (task := _task(stage, plan, part, outcomes)) is not None
    ]


def _task(
    stage: PlannedStage, plan: ProjectPlan, part: ProjectPart, outcomes: Outcomes
) -> StageTask | None:
    """Return the task about a part, or None where the stage has none."""
    is_known = part.gold is not None and plan.stage(stage.main).gold > 0
    if stage.role == ASK:
        gold = part.gold if is_known else None
        return StageTask(part.name, filled_in(stage.question, part.values), gold)
    if is_known:
        return None
    if stage.role == CHECK:
        given = outcomes.get(stage.main, {}).get(part.name)
        if given is None or given.value is None:
            return None
        text = filled_in(stage.question, {**part.values, "answer": given.value})
        return StageTask(part.name, text) if len(text) <= QUESTION_MAX else None
    if _has_passed(stage.after, part.name, outcomes):
        return None
    return StageTask(part.name, filled_in(stage.question, part.values))


def _has_passed(check: str, part: str, outcomes: Outcomes) -> bool:
    """Return whether other workers agreed to the answer, without a doubt that needs a reviewer."""
    found = outcomes.get(check, {}).get(part)
    return found is not None and found.value == _YES and found.state == DECIDED


def part_outcomes(
    main: str, plan: ProjectPlan, split: SplitSource, outcomes: Outcomes
) -> Iterator[PartOutcome]:
    """Yield the outcome of every part in one main stage, in order."""
    roles = {stage.role: stage.name for stage in plan.stages if stage.main == main}
    has_gold = plan.stage(main).gold > 0
    for part in split.parts:
        if not part.asked:
            yield PartOutcome(part.name, main, None, None, NOT_ASKED)
        elif has_gold and part.gold is not None:
            yield PartOutcome(part.name, main, part.gold, 1.0, KNOWN)
        elif CHECK not in roles:
            yield _outcome(part.name, main, outcomes)
        else:
            yield _chained(part.name, roles, outcomes)


def _outcome(part: str, stage: str, outcomes: Outcomes) -> PartOutcome:
    found = outcomes.get(stage, {}).get(part)
    if found is None:
        return PartOutcome(part, stage, None, None, OPEN)
    return PartOutcome(
        part, stage, found.value, found.confidence, found.state, found.answers, found.fields
    )


def _chained(part: str, roles: Mapping[str, str], outcomes: Outcomes) -> PartOutcome:
    """Return the outcome of a part whose first answer was checked."""
    first, check = (_outcome(part, roles[role], outcomes) for role in (ASK, CHECK))
    typed, checks = (first.stage, first.answers), (check.stage, check.answers)
    if _has_passed(roles[CHECK], part, outcomes):
        return replace(check, value=first.value, state=CHECKED, earlier=(typed,))
    again = _outcome(part, roles[AGAIN], outcomes)
    if again.value is not None:
        state = ASKED_AGAIN if again.state == DECIDED else again.state
        return replace(again, state=state, earlier=(typed, checks))
    # The part was not asked again yet. The first answer is shown, with no confidence of its own.
    return replace(first, confidence=None, state=OPEN, earlier=(checks,))

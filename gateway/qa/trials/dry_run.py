"""The trial of a new rule on past answers before it is switched on.

It shows the rule's costs, results and changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.qa.judging.overlap import TaskDecision
from gateway.qa.judging.ruling import Ruling
from gateway.qa.port import encode
from gateway.qa.rows import Answer
from gateway.qa.trials.rehearsal import RehearsedTask, rehearse

Truths = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """The result of one rule on the recorded answers.

    `accuracy` is None without truths. Answers to gold cost the same under any rule and are not
    counted. `short` tasks would have asked for more answers than were recorded. Their cost is too
    low and their value an early one. `review` counts ambiguous ones too.
    """

    version: str
    answers: int
    cost_minor: float
    accuracy: float | None
    review: int
    short: int


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A task whose value the new rule would change, with its `truth` where it is known."""

    task: str
    was: str
    becomes: str
    truth: str | None


@dataclass(frozen=True, slots=True)
class DryRun:
    """Both rules side by side, and every task whose value differs, in order of name."""

    tasks: int
    old: RuleOutcome
    new: RuleOutcome
    changes: tuple[ValueChange, ...]


def dry_run(
    rows: Sequence[Answer],
    old: Ruling,
    new: Ruling,
    truths: Truths | None = None,
    gold: Truths | None = None,
    message_minor: float = 0.0,
    language: str = "",
) -> DryRun:
    """Replay (task, worker, answer) rows, in their order, under both rules.

    Nothing is stored, and no worker is paid or asked. Gold teaches skills and is not scored.
    `message_minor` is what the messages of one answer cost. A rule that weighs the price of one
    more answer weighs it too, but no outcome counts it.
    """
    known, taught = truths or {}, gold or {}
    before, was = _outcome(rows, old, known, taught, message_minor, language)
    after, becomes = _outcome(rows, new, known, taught, message_minor, language)
    changes = tuple(
        ValueChange(task, was[task], becomes[task], known.get(task))
        for task in sorted(was)
        if was[task] != becomes[task]
    )
    return DryRun(len(was), before, after, changes)


def _outcome(
    rows: Sequence[Answer],
    rule: Ruling,
    truths: Truths,
    gold: Truths,
    message_minor: float,
    language: str,
) -> tuple[RuleOutcome, dict[str, str]]:
    stories = rehearse(rows, rule, gold, language, message_minor)
    taken = sum(len(story.steps) for task, story in stories.items() if task not in gold)
    values = _values(stories, rule, gold, language)
    scored = [
        rule.form.same(values[task], truths[task], language)
        for task in values
        if task in truths and task not in gold
    ]
    person = (TaskDecision.REVIEW, TaskDecision.AMBIGUOUS)
    outcome = RuleOutcome(
        rule.version,
        taken,
        taken * rule.price_minor,
        sum(scored) / len(scored) if scored else None,
        sum(story.verdict.decision in person for story in stories.values()),
        sum(story.short for story in stories.values()),
    )
    return outcome, values


def _values(
    stories: Mapping[str, RehearsedTask], rule: Ruling, gold: Truths, language: str
) -> dict[str, str]:
    """Return the results as at the batch's end, estimated over all the answers that were taken."""
    rows = [(task, s.worker, s.answer) for task, story in stories.items() for s in story.steps]
    if rule.is_text:
        from gateway.qa.text import aggregate as texts  # noqa: PLC0415  # rapidfuzz, for text only

        text = texts.aggregate(rows, gold, method=rule.method, language=language)
        return dict(zip(text.tasks, text.value, strict=True))
    from gateway.qa.batch import aggregate  # noqa: PLC0415  # NumPy, for whole batches only

    answers = encode(rows, rule.options)
    found = aggregate(answers, rule.method, gold)
    return dict(zip(answers.tasks, found.estimate.value, strict=True))

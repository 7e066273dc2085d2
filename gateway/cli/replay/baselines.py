"""The baselines of a result: one answer alone, and the plain majority, of the used answers."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.cli.replay.recording import Recording
from gateway.qa import rule
from gateway.qa.port import encode
from gateway.qa.typed.normalise import normalise

AnswerTriple = tuple[str, str, str]
"""The task, the worker and the answer as it was given."""


@dataclass(frozen=True, slots=True)
class Baselines:
    """The shares of tasks with a known truth that each baseline gets right.

    None means that there is no truth, or (`majority`) no majority of typed texts.
    """

    single: float | None
    majority: float | None


def baselines(recording: Recording, said: Iterable[AnswerTriple]) -> Baselines:
    """Return the shares that one answer, drawn by chance, and the majority would have got right."""
    rows = [one for one in said if one[0] in recording.truth]
    if not rows:
        return Baselines(None, None)
    return Baselines(_single(recording, rows), majority(recording, rows))


def _single(recording: Recording, rows: list[AnswerTriple]) -> float:
    """Return the mean over tasks of the share of right answers."""
    found: dict[str, list[bool]] = {}
    for task, _, answer in rows:
        truth = recording.truth[task]
        right = answer == truth if recording.options else normalise(answer) == normalise(truth)
        found.setdefault(task, []).append(right)
    return sum(sum(each) / len(each) for each in found.values()) / len(found)


def majority(recording: Recording, rows: list[AnswerTriple]) -> float | None:
    """Return the share of tasks that the majority gets right.

    Returns None without a truth, and for typed text, which has no majority.
    """
    if not recording.options or not recording.truth or not rows:
        return None
    answers = encode(rows, recording.options)
    value = dict(zip(answers.tasks, rule("majority").aggregate(answers).value, strict=True))
    scored = [value[task] == truth for task, truth in recording.truth.items() if task in value]
    return sum(scored) / len(scored) if scored else None

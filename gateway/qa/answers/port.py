"""The port of a form of answers. Each task kind names the form that its answers have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.qa.skills.skill import Skill
from gateway.qa.value_of_information import Belief

AnswerTriple = tuple[str, str, str]
"""One answer of a batch: task, worker, answer."""


@dataclass(frozen=True, slots=True)
class BatchRule:
    """The choices of a batch on which an estimate of all its answers depends."""

    options: Sequence[str]
    """The ids of the options; none where answers are typed."""
    method: str
    """The rule of estimation, as the client names it."""
    language: str
    """The tag by which typed answers are compared."""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """The result of a decided task, against which its answers are held."""

    value: str
    """The value that was decided."""
    confidence: float
    """The confidence of the value."""
    answers: int
    """The number of the task's answers."""


@dataclass(frozen=True, slots=True)
class LearntSkills:
    """The skills of a batch's workers, estimated from all answers."""

    skills: Mapping[str, Skill]
    """The skill of each worker, from real questions only."""
    sure: Mapping[str, float] | None
    """The confidence of each task's result; None where a result cannot become gold."""


class AnswerForm(Protocol):
    """A form of answers. `language` is always the tag by which typed answers are compared."""

    def same(self, one: str, other: str, language: str) -> bool:
        """Return True when two answers mean the same."""
        ...

    def grouped(self, values: Sequence[str], language: str) -> Sequence[str]:
        """Return the name of each answer's group. Answers that mean the same share one."""
        ...

    def belief(
        self, values: Sequence[str], skills: Sequence[Skill], options: Sequence[str], language: str
    ) -> Belief:
        """Return the most likely value of one task, by its answers and their workers' skills."""
        ...

    def choices(self, options: Sequence[str]) -> int:
        """Return the number of answers between which a worker without any knowledge would guess."""
        ...

    def ambiguous(
        self, values: Sequence[str], rights: Sequence[float], options: Sequence[str], language: str
    ) -> float:
        """Return the chance that the task has no single answer.

        `rights` are the chances of the workers to be right.
        """
        ...

    def estimate(
        self, rows: Sequence[AnswerTriple], gold: Mapping[str, str], rule: BatchRule
    ) -> dict[str, tuple[str, float]]:
        """Return the value and confidence of every task of a batch, by all its answers."""
        ...

    def learnt(
        self, rows: Sequence[AnswerTriple], gold: Mapping[str, str], rule: BatchRule
    ) -> LearntSkills:
        """Return the skills that all answers of a batch show.

        Answers to gold help to judge the others. They do not count in the skills.
        """
        ...

    def marks(self, value: str, truth: str, language: str) -> Sequence[bool]:
        """Return for each part of an answer to gold whether it is right.

        An answer has one part, unless it is a record of several fields.
        """
        ...

    def agreements(self, value: str, result: TaskResult, language: str) -> Sequence[float]:
        """Return for each part of an answer the chance that it is right, after its task is decided.

        A part that no other worker gave teaches nothing, and is left out.
        """
        ...

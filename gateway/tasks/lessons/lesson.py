"""A lesson: explain, demonstrate, practise, and an assessment with a pass mark.

A lesson is a row of steps. A worker stands at one of them, and each reply takes her to the next.
"""

from dataclasses import dataclass, replace
from typing import Literal

from gateway.base.ids import BatchId, TaskId
from gateway.tasks.question import Field, Option, Question

Part = Literal["explain", "show", "practise", "test"]
ASKS: frozenset[Part] = frozenset({"practise", "test"})
_NO_TASK, _NO_BATCH = TaskId(0), BatchId("")


@dataclass(frozen=True, slots=True)
class LessonItem:
    """One item of a lesson: a text, and where it is a question its answer and the reason."""

    part: Part
    text: str
    answer: str = ""
    """The right answer in the form in which answers are stored; "" in an explanation."""
    why: str = ""
    """The reason why this answer is right."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson for one kind of task in one language."""

    kind: str
    language: str
    title: str
    minutes: int
    """The time that a worker needs for it."""
    instructions: str
    """The instructions that stand above each question, as in a batch."""
    options: tuple[Option, ...]
    """The options of all questions; none where answers are typed."""
    fields: tuple[Field, ...]
    """The fields of all questions where answers are records; none for other kinds."""
    pass_mark: int
    """The right answers in the assessment with which a worker has passed."""
    attempts: int
    """The attempts in 24 hours."""
    steps: tuple[LessonItem, ...]
    order: int = 50
    """The place among the lessons of other kinds; the lowest number is offered first."""
    version: str = ""
    """A digest of the file. A worker whose lesson changed meanwhile begins it again."""

    @property
    def tests(self) -> int:
        """Return the number of questions in the assessment."""
        return sum(step.part == "test" for step in self.steps)

    def first(self, part: Part) -> int:
        """Return the number of the first step of a part."""
        return next(n for n, step in enumerate(self.steps) if step.part == part)

    def place(self, step: int) -> int:
        """Return the place of a step within its part, from 1."""
        part = self.steps[step].part
        return sum(one.part == part for one in self.steps[: step + 1])

    def question(self, step: int) -> Question:
        """Return the question of a step as a worker meets it. It pays nothing."""
        item = self.steps[step]
        return Question(
            _NO_TASK,
            _NO_BATCH,
            self.kind,
            item.text,
            self.instructions,
            self.options,
            0,
            "",
            self.fields,
        )

    def label(self, answer: str) -> str:
        """Return an answer as the worker reads it: the option's label, or the typed text."""
        found = next((option for option in self.options if option.id == answer), None)
        return found.label(self.language) if found else answer


@dataclass(frozen=True, slots=True)
class Mistake:
    """The mistake on which a lesson dwells: what was right, and what the worker said instead.

    Both are options. Both are "" where answers are typed.
    """

    right: str = ""
    said: str = ""
    wrong: int = 0
    """The number of her wrong answers to gold."""
    seen: int = 0
    """The number of her answers to gold."""


NO_MISTAKE = Mistake()
_PRACTICE_MAX = 3


@dataclass(frozen=True, slots=True)
class LessonProgress:
    """The place of a worker in a lesson."""

    lesson: Lesson
    step: int = 0
    score: int = 0
    """The right answers in the assessment so far."""
    run: int | None = None
    """The id of the lesson as it is stored, and None for one that has not begun."""
    stored: int = 0
    """The step at which it is stored, which differs only where the file changed meanwhile."""
    mistake: Mistake | None = None
    """The mistake for which the lesson was assigned, if it was."""
    attempts_left: int = 1
    """The attempts in 24 hours that are left, the present one among them."""
    refunded: bool = False
    """True when she gets back what an SMS in a lesson costs her."""
    by_sms: bool = False
    """True when the worker's next SMS answers this step."""

    @property
    def item(self) -> LessonItem:
        return self.lesson.steps[self.step]

    def at(self, step: int, score: int) -> "LessonProgress":
        """Return the place after one more reply."""
        return replace(self, step=step, score=score)


def on_mistake(lesson: Lesson, mistake: Mistake) -> Lesson:
    """Return the short form of a lesson that dwells on one mistake.

    One explanation, one demonstration and at most three questions to practise remain. Those in
    which the missed answer is right come first. The assessment stays whole.
    """
    by_part = {
        part: [step for step in lesson.steps if step.part == part]
        for part in ("explain", "show", "practise", "test")
    }

    def first(part: Part, most: int) -> list[LessonItem]:
        return sorted(by_part[part], key=lambda step: step.answer != mistake.right)[:most]

    steps = (
        *by_part["explain"][:1],
        *first("show", 1),
        *first("practise", _PRACTICE_MAX),
        *by_part["test"],
    )
    return replace(lesson, steps=steps)

"""The view of one of a worker's answers that she asks about, and of an appeal about it."""

from dataclasses import dataclass
from typing import Literal

Looker = Literal["own", "other", "office"]
"""The role that looks at an appeal: the worker's coordinator, another one, or the operator."""

AppealState = Literal["may", "waiting", "upheld", "stands", "lapsed", "late", "many", "none"]
"""The state of the appeal about an answer.

- may: she may appeal.
- waiting: her appeal waits for a decision.
- upheld, stands, lapsed: it was decided for her, decided against her, or not decided in time.
- late: the time for an appeal is over.
- many: too many of her appeals wait already.
- none: there is nothing to appeal.
"""


@dataclass(frozen=True, slots=True)
class AnswerInQuestion:
    """An answer as its worker asks about it."""

    ref: str
    """The reference by which she asked, which APPEAL takes as well."""
    question: str
    """The text of the question."""
    answer: str
    """The answer as she gave it."""
    truth: str
    """The answer that counts as right, and "" while there is none."""
    fate: Literal["right", "wrong", "open"]
    """The judgement: it counts as right or wrong, or nothing is decided yet."""
    amount_minor: int = 0
    """The amount that may be taken because of it, in minor units; 0 for none."""
    appeal: AppealState = "none"
    """The state of her appeal."""
    looker: Looker = "office"
    """The role that looks, or would look, at it."""
    day: str = ""
    """The day until which an appeal is decided, as `24/11`."""
    answer_id: int = 0
    """The answer's id."""
    handler: int | None = None
    """The coordinator who looks, or would look, at it; None for the operator."""


@dataclass(frozen=True, slots=True)
class AppealView:
    """The case that APPEAL concerns, as far as the words and the open cases name one.

    `answer` is the answer's id, and `handler` the coordinator who would look at it.
    """

    ref: str
    answer: int
    state: AppealState
    looker: Looker
    day: str
    handler: int | None = None


@dataclass(frozen=True, slots=True)
class AppealToDecide:
    """An appeal that is with the coordinator who names it.

    `had_part` says that she had a part in what is appealed, so that another person must look.
    """

    appeal: int
    ref: str
    state: Literal["may", "had_part"]


@dataclass(frozen=True, slots=True)
class WeekView:
    """The figures of seven days of a worker. Amounts are in minor units."""

    answers: int
    right: int
    """The right ones among the checked answers."""
    checked: int
    """The answers to questions whose answer was known."""
    earned_minor: int
    paid_minor: int
    balance_minor: int
    currency: str
    off: bool = False
    """True when the worker wants no weekly message."""
    wrong: tuple[AnswerInQuestion, ...] = ()
    """Her newest answers that do not count as right."""

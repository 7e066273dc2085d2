"""What a task kind must do.

One kind a file in `tasks/kinds/`; the module itself fulfils `TaskKind`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.tasks.packed import Meanings
from gateway.tasks.question import Option, Question


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply means: `value` is the answer to store (an option's id, or text); None = not understood.

    `why`, when not understood, is a phrase key that tells the worker what to do
    (`unclear.choice`, `unclear.empty`, `unclear.too_long`, ...); `told` fills the phrase's placeholders.
    """

    value: str | None
    why: str | None = None
    told: Mapping[str, str] = field(default_factory=dict[str, str])


class TaskKind(Protocol):
    NAME: str
    IS_TEXT: bool
    """True when answers are free text (aggregated by near-agreement), False when they are options.
    """

    VALUE: str
    """What is typed: text, date, number or name (`value` in the API); "" where an option is chosen.
    """

    COMPARED: str
    """How two typed answers are compared, as `gateway.qa.text.normalise` knows it: "" as texts that
    may differ by a slip of the thumb.
    """

    KEYS_ARE_ANSWERS: bool
    """True where a bare number may well be the typed answer, so that it is not asked back."""

    SCREEN_HINT: str
    """The phrase key of the line below a question on a screen that says how to answer; "" where
    options stand there.
    """

    ROTATES: bool
    """True when every worker may see the options in an order of her own (see
    `gateway.tasks.rotation`).
    """

    def options(self, given: Sequence[Option]) -> tuple[Option, ...]:
        """The full options of a batch from what the client gave; raises `Refused` naming the field and rule."""
        ...

    def check_text(self, text: str) -> None:
        """Raises `Refused` when a task's text cannot be asked as this kind."""
        ...

    def check_truth(self, truth: str, options: Sequence[Option]) -> str:
        """A gold task's truth in the form answers are stored in; raises `Refused`."""
        ...

    def read(self, said: str, question: Question, language: str, words: "AnswerWords") -> Reading:
        """Understand a worker's reply; never guess an ambiguous one."""
        ...

    def echo(self, value: str, said: str, language: str) -> str:
        """What is repeated to the worker of a typed value, in her language; "" where nothing is."""
        ...

    def names(self, options: Sequence[Option], language: str, words: "AnswerWords") -> Meanings:
        """The words that name each option; none where answers are typed text."""
        ...

    def hint_key(self) -> str:
        """The phrase key of the short line that tells how to answer by SMS, e.g. `how.choice`."""
        ...


class AnswerWords(Protocol):
    """The words for yes, no and not sure in a worker's language and in English (from the phrase catalogue)."""

    yes: frozenset[str]
    no: frozenset[str]
    unsure: frozenset[str]

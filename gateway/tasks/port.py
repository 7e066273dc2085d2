"""The port of a task kind.

Each kind is one file in `tasks/kinds/`, whose name is the kind's name. The module itself fulfils
`TaskKind`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.qa.answers.port import AnswerForm
from gateway.tasks.entry.fields import DeclaredField
from gateway.tasks.entry.reading import FieldReading
from gateway.tasks.packed import Meanings
from gateway.tasks.question import Field, Option, Question


@dataclass(frozen=True, slots=True)
class Reading:
    """The meaning of a reply."""

    value: str | None
    """The answer to store (an option's id, or text); None where the reply was not understood."""
    why: str | None = None
    """The phrase key that tells the worker what to do (`unclear.choice`, `unclear.empty`,
    `unclear.too_long`, ...).
    """
    told: Mapping[str, str] = field(default_factory=dict[str, str])
    """The values of the phrase's placeholders."""
    typed: Mapping[str, str] = field(default_factory=dict[str, str])
    """The certain values of a record's fields, where others are not certain."""
    problems: Mapping[str, FieldReading] = field(default_factory=dict[str, FieldReading])
    """The reason why each of the other fields is not certain."""


class TaskKind(Protocol):
    """A task kind: the checks of a client's tasks and the reading of workers' replies."""

    ANSWERS: AnswerForm
    """The form of the answers, which compares, judges and estimates them: one of the modules in
    `gateway.qa.answers`, or the kind's own.
    """

    TAKES_WORDS: bool
    """True when any words may be the answer, a command word too, so that the worker is asked when
    in doubt; False where the answers are options.
    """

    PACKS: bool
    """True when one SMS may ask several questions of this kind."""

    VALUE: str
    """The kind of the typed value: text, date, number or name (`value` in the API); "" where an
    option is chosen.
    """

    COMPARED: str
    """The way to compare two typed answers, as `gateway.qa.typed.normalise` knows it: "" for texts
    that may differ by a typing error.
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

    FIELDS: bool
    """True when the client declares typed fields, and an answer is a record of them. Such a kind is
    a `RecordKind`.
    """

    def options(self, given: Sequence[Option]) -> tuple[Option, ...]:
        """Return the full options of a batch from the client's own.

        Raises `Refused` naming the field and the rule.
        """
        ...

    def check_text(self, text: str) -> None:
        """Raise `Refused` when a task's text cannot be asked as this kind."""
        ...

    def check_truth(
        self, truth: str, options: Sequence[Option], fields: Sequence[Field] = ()
    ) -> str:
        """Return a gold task's truth in the form in which answers are stored. Raises `Refused`."""
        ...

    def read(self, said: str, question: Question, language: str, words: "AnswerWords") -> Reading:
        """Understand a worker's reply; never guess an ambiguous one."""
        ...

    def echo(self, value: str, said: str, language: str) -> str:
        """Return the text that repeats a typed value to the worker, in her language, or ""."""
        ...

    def names(self, options: Sequence[Option], language: str, words: "AnswerWords") -> Meanings:
        """Return the words that name each option; none where answers are typed text."""
        ...

    def recorded(self, answers: Sequence[str]) -> Mapping[str, str]:
        """Return the stored form of each different answer of a recorded crowd; {} for typed text.

        Raises `Refused` for answers that are not of this kind.
        """
        ...

    def hint_key(self) -> str:
        """Return the phrase key of the line that tells how to answer by SMS, e.g. `how.choice`."""
        ...


class RecordKind(TaskKind, Protocol):
    """A task kind whose answers are records of typed fields."""

    def declare(self, declared: Sequence[DeclaredField], currency: str) -> tuple[Field, ...]:
        """Return the fields of a batch from the client's own.

        `currency` is that of amounts without their own. Raises `Refused` naming field and rule.
        """
        ...

    def read_field(self, said: str, field: Field, language: str) -> FieldReading:
        """Return the value of one field from words that were typed for it alone."""
        ...

    def shown(self, field: Field, value: str, language: str) -> str:
        """Return a stored value of one field as a worker reads it."""
        ...


class AnswerWords(Protocol):
    """The words for yes, no and not sure in a worker's language and in English.

    They come from the phrase catalogue.
    """

    yes: frozenset[str]
    no: frozenset[str]
    unsure: frozenset[str]

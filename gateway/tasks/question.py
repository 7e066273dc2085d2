"""A question as a worker meets it: one task, with the data to ask it and to read the reply."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.base.ids import BatchId, TaskId

FALLBACK_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer.

    Results, rules and decisions refer to `id`; workers read `labels`.
    """

    id: str
    labels: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)

    def label(self, language: str) -> str:
        """Return the label in this language, else in English, else the id."""
        return self.labels.get(language) or self.labels.get(FALLBACK_LANGUAGE) or self.id


@dataclass(frozen=True, slots=True)
class Field:
    """One typed field of a record that workers key."""

    name: str
    """The client's name of the field, which is its column in the results."""
    type: str
    """number, date, name, money, choice or text."""
    number: int
    """The place among the batch's fields, from 1: the key that names the field."""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """The name that workers read, by language."""
    least: str = ""
    """The least value of a number, a date or an amount, in the form of answers; "" for none."""
    most: str = ""
    """The greatest value; "" for none."""
    decimals: int | None = None
    """The most decimals of a number; None for any."""
    length_min: int = 1
    """The least length of a text or a name in characters."""
    length_max: int = 100
    """The greatest length."""
    check: str = ""
    """The rule of the check digit of a text (`gateway.tasks.entry.check_digits`); "" for none."""
    options: tuple[Option, ...] = ()
    """The values of a choice."""
    currency: str = ""
    """The currency of an amount."""
    optional: bool = False
    """True if the record may leave the field empty."""

    def label(self, language: str) -> str:
        """Return the label in this language, else in English, else the name."""
        return self.labels.get(language) or self.labels.get(FALLBACK_LANGUAGE) or self.name


@dataclass(frozen=True, slots=True)
class Question:
    """An open task, put to one worker.

    `text` is the item, and `instructions` say what to do with it. `options` is empty for free text.
    `price_minor` is the earning of an accepted answer. `fields` are the fields of a record that
    this worker is asked for, and none for the other kinds. `typed` holds the values of fields that
    she has typed already, and `said` her words for them.
    """

    task: TaskId
    batch: BatchId
    kind: str
    text: str
    instructions: str
    options: tuple[Option, ...]
    price_minor: int
    currency: str
    fields: tuple[Field, ...] = ()
    typed: Mapping[str, str] = field(default_factory=dict[str, str])
    said: str = ""

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
    labels: Mapping[str, str] = field(default_factory=dict[str, str])

    def label(self, language: str) -> str:
        """Return the label in this language, else in English, else the id."""
        return self.labels.get(language) or self.labels.get(FALLBACK_LANGUAGE) or self.id


@dataclass(frozen=True, slots=True)
class Question:
    """An open task, put to one worker.

    `text` is the item, and `instructions` say what to do with it. `options` is empty for free text.
    `price_minor` is the earning of an accepted answer.
    """

    task: TaskId
    batch: BatchId
    kind: str
    text: str
    instructions: str
    options: tuple[Option, ...]
    price_minor: int
    currency: str

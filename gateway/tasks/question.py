"""A question as a worker meets it: one task of a batch, with all that is needed to ask it and to read the reply."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.ids import BatchId, TaskId

FALLBACK_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer.

    Results, rules and decisions refer to `id`; `labels` are what a worker reads.
    """

    id: str
    labels: Mapping[str, str] = field(default_factory=dict[str, str])

    def label(self, language: str) -> str:
        return self.labels.get(language) or self.labels.get(FALLBACK_LANGUAGE) or self.id


@dataclass(frozen=True, slots=True)
class Question:
    """An open task, put to one worker. `text` is the item; `instructions` say what to do with it.

    `options` is empty for free text. `price_minor`: what an accepted answer earns.
    """

    task: TaskId
    batch: BatchId
    kind: str
    text: str
    instructions: str
    options: tuple[Option, ...]
    price_minor: int
    currency: str

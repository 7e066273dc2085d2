"""What the signs of cheating (`gateway.qa.cheating`) see, and what they give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

FALSE_SHARE = 0.05  # of a rule's findings that are luck, at most


@dataclass(frozen=True, slots=True)
class Deed:
    """One answer, as it was given, in the order of giving.

    `key` is the place (0 first) of the answer on this worker's menu, after rotation: what was
    pressed; -1 where there was no menu. `order[i]` is the option shown at place i. `at` is in
    seconds since any moment, None where it is not known.
    """

    task: str
    worker: str
    answer: str
    key: int = -1
    order: tuple[str, ...] = ()
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """A batch, or all work of a kind: the deeds, and who is tied to whom.

    `ties` name, per worker, what may be shared with others: {"payout": a fingerprint of the number,
    "referred by": a worker, "partner": ...}. A tie is never a finding, it only sharpens one.
    """

    deeds: Sequence[Deed]
    options: Sequence[str]
    ties: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])


@dataclass(frozen=True, slots=True)
class Finding:
    """What a person should look at: who, the chance that it is luck, a sentence, the figures."""

    rule: str
    workers: tuple[str, ...]
    chance: float
    sentence: str
    evidence: Mapping[str, object]


class Sign(Protocol):
    """A file in `cheating/`."""

    def look(self, observed: Observed) -> list[Finding]:
        """Findings beyond luck, corrected for how many workers (or pairs) were looked at."""
        ...

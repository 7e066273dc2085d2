"""The input and the results of the signs of cheating (`gateway.qa.cheating`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

FALSE_SHARE = 0.05  # The greatest share of a rule's findings that are luck.


@dataclass(frozen=True, slots=True)
class Observation:
    """One answer, as it was given, in the order of giving.

    `key` is the place (0 first) of the answer on this worker's menu, after rotation. It is the key
    that was pressed, and -1 where there was no menu. `order[i]` is the option shown at place i.
    `at` is in seconds since any moment, and None where it is not known.
    """

    task: str
    worker: str
    answer: str
    key: int = -1
    order: tuple[str, ...] = ()
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """A batch, or all work of a kind: its answers, and the ties between workers.

    `ties` name, per worker, what may be shared with others: {"payout": a fingerprint of the number,
    "referred by": a worker, "partner": ...}. A tie is never a finding. It only sharpens one.
    """

    deeds: Sequence[Observation]
    options: Sequence[str]
    ties: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])


@dataclass(frozen=True, slots=True)
class Finding:
    """A suspicion that an operator of the gateway should check.

    It has the workers, the chance that it is luck, a sentence and the figures.
    """

    rule: str
    workers: tuple[str, ...]
    chance: float
    sentence: str
    evidence: Mapping[str, object]


class CheatingRule(Protocol):
    """A plug-in in `cheating/`."""

    def look(self, observed: Observed) -> list[Finding]:
        """Return the findings beyond luck.

        They are corrected for the number of workers (or pairs) examined.
        """
        ...

"""The agreement and the error rates of a batch of records, per field and per worker.

Errors are counted where the truth is known: in gold, and where several entries were settled. A
field that two workers keyed wrong in the same way is counted as right, so the second figure is a
lower limit. Gold is the only measure of such errors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

from gateway.qa.answers.port import AnswerTriple
from gateway.qa.answers.record import settled_by_skill
from gateway.qa.keying.records import comparison, fields_of, marks, spelling

Z = 1.96
"""The quantile of the intervals: 95 % two-sided."""
_TWO = 2


@dataclass(slots=True)
class Marks:
    """Entries whose truth is known: how many there are, and how many are wrong."""

    seen: int = 0
    wrong: int = 0

    def add(self, *, right: bool) -> None:
        """Count one entry."""
        self.seen += 1
        self.wrong += not right

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return the interval of the error rate (Wilson 1927); None where nothing was counted."""
        if not self.seen:
            return None
        share, z2 = self.wrong / self.seen, Z * Z
        spread = Z * sqrt(share * (1 - share) / self.seen + z2 / (4 * self.seen * self.seen))
        middle, scale = share + z2 / (2 * self.seen), 1 + z2 / self.seen
        return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


@dataclass(slots=True)
class KeyingFigures:
    """The figures of one field, or of one worker."""

    entries: int = 0
    """The keyed values, gold left out."""
    pairs: int = 0
    """The values that a second worker keyed too."""
    agreed: int = 0
    """Those of them whose first two entries are equal."""
    gold: Marks = field(default_factory=Marks)
    """The entries of gold."""
    settled: Marks = field(default_factory=Marks)
    """The entries of fields that at least two workers keyed and that are settled."""


@dataclass(frozen=True, slots=True)
class KeyingReport:
    """The figures of a batch."""

    fields: Mapping[str, KeyingFigures]
    """The figures per field, in the order of the fields."""
    workers: Mapping[str, KeyingFigures]
    """The figures per worker."""
    cells: dict[tuple[str, str], KeyingFigures]
    """The figures per worker and field."""

    def of(self, who: str, name: str) -> tuple[KeyingFigures, ...]:
        """Return the figures in which an entry of a worker in a field counts."""
        cell = self.cells.setdefault((who, name), KeyingFigures())
        return self.fields[name], self.workers[who], cell


def keying_report(rows: Sequence[AnswerTriple], gold: Mapping[str, str], tag: str) -> KeyingReport:
    """Return the figures of a batch from its entries, as (task, worker, record), in order."""
    found = KeyingReport(
        {name: KeyingFigures() for name in comparison(tag).fields},
        {who: KeyingFigures() for _, who, _ in rows},
        {},
    )
    real = [one for one in rows if one[0] not in gold]
    for task, who, value in rows:
        if task in gold:
            for name, right in marks(value, gold[task], tag).items():
                for one in found.of(who, name):
                    one.gold.add(right=right)
    truths = settled_by_skill(rows, gold, tag)
    for task, who, value in real:
        for name in fields_of(value):
            for one in found.of(who, name):
                one.entries += 1
        for name, right in marks(value, truths[task], tag).items():
            for one in found.of(who, name):
                one.settled.add(right=right)
    _count_pairs(found, real, tag)
    return found


def _count_pairs(found: KeyingReport, real: Sequence[AnswerTriple], tag: str) -> None:
    """Count the fields that two workers keyed, by their first two entries."""
    by = comparison(tag)
    keyed: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for task, who, value in real:
        for name, said in fields_of(value).items():
            keyed.setdefault((task, name), []).append((who, spelling(name, said, by)))
    for (_, name), entries in keyed.items():
        if len(entries) < _TWO:
            continue
        (who, one_said), (other, other_said) = entries[:_TWO]
        counted = {id(one): one for each in (who, other) for one in found.of(each, name)}
        for one in counted.values():
            one.pairs += 1
            one.agreed += one_said == other_said

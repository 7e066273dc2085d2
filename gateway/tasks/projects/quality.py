"""The quality of a project: its parts with answers and disagreements, and the totals."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.phrases.hearing import fold
from gateway.tasks.projects.outcomes import NOT_ASKED, OPEN, PartOutcome

BINS = 10
_DOUBTFUL = ("review", OPEN)
_SURE = 0.8
_SEAM = 0.5
REPORT_COLUMNS = (
    "part",
    "stage",
    "question",
    "result",
    "confidence",
    "state",
    "answers",
    "agreement",
    "overlap",
    "earlier",
)


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part in the report.

    - `answers` counts equal answers, the most frequent first.
    - `agreement` is the share of answers that equal the most frequent one.
    - `overlap` is the similarity of a text's shared sentences with the piece before.
    - `earlier` tells the answers of the stages before the one that gave the result.
    """

    part: str
    stage: str
    question: str
    value: str | None
    confidence: float | None
    state: str
    answers: tuple[tuple[str, int], ...]
    agreement: float | None
    overlap: float | None = None
    earlier: str = ""

    @property
    def is_doubtful(self) -> bool:
        """Return whether the client should look at the part."""
        return (
            self.state in _DOUBTFUL
            or (self.confidence is not None and self.confidence < _SURE)
            or (self.overlap is not None and self.overlap < _SEAM)
        )

    def row(self) -> tuple[object, ...]:
        """Return the line as cells in the order of REPORT_COLUMNS."""
        return (
            self.part,
            self.stage,
            self.question,
            self.value,
            _rounded(self.confidence),
            self.state,
            told(self.answers),
            _rounded(self.agreement),
            _rounded(self.overlap),
            self.earlier,
        )


@dataclass(frozen=True, slots=True)
class ProjectTotals:
    """The totals over all parts that were asked about.

    `states` counts the parts by state, and `bins` their confidences in tenths from 0 to 1.
    `disagreements` counts the parts whose answers were not all equal.
    """

    parts: int = 0
    states: Mapping[str, int] = field(default_factory=dict[str, int])
    mean_confidence: float | None = None
    disagreements: int = 0
    answers: int = 0
    bins: tuple[int, ...] = (0,) * BINS


def part_line(question: str, outcome: PartOutcome, overlap: float | None = None) -> PartLine:
    """Return the line of one part. Answers that differ in case and accents only are equal."""
    answers = counted(outcome.answers)
    return PartLine(
        part=outcome.part,
        stage=outcome.stage,
        question=question,
        value=outcome.value,
        confidence=outcome.confidence,
        state=outcome.state,
        answers=answers,
        agreement=answers[0][1] / len(outcome.answers) if answers else None,
        overlap=overlap,
        earlier=" | ".join(
            f"{stage}: {told(counted(given))}" for stage, given in outcome.earlier if given
        ),
    )


def counted(answers: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Return the different answers with their numbers, the most frequent first.

    >>> counted(["Yes", "no", "yes"])
    (('Yes', 2), ('no', 1))
    """
    counts: Counter[str] = Counter()
    first_written = dict[str, str]()
    for answer in answers:
        key = fold(answer) or answer
        first_written.setdefault(key, answer)
        counts[key] += 1
    return tuple((first_written[key], count) for key, count in counts.most_common())


def told(answers: Sequence[tuple[str, int]]) -> str:
    """Return counted answers as text.

    >>> told([("yes", 2), ("no", 1)])
    'yes (2); no (1)'
    """
    return "; ".join(f"{answer} ({count})" for answer, count in answers)


def part_lines(question: str, outcome: PartOutcome, overlap: float | None = None) -> list[PartLine]:
    """Return the line of a part, or one line per field of a record."""
    if not outcome.fields:
        return [part_line(question, outcome, overlap)]
    return [
        part_line(
            f"{question}: {name}",
            PartOutcome(
                outcome.part,
                outcome.stage,
                one.value,
                one.confidence,
                outcome.state if one.settled != OPEN else "review",
                one.entries,
            ),
        )
        for name, one in outcome.fields.items()
    ]


def totals(lines: Iterable[PartLine]) -> ProjectTotals:
    """Return the totals over the parts.

    >>> part = PartOutcome("1", "check", "yes", 0.9, "decided", ("yes", "YES", "no"))
    >>> found = totals([part_line("A?", part)])
    >>> found.parts, found.disagreements, found.answers, found.bins[9]
    (1, 1, 3, 1)
    """
    asked = [line for line in lines if line.state != NOT_ASKED]
    sure = [line.confidence for line in asked if line.confidence is not None]
    bins = Counter(min(BINS - 1, int(confidence * BINS)) for confidence in sure)
    return ProjectTotals(
        parts=len(asked),
        states=dict(Counter(line.state for line in asked).most_common()),
        mean_confidence=sum(sure) / len(sure) if sure else None,
        disagreements=sum(len(line.answers) > 1 for line in asked),
        answers=sum(count for line in asked for _, count in line.answers),
        bins=tuple(bins[each] for each in range(BINS)),
    )


def doubtful(lines: Sequence[PartLine], most: int) -> list[PartLine]:
    """Return the parts that the client should look at, the least sure first."""
    found = [line for line in lines if line.is_doubtful]
    return sorted(found, key=lambda line: (line.confidence or 0.0, line.overlap or 0.0))[:most]


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)

"""Reviewers and coordinators as their overturned decisions assess them."""

from dataclasses import asdict, dataclass

from gateway.qa.confidence.share_interval import share_interval
from gateway.store.quality.assessments import DecisionCounts

ENOUGH_DECISIONS = 20
"""The number of decisions below which a rate says little, and is marked so."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The counts of one person, and the rate of overturned decisions with its 95 % interval."""

    counts: DecisionCounts
    rate: float | None
    """The overturned decisions over all; None where there was no decision."""
    low: float
    high: float

    @property
    def says_little(self) -> bool:
        """Return True where there are too few decisions for a judgement."""
        return self.counts.decisions < ENOUGH_DECISIONS


def assess(counts: DecisionCounts) -> Assessment:
    """Return the rate of overturned decisions with its interval."""
    of = counts.decisions
    low, high = share_interval(counts.overturned, of)
    return Assessment(counts, counts.overturned / of if of else None, low, high)


def as_data(one: Assessment) -> dict[str, object]:
    """Return an assessment as JSON data."""
    last = one.counts.last_at
    return {
        **asdict(one.counts),
        "last_at": last.isoformat() if last else None,
        "overturned_rate": None if one.rate is None else round(one.rate, 4),
        "overturned_low": round(one.low, 4),
        "overturned_high": round(one.high, 4),
        "few_decisions": one.says_little,
    }


def in_words(one: Assessment) -> str:
    """Return the line of a list."""
    counts = one.counts
    who = f"{counts.name} (coordinator {counts.coordinator})" if counts.coordinator else counts.name
    kinds = (
        f"{counts.reviews} reviews, {counts.gold} gold, {counts.adjustments} adjustments, "
        f"{counts.appeals} appeals"
    )
    parts = [
        f"{counts.decisions} decisions ({kinds})",
        f"{counts.appealed} appealed",
        f"{counts.overturned} overturned{_rate(one)}",
    ]
    if counts.coordinator:
        parts.append(f"{counts.missed} appeals not decided in time, {counts.waiting} wait")
    return f"{who}: {', '.join(parts)}"


def _rate(one: Assessment) -> str:
    if one.rate is None:
        return ""
    few = ", few decisions" if one.says_little else ""
    return f" = {one.rate:.0%} (95 %: {one.low:.0%} to {one.high:.0%}{few})"

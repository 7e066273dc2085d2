"""The data of an impact report, which three forms show alike. Pure.

Every figure carries the definition of its query in words. A figure that is not known, or that a
small group forbids, has no value, and its text says which.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Unit = Literal["people", "money", "share", "number", "text"]
HIDDEN = "fewer than 10, or left out to protect a group of fewer than 10"
UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class ImpactFigure:
    """One figure of a report."""

    key: str
    """The name of the figure for programs."""
    label: str
    """The name for readers."""
    shown: str
    """The figure as it is read."""
    unit: Unit
    """The unit of the value."""
    definition: str
    """The definition of the query, in words."""
    value: int | float | None = None
    """The value: money in minor units, shares from 0 to 1. None where it is not published."""
    currency: str = ""
    """The currency of money."""


@dataclass(frozen=True, slots=True)
class ImpactBars:
    """Several figures that belong together, as bars of one scale."""

    title: str
    figures: tuple[ImpactFigure, ...]
    line: float | None = None
    """A value to compare with, such as the 40 per cent of reinvestment."""
    line_label: str = ""
    empty: str = ""
    """The sentence that a reader gets instead of bars which would show nothing."""

    @property
    def most(self) -> float:
        """Return the value of a whole bar. A whole bar of shares is 100 %, also of one above it."""
        if all(figure.unit == "share" for figure in self.figures):
            return 1.0
        return max([figure.value or 0 for figure in self.figures] + [self.line or 0]) or 1

    def part(self, figure: ImpactFigure) -> float:
        """Return the part of a whole bar, from 0 to 1, that a figure fills."""
        return min((figure.value or 0) / self.most, 1.0)


@dataclass(frozen=True, slots=True)
class ImpactSection:
    """A part of the report."""

    title: str
    figures: tuple[ImpactFigure, ...] = ()
    bars: tuple[ImpactBars, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class ImpactReport:
    """The report of one period."""

    first: date
    last: date
    made_at: datetime
    sections: tuple[ImpactSection, ...]
    head: str = ""
    """The last seal of the ledger from which it was made, in hex."""
    limits: tuple[str, ...] = field(default=())
    """The facts that the report cannot know, in sentences."""

    @property
    def period(self) -> str:
        """Return the period in words. One that goes on says so."""
        words = f"{self.first} to {self.last} (UTC), made {self.made_at:%Y-%m-%d %H:%M} UTC"
        return f"{words}; the period goes on" if self.last >= self.made_at.date() else words

    def rows(self) -> list[tuple[ImpactSection, ImpactFigure]]:
        """Return every figure with its section, in the order of reading."""
        return [
            (section, figure)
            for section in self.sections
            for figure in (*section.figures, *(f for bars in section.bars for f in bars.figures))
        ]

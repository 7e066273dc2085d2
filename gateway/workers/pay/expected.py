"""The expected hourly pay of a batch before it starts, and the price that reaches the floor.

Without measured batches of the kind, the time of an answer follows from the length of its text:
the worker opens the message and sends a reply (`HANDLING_S`), reads `READ_PER_S` characters in a
second, and types a text of `TYPED` characters at `TYPE_PER_S`, where the kind wants a text. With
measured batches it is this time, multiplied by their ratio of measured to modelled time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from statistics import median

HANDLING_S = 15.0
READ_PER_S = 12.0
TYPE_PER_S = 1.0
TYPED = 20.0
LEAST_S = 1.0
"""The least expected seconds of an answer."""
HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Floor:
    """The least pay per hour, in minor units, with the country whose floor it is and its source."""

    country: str
    hourly_minor: int
    source: str


@dataclass(frozen=True, slots=True)
class PayQuote:
    """The pay that workers of a batch can expect in an hour, in minor units."""

    seconds: float
    """The expected seconds per answer."""
    modelled_s: float
    """The seconds according to the model of text length alone."""
    measured: bool
    """True when the expectation follows from measured batches of the kind."""
    hourly_minor: int
    """The expected pay per hour."""
    floor: Floor | None
    """The floor that applies, or None for none."""
    price_for_floor_minor: int | None
    """The least price that reaches the floor, or None where there is no floor."""
    reserve_each_minor: int
    """The money that is set aside at the start for the top-up of each answer."""

    @property
    def below_floor(self) -> bool:
        """Return True when the expected pay is below the floor."""
        return self.floor is not None and self.hourly_minor < self.floor.hourly_minor


def modelled_seconds(characters: float, *, types_text: bool) -> float:
    """Return the seconds of one answer according to the model of text length.

    >>> modelled_seconds(120, types_text=False), modelled_seconds(60, types_text=True)
    (25.0, 40.0)
    """
    typing = TYPED / TYPE_PER_S if types_text else 0.0
    return HANDLING_S + characters / READ_PER_S + typing


def expected_seconds(modelled_s: float, ratios: Sequence[float]) -> float:
    """Return the expected seconds of an answer, from the ratios of measured batches of the kind.

    No worker reads and answers a question in less than `LEAST_S`. Shorter measured times come from
    programs.

    >>> expected_seconds(20.0, []), expected_seconds(20.0, [0.5, 1.5, 9.0])
    (20.0, 30.0)
    >>> expected_seconds(20.0, [0.0])
    1.0
    """
    return max(modelled_s * median(ratios), LEAST_S) if ratios else modelled_s


def price_for(hourly_minor: int, seconds: float) -> int:
    """Return the least price at which answers of `seconds` earn `hourly_minor` in an hour.

    >>> price_for(18_000, 25.0)
    125
    """
    return max(ceil(Fraction(hourly_minor) * Fraction(seconds) / HOUR_S), 1)


def pay_quote(
    price_minor: int,
    *,
    modelled_s: float,
    ratios: Sequence[float],
    floor: Floor | None,
    slower: float,
) -> PayQuote:
    """Return the quote of a batch's pay.

    The reserve covers answers that take `slower` times as long as expected.

    >>> floor = Floor("KE", 18_000, "example")
    >>> q = pay_quote(150, modelled_s=25.0, ratios=[], floor=floor, slower=1.5)
    >>> q.hourly_minor, q.below_floor, q.price_for_floor_minor, q.reserve_each_minor
    (21600, False, 125, 38)
    >>> pay_quote(100, modelled_s=25.0, ratios=[], floor=floor, slower=1.5).below_floor
    True
    """
    seconds = expected_seconds(modelled_s, ratios)
    least = price_for(floor.hourly_minor, seconds) if floor else None
    reserve = 0
    if floor:
        slow = price_for(floor.hourly_minor, seconds * slower)
        reserve = max(slow - price_minor, 0)
    return PayQuote(
        seconds=seconds,
        modelled_s=modelled_s,
        measured=bool(ratios),
        hourly_minor=int(Fraction(price_minor * HOUR_S) / Fraction(seconds)),
        floor=floor,
        price_for_floor_minor=least,
        reserve_each_minor=reserve,
    )

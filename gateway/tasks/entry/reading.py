"""The reading of one field: the worker's words become a value that keeps the field's rules.

A value is stored only when it is certain. Everything else comes back with the phrase that tells the
worker what is wrong with this field.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.phrases.hearing import clean
from gateway.tasks.entry.check_digits import CHECKS, bare_code
from gateway.tasks.entry.fields import size
from gateway.tasks.question import Field

EMPTY = "-"
"""The reply that leaves an optional field empty."""
RANGE, LEAST, MOST = "entry.range", "entry.least", "entry.most"
LENGTH, CHECK, DECIMALS, MISSING = "entry.length", "entry.check", "entry.decimals", "entry.missing"
UNCLEAR = "entry.unclear"
_RULES = frozenset({RANGE, LEAST, MOST, LENGTH, CHECK, DECIMALS})
_NOTHING = frozenset({"-", "--", "\u2013", "\u2014", "none", "n/a"})


@dataclass(frozen=True, slots=True)
class FieldReading:
    """The meaning of the words for one field."""

    value: str | None
    """The value to store, "" for a field left empty, or None where it is not certain."""
    why: str | None = None
    """The phrase that says what is wrong."""
    told: Mapping[str, str] = field(default_factory=dict[str, str])
    """The values of the phrase's placeholders, without the label."""

    @property
    def is_of_type(self) -> bool:
        """Return True for a value of the field's type, even if it breaks a rule of the field."""
        return self.value is not None or self.why in _RULES


ReadField = Callable[[Field, str], FieldReading]
"""A reader of words for one field, in the worker's language."""
ReadType = Callable[[Field, str], FieldReading]
"""A reader of one type, before the field's rules."""


def read_field(given: Field, said: str, read_type: ReadType) -> FieldReading:
    """Return the value of `said` for a field, if it is certain and keeps the field's rules."""
    text = clean(said)
    if given.optional and text.casefold() in _NOTHING:
        return FieldReading("")
    if not text:
        return FieldReading(None, MISSING)
    if given.type == "text" and given.check:
        return _checked(given, bare_code(text))
    found = read_type(given, text)
    return found if found.value is None else kept_rules(given, found.value)


def kept_rules(given: Field, value: str) -> FieldReading:
    """Return the value if it keeps the rules of its field, else what is wrong with it."""
    match given.type:
        case "number" | "date" | "money":
            return _in_range(given, value)
        case "name" | "text":
            return _of_length(given, value)
        case _:
            return FieldReading(value)


def _in_range(given: Field, value: str) -> FieldReading:
    if given.decimals is not None and len(value.partition(".")[2]) > given.decimals:
        return FieldReading(None, DECIMALS, {"most": str(given.decimals)})
    found = size(given, value)
    low = bool(given.least) and found < size(given, given.least)
    high = bool(given.most) and found > size(given, given.most)
    if not low and not high:
        return FieldReading(value)
    if given.least and given.most:
        return FieldReading(None, RANGE, {"least": given.least, "most": given.most})
    key, end = (LEAST, given.least) if low else (MOST, given.most)
    return FieldReading(None, key, {"end": end})


def _of_length(given: Field, value: str) -> FieldReading:
    if given.length_min <= len(value) <= given.length_max:
        return FieldReading(value)
    ends = {"least": str(given.length_min), "most": str(given.length_max)}
    return FieldReading(None, LENGTH, ends)


def _checked(given: Field, code: str) -> FieldReading:
    found = _of_length(given, code)
    if found.value is None or CHECKS[given.check](code):
        return found
    return FieldReading(None, CHECK)

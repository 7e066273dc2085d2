"""The reading of one reply to several fields.

All ways to divide the reply are tried, and a field counts only where every way that can be read
gives it the same value. So no value lands in another field without the worker's knowledge: where
two ways differ, she is asked for exactly those fields, and keeps the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.tasks.entry.pieces import (
    Division,
    certain_division,
    divided,
    named,
    without_label,
)
from gateway.tasks.entry.reading import MISSING, UNCLEAR, FieldReading, ReadField
from gateway.tasks.question import Field

TWO, APART = "entry.two", "entry.apart"
_TEXTS = frozenset({"text", "name"})
_SHOWN_MAX = 24


@dataclass(frozen=True, slots=True)
class RecordReading:
    """The meaning of a reply to several fields."""

    values: Mapping[str, str] = field(default_factory=dict[str, str])
    """The certain values, those that were typed before included."""
    problems: Mapping[str, FieldReading] = field(default_factory=dict[str, FieldReading])
    """The reason why each other field is not certain, by name, in the order of the fields."""
    apart: bool = True
    """False where the reply could not be divided among the fields at all."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """One division and the meaning of its pieces.

    Pieces that are `labelled` all began with their label. `explicit` says that the labels of the
    reply have more than a blank behind them.
    """

    words: Division
    meanings: Mapping[str, FieldReading]
    labelled: bool
    explicit: bool = False

    def value(self, name: str) -> str | None:
        """Return the value of a field, or None where it is not certain or not there."""
        meaning = self.meanings.get(name)
        return meaning.value if meaning else None

    def is_of_type(self, fields: Sequence[Field]) -> bool:
        """Return True if every piece is of its field's type."""
        return all(self.meanings[f.name].is_of_type for f in fields if f.name in self.meanings)

    def values_of(self, fields: Sequence[Field]) -> tuple[str | None, ...]:
        return tuple(self.value(one.name) for one in fields)

    @property
    def clear(self) -> int:
        """Return the number of certain fields."""
        return sum(meaning.value is not None for meaning in self.meanings.values())


def read_record(
    said: str, asked: Sequence[Field], typed: Mapping[str, str], read: ReadField
) -> RecordReading:
    """Return the certain values of a reply.

    `asked` are the fields of the question, and `typed` the values of those that are certain
    already.
    """
    known: dict[tuple[str, str], FieldReading] = {}

    def once(given: Field, words: str) -> FieldReading:
        if (given.name, words) not in known:
            known[given.name, words] = read(given, words)
        return known[given.name, words]

    if typed and (left := [one for one in asked if one.name not in typed]):
        return _again(said, asked, left, typed, once)
    readings = _readings(said, asked, once)
    return _decided(_whole(readings, asked), asked) or _partly(said, asked, readings, once)


def _again(
    said: str,
    asked: Sequence[Field],
    left: Sequence[Field],
    typed: Mapping[str, str],
    read: ReadField,
) -> RecordReading:
    """Return the reading of a reply after some fields were typed.

    It may hold the fields that are left, or the whole record once more, or a correction.
    """
    everything = _decided(_whole(_readings(said, asked, read), asked), asked)
    readings = _readings(said, left, read)
    rest = _decided(_whole(readings, left), left)
    if everything and not everything.problems:
        repeats = all(everything.values[name] == value for name, value in typed.items())
        if rest is None or repeats:
            return everything
        # All of it may be a text for the one field that is left, or all fields anew.
        return RecordReading(typed, {one.name: FieldReading(None, UNCLEAR) for one in left})
    if rest:
        return RecordReading({**typed, **rest.values}, rest.problems)
    found = _labelled(said, asked, read, bare=True)
    if not found.values:
        found = _partly(said, left, readings, read)
    values = {**typed, **found.values}
    problems = {
        one.name: found.problems.get(one.name, FieldReading(None, MISSING))
        for one in asked
        if one.name not in values
    }
    return RecordReading(values, problems, found.apart)


def _readings(said: str, fields: Sequence[Field], read: ReadField) -> list[_Reading]:
    """Return the reading of every division, with and without the labels in front of the pieces."""
    found: list[_Reading] = []
    for division in divided(said, fields):
        found += _with_and_without_labels(division, fields, read)
    found += [
        _reading(division, fields, read, labelled=True)
        for division in named(said, fields, bare=True)
        if len(division) == len(fields)
    ]
    return found


def _with_and_without_labels(
    division: Division, fields: Sequence[Field], read: ReadField
) -> list[_Reading]:
    explicit = all(without_label(one, division[one.name], explicit=True) for one in fields)
    found = [_reading(division, fields, read, labelled=False, explicit=explicit)]
    bare = {one.name: without_label(one, division[one.name]) for one in fields}
    if any(bare.values()):
        stripped = {name: piece or division[name] for name, piece in bare.items()}
        labelled = all(bare.values())
        found.append(_reading(stripped, fields, read, labelled=labelled, explicit=explicit))
    return found


def _reading(
    division: Division,
    fields: Sequence[Field],
    read: ReadField,
    *,
    labelled: bool,
    explicit: bool = False,
) -> _Reading:
    meanings = {one.name: read(one, division[one.name]) for one in fields if one.name in division}
    return _Reading(division, meanings, labelled, explicit)


def _whole(readings: Sequence[_Reading], fields: Sequence[Field]) -> list[_Reading]:
    """Return the readings in which every field is certain."""
    return [one for one in readings if None not in one.values_of(fields)]


def _decided(whole: Sequence[_Reading], fields: Sequence[Field]) -> RecordReading | None:
    """Return the values of the complete readings, where they agree; None without any reading."""
    if not whole:
        return None
    return _agreed(_preferred(whole, fields), fields)


def _preferred(whole: Sequence[_Reading], fields: Sequence[Field]) -> Sequence[_Reading]:
    """Return the readings that count.

    Where every piece begins with its own number, the numbers are labels, unless a piece would be
    another number without it: 2 450 may be 2450. Where one text is asked for, nothing is a label.
    """
    if len(fields) == 1 and fields[0].type in _TEXTS:
        return [one for one in whole if one.labelled == whole[0].explicit] or whole
    labelled = [one for one in whole if one.labelled]
    if len({one.values_of(fields) for one in labelled}) != 1:
        return whole
    others = [one for one in fields if one.type not in _TEXTS]
    return labelled if len({one.values_of(others) for one in whole}) == 1 else whole


def _agreed(readings: Sequence[_Reading], fields: Sequence[Field]) -> RecordReading:
    """Return the fields for which all these readings have the same certain value.

    The others have the problem of the first reading in which they have one.
    """
    values: dict[str, str] = {}
    problems: dict[str, FieldReading] = {}
    for given in fields:
        found = list(dict.fromkeys(one.value(given.name) for one in readings))
        if len(found) == 1 and found[0] is not None:
            values[given.name] = found[0]
            continue
        certain = [value for value in found if value is not None]
        if len(certain) > 1:
            one, other = (value[:_SHOWN_MAX] for value in certain[:2])
            problems[given.name] = FieldReading(None, TWO, {"one": one, "other": other})
            continue
        meanings = (one.meanings.get(given.name) for one in readings)
        unclear = (each for each in meanings if each is not None and each.value is None)
        problems[given.name] = next(unclear, FieldReading(None, MISSING))
    return RecordReading(values, problems)


def _partly(
    said: str, fields: Sequence[Field], readings: Sequence[_Reading], read: ReadField
) -> RecordReading:
    """Return the fields that are certain although the reply as a whole is not.

    The fields of a reply that names them are certain. So are those of a reply in which every piece
    is of its field's type, and of one that cannot be divided otherwise. Where the pieces would all
    be right in another order, no field is certain.
    """
    found = _labelled(said, fields, read, bare=False)
    if found.values:
        return found
    of_type = [one for one in readings if one.is_of_type(fields)]
    best = _preferred(of_type, fields) if of_type else _certain(said, fields, readings, read)
    if not best or any(_fits_in_another_order(one, fields, read) for one in best):
        unclear = {one.name: FieldReading(None, APART) for one in fields}
        return RecordReading({}, unclear, apart=False)
    return _agreed(best, fields)


def _certain(
    said: str, fields: Sequence[Field], readings: Sequence[_Reading], read: ReadField
) -> Sequence[_Reading]:
    """Return the readings of the one certain division, or of labels without any marks."""
    division = certain_division(said, fields)
    if division is not None:
        return _clearest(_with_and_without_labels(division, fields, read))
    labelled = [one for one in readings if one.labelled]
    return _clearest(labelled) if not divided(said, fields) else ()


def _labelled(said: str, fields: Sequence[Field], read: ReadField, *, bare: bool) -> RecordReading:
    """Return the fields of a reply that names them, some or all, with the problems of the rest."""
    divisions = named(said, fields, bare=bare)
    best = _clearest([_reading(one, fields, read, labelled=True) for one in divisions])
    return _agreed(best, fields) if best and best[0].clear else RecordReading(apart=False)


def _clearest(readings: Sequence[_Reading]) -> list[_Reading]:
    most = max((one.clear for one in readings), default=0)
    return [one for one in readings if one.clear == most]


def _fits_in_another_order(reading: _Reading, fields: Sequence[Field], read: ReadField) -> bool:
    """Return True if every piece would be certain for some field, each for another one."""
    if reading.labelled or len(fields) == 1:
        return False
    pieces = [reading.words[one.name] for one in fields]
    fits = [
        [at for at, piece in enumerate(pieces) if read(one, piece).value is not None]
        for one in fields
    ]
    return _can_match(sorted(fits, key=len), frozenset())


def _can_match(fits: Sequence[Sequence[int]], taken: frozenset[int]) -> bool:
    """Return True if each field can have a piece of its own among those that fit it."""
    if not fits:
        return True
    return any(_can_match(fits[1:], taken | {at}) for at in fits[0] if at not in taken)

"""The settling of records: each field by the entries of all workers who keyed it.

Every field is settled for itself. A worker's entry is right with one minus her error rate, and
otherwise one of `RIVALS` wrong values that are equally likely. Two workers who agree may both be
wrong in the same way, which this counts. The order of the entries never matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from zlib import crc32

from gateway.qa.keying.error_rates import error_limit, error_rate
from gateway.qa.keying.records import comparison, fields_of, spelling, to_record
from gateway.qa.skills.skill import Skill

RIVALS = 5.0
"""The equally likely wrong values of a field: two wrong entries are equal in one of five cases."""
SETTLED_MIN = 0.9
"""The least confidence of a field in which entries differed, once a further entry settles it."""
AUDIT_EVERY = 10
"""One in this many records that one entry would decide gets a second all the same.

Otherwise the error rate of a worker who keys alone would never be measured again.
"""
SINGLE, AGREED, SETTLED, OPEN = "single", "agreed", "settled", "open"
"""The ways in which a field got its value."""
_TIE = 1e-9
_RIGHT_MIN, _RIGHT_MAX = 0.05, 0.999


@dataclass(frozen=True, slots=True)
class KeyedField:
    """One field of a record after all entries so far."""

    value: str
    """The most likely value, as it was typed."""
    confidence: float
    """The chance that it is right."""
    entries: int
    """The number of workers who keyed the field."""
    how: str
    """`SINGLE`, `AGREED` (all entries are equal), `SETTLED` (most are equal), or `OPEN`."""
    by: int | None = None
    """The place of the entry that settled it, in the order of the entries; None if none had to."""


def settle(values: Sequence[str], skills: Sequence[Skill], tag: str) -> dict[str, KeyedField]:
    """Return every field that some entry has, settled. A later entry may have fewer fields."""
    by = comparison(tag)
    records = [fields_of(value) for value in values]
    names = [name for name in by.fields if any(name in record for record in records)]
    found: dict[str, KeyedField] = {}
    for name in names:
        places = [at for at, record in enumerate(records) if name in record]
        typed = [records[at][name] for at in places]
        spelt = [spelling(name, value, by) for value in typed]
        errors = [error_rate(skills[at]) for at in places]
        found[name] = _settled(typed, spelt, errors, places)
    return found


def _settled(
    typed: Sequence[str], spelt: Sequence[str], errors: Sequence[float], places: Sequence[int]
) -> KeyedField:
    chances = beliefs(spelt, errors)
    ranked = sorted(chances, key=lambda one: (-round(chances[one], 9), one))
    leader = ranked[0]
    mine = [at for at, one in enumerate(spelt) if one == leader]
    # The typed form that most entries have; a capital or an accent may matter to the client.
    forms = [typed[at] for at in mine]
    value = min(forms, key=lambda form: (-forms.count(form), form))
    entries, different = len(spelt), len(chances)
    tied = different > 1 and chances[ranked[1]] > chances[leader] - _TIE
    how, by = SINGLE, None
    if different > 1:
        is_settled = len(mine) > 1 and not tied and chances[leader] >= SETTLED_MIN
        how, by = (SETTLED, places[mine[-1]]) if is_settled else (OPEN, None)
    elif entries > 1:
        how = AGREED
    return KeyedField(value, chances[leader], entries, how, by)


def beliefs(spelt: Sequence[str], errors: Sequence[float]) -> dict[str, float]:
    """Return the chance of each spelling that was keyed.

    >>> agreed = beliefs(["450", "450"], [0.05, 0.05])
    >>> round(1 - agreed["450"], 5)
    0.00055
    """
    rights = [min(max(1.0 - error, _RIGHT_MIN), _RIGHT_MAX) for error in errors]
    # Sorted, so that rounding does not depend on the order of arrival.
    votes = sorted(zip(spelt, rights, strict=True))
    known = sorted(set(spelt))
    weights = {
        one: prod(right if said == one else (1.0 - right) / RIVALS for said, right in votes)
        for one in known
    }
    unseen = max(0.0, RIVALS + 1.0 - len(known))
    other = unseen * prod((1.0 - right) / RIVALS for _, right in votes)
    total = sum(weights.values()) + other
    return {one: weight / total for one, weight in weights.items()}


@dataclass(frozen=True, slots=True)
class RecordState:
    """A record after all entries so far: its value, and the fields that need another entry."""

    value: str
    confidence: float
    """The confidence of the least certain field."""
    unsure: tuple[str, ...]
    """The fields that need another entry."""
    disputed: bool
    """True if entries differ in one of them."""
    all_unsure: bool
    """True if every field needs another entry."""


def record_state(
    values: Sequence[str], skills: Sequence[Skill], tag: str, error_max: float
) -> RecordState:
    """Return whether a record has entries enough. `error_max` is the share of fields that may err.

    One entry is enough where the upper limit of its worker's error rate is at most `error_max`, two
    where they agree and their errors are rare enough, and otherwise three. A field in which entries
    differ needs a further one that settles it.
    """
    fields = settle(values, skills, tag)
    alone = len(values) == 1 and _keys_alone(values[0], skills[0], error_max)
    unsure = tuple(name for name, one in fields.items() if not (alone or _is_sure(one, error_max)))
    return RecordState(
        to_record({name: one.value for name, one in fields.items()}),
        min((one.confidence for one in fields.values()), default=0.0),
        unsure,
        any(fields[name].how == OPEN for name in unsure),
        len(unsure) == len(fields),
    )


def _is_sure(one: KeyedField, error_max: float) -> bool:
    match one.how:
        case "agreed":
            return one.confidence >= 1.0 - error_max
        case "settled":
            return True
        case _:
            return False


def _keys_alone(value: str, skill: Skill, error_max: float) -> bool:
    """Return True if a worker's single entry is enough, except for a sample that is keyed twice."""
    if error_limit(skill.right, skill.wrong) > error_max:
        return False
    return crc32(value.encode()) % AUDIT_EVERY != 0

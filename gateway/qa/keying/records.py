"""Records as they are stored, and the comparison of their fields.

A record is a JSON object of texts. Its fields are compared by type: a number, a date, an amount, a
choice or a code exactly, a name without case and accents, and a text without case and punctuation.
The tag of the answers' language says which (`record_tag`).
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from gateway.phrases.hearing import fold
from gateway.qa.typed.normalise import normalise

EXACT, NAME, TEXT = "exact", "name", "text"
"""The comparisons of a field."""
_MARK = "-x-record:"


class Comparison(NamedTuple):
    """The comparison of a batch's records: the language of its texts, and each field's own way."""

    language: str
    fields: Mapping[str, str]


def record_tag(language: str, fields: Sequence[tuple[str, str]]) -> str:
    """Return the tag by which records are compared; `fields` are names with their comparisons.

    >>> record_tag("sw", [("amount", "exact"), ("owner", "name")])
    'sw-x-record:amount=exact,owner=name'
    """
    return f"{language}{_MARK}{','.join(f'{name}={how}' for name, how in fields)}"


@lru_cache(maxsize=256)
def comparison(tag: str) -> Comparison:
    """Return the comparison that `record_tag` has written."""
    language, _, fields = tag.partition(_MARK)
    return Comparison(language, dict(one.split("=", 1) for one in fields.split(",") if one))


@lru_cache(maxsize=1024)
def fields_of(value: str) -> Mapping[str, str]:
    """Return the fields of a stored record."""
    found: dict[str, str] = json.loads(value)
    return found


def to_record(values: Mapping[str, str]) -> str:
    """Return fields as a stored record."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def spelling(name: str, value: str, by: Comparison) -> str:
    """Return the spelling by which a value of a field is compared.

    >>> by = comparison("en-x-record:owner=name,code=exact")
    >>> spelling("owner", "JÉRÔME Otieno", by), spelling("code", "A-1", by)
    ('jerome otieno', 'A-1')
    """
    match by.fields.get(name, EXACT):
        case "name":
            return fold(value) or value
        case "text":
            return normalise(value, by.language) or value
        case _:
            return value


def marks(value: str, truth: str, tag: str) -> dict[str, bool]:
    """Return for each field that both records have whether they agree.

    >>> marks('{"a":"1","b":"2"}', '{"b":"3"}', "en-x-record:a=exact,b=exact")
    {'b': False}
    """
    by, keyed, known = comparison(tag), fields_of(value), fields_of(truth)
    return {
        name: spelling(name, keyed[name], by) == spelling(name, known[name], by)
        for name in known
        if name in keyed
    }

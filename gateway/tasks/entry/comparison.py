"""The comparison of the fields of records: exactly, as names, or as texts of a language."""

from collections.abc import Sequence
from functools import lru_cache

from gateway.qa.keying.records import EXACT, NAME, TEXT, record_tag
from gateway.tasks.question import Field


def fields_tag(language: str, fields: Sequence[Field]) -> str:
    """Return the tag by which `gateway.qa` compares records of these fields.

    >>> fields_tag("en", [Field("owner", "name", 1), Field("amount", "money", 2)])
    'en-x-record:owner=name,amount=exact'
    """
    return _tag_of(language, tuple((one.name, _way(one)) for one in fields))


def _way(field: Field) -> str:
    """Return the comparison of a field: what is no plain words must be equal."""
    if field.type == "text" and not field.check:
        return TEXT
    return NAME if field.type == "name" else EXACT


@lru_cache(maxsize=256)
def _tag_of(language: str, ways: tuple[tuple[str, str], ...]) -> str:
    return record_tag(language, ways)

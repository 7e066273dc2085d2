"""The comparison of a batch's typed answers: as texts of a language, as names, or exactly.

The fields of a record are each compared in their own way.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from gateway.qa.keying.records import EXACT, NAME, TEXT, record_tag
from gateway.qa.typed.normalise import tag
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.tasks.entry.fields import from_data
from gateway.tasks.question import Field


def compared_as(rt: Runtime, batch: Batch) -> str:
    """Return the language tag by which `gateway.qa` compares the batch's answers."""
    if batch.fields:
        return _tag_of(batch.language, _ways(batch.fields))
    return compared_in(rt, batch.kind, batch.languages)


def compared_in(
    rt: Runtime,
    kind: str,
    languages: tuple[str, ...] | list[str],
    fields: Sequence[Mapping[str, object]] | None = None,
) -> str:
    """Return the language tag for answers of a kind by workers of these languages.

    Several languages count as none. `fields` are those of the batch, as they are stored.
    """
    language = languages[0] if len(languages) == 1 else ""
    if fields:
        return _tag_of(language, _ways(from_data(fields)))
    return tag(language, rt.kind_of(kind).COMPARED)


def _ways(fields: Sequence[Field]) -> tuple[tuple[str, str], ...]:
    """Return the comparison of each field: what is no plain words must be equal."""
    return tuple((one.name, _way(one)) for one in fields)


def _way(field: Field) -> str:
    if field.type == "text" and not field.check:
        return TEXT
    return NAME if field.type == "name" else EXACT


@lru_cache(maxsize=256)
def _tag_of(language: str, ways: tuple[tuple[str, str], ...]) -> str:
    return record_tag(language, ways)

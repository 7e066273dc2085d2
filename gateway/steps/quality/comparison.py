"""The comparison of a batch's typed answers: as texts of a language, as names, or exactly.

The fields of a record are each compared in their own way.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from gateway.qa.typed.normalise import tag
from gateway.store.batches.batches import Batch
from gateway.tasks.entry.comparison import fields_tag
from gateway.tasks.entry.fields import from_data
from gateway.tasks.port import TaskKind

KindOf = Callable[[str], TaskKind]


@lru_cache(maxsize=256)
def compared_as(kind_of: KindOf, batch: Batch) -> str:
    """Return the language tag by which `gateway.qa` compares the batch's answers."""
    if batch.fields:
        return fields_tag(batch.language, batch.fields)
    return compared_in(kind_of, batch.kind, batch.languages)


def compared_in(
    kind_of: KindOf,
    kind: str,
    languages: tuple[str, ...] | list[str],
    fields: Sequence[Mapping[str, object]] | None = None,
) -> str:
    """Return the language tag for answers of a kind by workers of these languages.

    Several languages count as none. `fields` are those of the batch, as they are stored.
    """
    language = languages[0] if len(languages) == 1 else ""
    if fields:
        return fields_tag(language, from_data(fields))
    return tag(language, kind_of(kind).COMPARED)

"""The comparison of a batch's typed answers: as texts of a language, as names, or exactly."""

from gateway.qa.typed.normalise import tag
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch


def compared_as(rt: Runtime, batch: Batch) -> str:
    """Return the language tag by which `gateway.qa` compares the batch's answers."""
    return compared_in(rt, batch.kind, batch.languages)


def compared_in(rt: Runtime, kind: str, languages: tuple[str, ...] | list[str]) -> str:
    """Return the language tag for answers of a kind by workers of these languages.

    Several languages count as none.
    """
    language = languages[0] if len(languages) == 1 else ""
    return tag(language, rt.kind_of(kind).COMPARED)

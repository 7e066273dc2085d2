"""An answer and the truth as a person reads them: labels of options, and the wrong fields."""

from collections.abc import Set as AbstractSet
from typing import cast

from gateway.qa.keying.records import fields_of, marks
from gateway.steps.quality.comparison import compared_as
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.tasks.port import RecordKind


async def shown_answers(
    rt: Runtime, batch_id: str, value: str, truth: str, language: str
) -> tuple[str, str]:
    """Return an answer and what counts as right, in words of this language.

    Of two records, only the fields in which they differ are shown, each with its label.
    """
    batch = await rt.batches.get(batch_id)
    if not batch.fields:
        labels = {one.id: one.label(language) for one in batch.options}
        return labels.get(value, value), labels.get(truth, truth)
    found = marks(value, truth or "{}", compared_as(rt.kind_of, batch))
    wrong = {name for name, right in found.items() if not right}
    shown = [_record_shown(rt, batch, one, language, wrong) for one in (value, truth) if one]
    return shown[0], shown[1] if len(shown) > 1 else ""


def _record_shown(
    rt: Runtime, batch: Batch, value: str, language: str, wrong: AbstractSet[str]
) -> str:
    """Return the fields of a record that are wrong with their labels, or all values."""
    kind, values = cast("RecordKind", rt.kind_of(batch.kind)), fields_of(value)
    shown: list[str] = []
    for field in batch.fields:
        if field.name in (wrong or values):
            text = kind.shown(field, values[field.name], language)
            shown.append(f"{field.label(language)}: {text}" if wrong else text)
    return "; ".join(shown)

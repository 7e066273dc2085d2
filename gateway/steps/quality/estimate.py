"""The results of a whole batch, estimated by its rule."""

from gateway.steps.quality.comparison import compared_as
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch

SLICE = 5000
"""The number of results in one commit."""


Result = tuple[str, float]


def estimate(
    rt: Runtime, batch: Batch, rows: list[tuple[str, str, str]], gold: dict[str, str]
) -> dict[str, Result]:
    """Return every task's value and confidence by the batch's rule.

    `rows` are (task, worker, answer).
    """
    if not rows:
        return {}
    if rt.kind_of(batch.kind).IS_TEXT:
        from gateway.qa.text import aggregate as texts  # noqa: PLC0415  # rapidfuzz, for text only

        text = texts.aggregate(rows, gold, language=compared_as(rt, batch))
        return dict(zip(text.tasks, zip(text.value, text.confidence, strict=True), strict=True))
    from gateway.qa.batch import aggregate  # noqa: PLC0415  # NumPy, in processes that estimate only
    from gateway.qa.port import encode  # noqa: PLC0415

    answers = encode(rows, batch.option_ids)
    found = aggregate(answers, batch.method, gold or None)
    pairs = zip(found.estimate.value, (float(c) for c in found.confidence), strict=True)
    return dict(zip(answers.tasks, pairs, strict=True))

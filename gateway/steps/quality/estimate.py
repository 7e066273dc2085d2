"""The results of a whole batch, estimated by its rule."""

from gateway.qa.answers.port import BatchRule
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
    return rt.kind_of(batch.kind).ANSWERS.estimate(rows, gold, batch_rule(rt, batch))


def batch_rule(rt: Runtime, batch: Batch) -> BatchRule:
    """Return the choices of a batch on which its estimates depend."""
    return BatchRule(batch.option_ids, batch.method, compared_as(rt.kind_of, batch))

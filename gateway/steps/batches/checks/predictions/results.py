"""The part of a model's predictions in the results of a batch that closes."""

from collections.abc import Sequence

import numpy as np

from gateway.qa.skills.model_trust import code_of, combined
from gateway.steps.quality.judge import weighs_predictions
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.quality import predictions


async def with_predictions(
    rt: Runtime, batch: Batch, results: Sequence[tuple[str, str, float]]
) -> list[tuple[str, str, float]]:
    """Return results (task, value, confidence) with what the batch's predictions say of them.

    The trust is the one that was learned last, so that the same answers give the same results.
    """
    if not weighs_predictions(batch):
        return list(results)
    options = batch.option_ids
    trust = await predictions.trust(rt.db, batch.id, options)
    if trust is None:
        return list(results)
    said = await predictions.of_batch(rt.db, batch.id)
    rows = trust.evidence(np.arange(len(options)))
    joined: list[tuple[str, str, float]] = []
    for task, value, sure in results:
        code = code_of(said.get(task), options)
        found = (value, sure) if code is None else combined((value, sure), options, rows[code])
        joined.append((task, *found))
    await predictions.mark_all_used(rt.db, batch.id)
    return joined

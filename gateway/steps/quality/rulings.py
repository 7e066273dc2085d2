"""The ruling by which a batch decides, as data with a version that every decision keeps.

See `gateway.qa.judging.ruling`.
"""

from functools import lru_cache

from gateway.base.ids import BatchId
from gateway.qa.judging.overlap import CONFIDENCE
from gateway.qa.judging.ruling import Ruling
from gateway.store.batches.batches import Batch
from gateway.store.db import Connection
from gateway.store.quality import rulings

_EVERYBODY = 32_767  # the answers that the policy `all` may want; each task's own slots limit it


@lru_cache(maxsize=256)
def ruling_of(batch: Batch) -> Ruling:
    """Return the current ruling of a batch. Each task holds its own limit of answers."""
    return Ruling(
        batch.option_ids,
        batch.policy,
        batch.confidence or CONFIDENCE,
        batch.method,
        batch.cost_minor,
        _EVERYBODY if batch.policy == "all" else None,
    )


async def switch_on(
    db: Connection,
    batch: BatchId,
    rule: Ruling,
    *,
    by: str,
    reason: str,
    trial: dict[str, object] | None = None,
) -> None:
    """Record that a ruling decides a batch from now on.

    `trial` is the outcome of a dry run on past answers.
    """
    await rulings.keep_ruling(db, rule.version, rule.as_data())
    await rulings.switched(db, batch, rule.version, by, reason, trial)


@lru_cache(maxsize=256)
def version_of(batch: Batch) -> str:
    """Return the version of the batch's current ruling."""
    return ruling_of(batch).version

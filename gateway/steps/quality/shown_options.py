"""The options of a batch in the order in which one worker is shown them."""

from gateway.store.batches.batches import Batch
from gateway.tasks.question import Option
from gateway.tasks.rotation import rotated


def options_for(batch: Batch, worker: int) -> tuple[Option, ...]:
    """Return a batch's options in the order in which this worker is shown them."""
    return rotated(batch.options, batch.id, worker) if batch.handling.rotate else batch.options

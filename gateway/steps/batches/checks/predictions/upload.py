"""The upload of a client's predictions, all or none."""

from pathlib import Path
from typing import cast

from gateway.base import plugins
from gateway.base.errors import Fault, Refused
from gateway.base.ids import ClientId
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import batch_state
from gateway.store.quality import predictions
from gateway.store.quality.predictions import Prediction
from gateway.tasks import kinds
from gateway.tasks.port import TaskKind
from gateway.tasks.predicted import Predicted, read_predictions

_TAKES = ("draft", "running", "paused")
_SHOWN = 20


async def store_predictions(rt: Runtime, client: ClientId, batch_id: str, file: Path) -> int:
    """Store the predictions of a file and return how many there were.

    An earlier prediction of the same task is replaced. Raises Refused naming row and column.
    """
    batch = await rt.batches.get(batch_id)
    if not batch.options:
        raise Refused(
            f"predictions are for questions with options, not for {batch.kind!r}", field="kind"
        )
    found = await rt.helpers.run("read_predictions", file, batch)
    given = cast("list[Predicted]", found)
    async with rt.db.transaction() as db:
        row = await batch_state.lock(db, client, batch_id)
        if row is None:
            raise Refused(f"no batch {batch_id!r}", status=404)
        if row["state"] not in _TAKES:
            raise Refused(f"the batch is {row['state']}: it takes no predictions any more", status=409)  # fmt: skip
        some = [Prediction(one.task, one.value, one.score) for one in given]
        missing = set(await predictions.store(db, batch_id, some))
        if missing:
            unknown = [one for one in given if one.task in missing]
            faults = [Fault(f"there is no task {one.task!r}", "task", one.row) for one in unknown]
            raise Refused(
                f"row {faults[0].row}, task: {faults[0].message}", faults=tuple(faults[:_SHOWN])
            )
    return len(given)


def read_file(path: Path, batch: Batch) -> list[Predicted]:
    """Return the predictions of a file. It runs in a helper process."""
    kind: TaskKind = plugins.load(kinds, batch.kind)  # pyright: ignore[reportAssignmentType]  # a kind is its module
    with path.open("rb") as file:
        return read_predictions(file, kind, batch.options)

"""The tasks of a batch as a whole: their number, their texts, and their gold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.base.ids import BatchId
from gateway.store.db import Connection, Database, Row


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to be inserted."""

    name: str
    """The client's id for the task."""
    text: str
    """The text of the question."""
    gold: str | None
    """The truth of a gold task, else None."""
    wanted: int
    """The number of answers that the task needs at first."""
    maximum: int
    """The largest number of paid answers."""
    audience: dict[str, list[object]] | None = None
    """The workers who may be asked; None for all."""
    workers: Sequence[int] = ()
    """The ids of the workers to whom the task is addressed, in the order in which they are asked.
    """
    min_skill: float | None = None
    """The least skill of the workers who may be asked; None for all."""
    gold_reason: str | None = None
    """The reason why the truth of a gold task is right, if it has one."""
    own: Mapping[str, object] = field(default_factory=dict[str, object])
    """The client's own columns."""
    predicted: tuple[str, float | None] | None = None
    """The prediction of a model of the client's, and its score, if the file had one."""


async def filled_of(db: Database, batch: str) -> Row:
    """Return `filled` and `weights` of a batch. Each is None if it has not been computed yet."""
    found = await db.row("select filled, weights from batch where id = $1", batch)
    assert found is not None
    return found


async def own_columns(db: Database, batch: str) -> list[str]:
    """Return the names of the client's own columns in a batch, in the order of its uploads."""
    found = await db.value("select filled->'columns' from batch where id = $1", batch)
    return list(found or ())


async def counts(db: Database, batch: BatchId) -> dict[str, int]:
    """Count the tasks of a batch and the answers they may get (see `steps.batches.prepare`)."""
    row = await db.row(
        """select count(*) filter (where gold is null) as tasks, count(gold) as golds,
             coalesce(sum(maximum), 0)::bigint as most,
             coalesce(sum(wanted) filter (where gold is null), 0)::bigint as least,
             coalesce(max(maximum) filter (where gold is null), 0)::int as overlap
           from task where batch_id = $1 and position <= (select coalesce(filled_to, 2147483647) from batch where id = $1)""",
        batch,
    )
    assert row is not None
    return dict(row)


async def keep_filled(db: Database, batch: BatchId, filled: Mapping[str, object]) -> None:
    """Store `filled` of a batch whose uploads came before the column existed."""
    await db.execute(
        "update batch set filled = $2 where id = $1 and filled is null", batch, dict(filled)
    )


async def keep_weights(
    db: Database, batch: str, filled: Mapping[str, object] | None, weights: Mapping[str, object]
) -> None:
    """Store the weights of messages, unless another upload came meanwhile."""
    await db.execute(
        """update batch set weights = coalesce(weights, '{}') || $3
           where id = $1 and filled is not distinct from $2""",
        batch,
        filled and dict(filled),
        dict(weights),
    )


async def sample_of_texts(db: Database, batch: BatchId, most: int) -> list[str]:
    """Return texts of the batch's tasks, evenly distributed from first to last."""
    rows = await db.rows(
        """select text from task where batch_id = $1 and gold is null
             and position % greatest(1, (select count(*) from task where batch_id = $1) / $2) = 0
             and position <= (select coalesce(filled_to, 2147483647) from batch where id = $1)
           order by position limit $2""",
        batch,
        most,
    )
    return [row["text"] for row in rows]


async def first_texts(db: Database, batch: BatchId, most: int) -> list[tuple[str, str]]:
    """Return the name and the text of the first real tasks, in order."""
    rows = await db.rows(
        """select name, text from task where batch_id = $1 and gold is null
             and position <= (select coalesce(filled_to, 2147483647) from batch where id = $1)
           order by position limit $2""",
        batch,
        most,
    )
    return [(row["name"], row["text"]) for row in rows]


async def texts(db: Database, batch: BatchId) -> list[tuple[str, str]]:
    """Return the name and the text of every task, in order."""
    rows = await db.rows(
        """select name, text from task where batch_id = $1
             and position <= (select coalesce(filled_to, 2147483647) from batch where id = $1) order by position""",
        batch,
    )
    return [(row["name"], row["text"]) for row in rows]


async def cap_gold(db: Connection, batch: BatchId, workers: int) -> None:
    """Limit the answers that a draft's gold question wants to `workers`, since each sees it once.

    Gold that is addressed to named workers keeps its own number.
    """
    await db.execute(
        """update task set maximum = $2, wanted = $2
           where batch_id = $1 and gold is not null and not directed and maximum > $2""",
        batch,
        workers,
    )


async def gold_above(db: Database, batch: BatchId, workers: int) -> int:
    """Return how many paid answers `cap_gold` would remove from a draft.

    The number is 0 for a batch that has started.
    """
    return await db.value(
        """select coalesce(sum(t.maximum - $2), 0)::bigint from task t join batch b on b.id = t.batch_id
           where b.id = $1 and b.state = 'draft' and t.position <= coalesce(b.filled_to, t.position) and t.gold is not null and not t.directed and t.maximum > $2""",
        batch,
        workers,
    )


async def paid_slots(db: Connection, batch: BatchId) -> int:
    """Return the largest number of answers that the batch may have to pay."""
    return await db.value("select coalesce(sum(maximum), 0) from task where batch_id = $1", batch)


@dataclass(frozen=True, slots=True)
class BatchGold:
    """A gold task of a batch."""

    name: str
    gold: str


async def gold_of(db: Database, batch: str) -> list[BatchGold]:
    """Return the name and the known answer of each gold task of a batch."""
    rows = await db.rows(
        "select name, gold from task where batch_id = $1 and gold is not null", batch
    )
    return [BatchGold(**row) for row in rows]

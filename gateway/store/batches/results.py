"""The results of a batch, task by task."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from gateway.store.batches.reviews import NOT_FINAL
from gateway.store.db import Connection, Database

_PAGE = 2000
_STREAMED_PAGE = 1000
"""The tasks of a page that is written at once. Writing it must not hold up other callers."""
_GOLD_ANSWERED = """select count(*) from task
  where batch_id = $1 and gold is not null and promoted_from is null and answered > 0"""


async def gold_answered(db: Database, batch: str) -> int:
    """Return how many of the client's gold tasks were answered.

    The batch's confidences can be checked with these. Results that became gold are left out, since
    they are what is to be checked.
    """
    return await db.value(_GOLD_ANSWERED, batch)


async def checked_in(db: Connection, batch: str) -> tuple[int, str]:
    """Return `gold_answered` and the batch's state as a transaction sees them."""
    return await db.value(_GOLD_ANSWERED, batch), await db.value(
        "select state from batch where id = $1", batch
    )


async def state_of(db: Database, batch: str) -> str | None:
    """Return a batch's state, or None when there is no such batch."""
    return await db.value("select state from batch where id = $1", batch)


_ENTRIES: Final = """array(select a.worker_id from answer a where a.task_id = t.id and not a.void order by a.id) as workers,
  (select a.judged->-1->'skills' from answer a where a.task_id = t.id and a.judged is not null order by a.id desc limit 1) as skills"""
_NO_ENTRIES: Final = "null::bigint[] as workers, null::jsonb as skills"
_PREDICTED: Final = (
    "(select p.value from prediction p where p.task_id = t.id and p.used) as prediction"
)
_NOT_PREDICTED: Final = "null::text as prediction"


@dataclass(frozen=True, slots=True)
class ResultsAsked:
    """The part of a batch's results that a client asks for."""

    after: int = 0
    """The position behind which results begin."""
    state: str | None = None
    decided_after: datetime | None = None
    with_text: bool = False
    """Read the question of each task, too."""
    with_gold: bool = False
    """Read gold tasks, too."""


ALL: Final = ResultsAsked()


async def position_of(db: Database, batch: str, task: str) -> int | None:
    """Return the position of a task by the client's id, or None when there is no such task."""
    return await db.value(
        "select position from task where batch_id = $1 and name = $2", batch, task
    )


class StoredResult(NamedTuple):
    """The result of one task as it is stored."""

    position: int
    name: str
    """The client's id of the task."""
    gold: str | None
    gold_reason: str | None
    """The reason why the gold is right, where gold was asked for."""
    text: str
    """The question, where it was asked for."""
    own: dict[str, Any] | None
    """The client's own columns."""
    decided_at: datetime | None
    value: str | None
    confidence: float | None
    answered: int
    rule: str | None
    state: str
    values: list[str]
    """The counted answers, oldest first."""
    workers: Sequence[int] | None
    """The workers behind the values, for records."""
    skills: Any
    """Their skills when the task was last judged, for records."""
    prediction: str | None
    """The prediction that counted, where it was asked for."""


@dataclass(frozen=True, slots=True)
class ResultsOfBatch:
    """The results of one batch that are read, and how."""

    batch: str
    method: str
    confidence: float
    """The confidence below which a decided task is for review."""
    entries: bool = False
    """Read the workers of the answers and their skills when the task was last judged, too."""
    predicted: bool = False
    """Read the prediction that counted, too."""
    asked: ResultsAsked = ALL

    async def each(self, db: Database) -> AsyncGenerator[StoredResult]:
        """Yield the results in the client's order.

        The tasks are read page by page, so that memory stays flat.
        """
        position: int | None = self.asked.after
        while position is not None:
            page, position = await self._page(db, position, _PAGE)
            for row in page:
                yield row

    async def pages(self, db: Database) -> AsyncGenerator[list[StoredResult]]:
        """Yield the results page by page. The next page is read while one is used."""
        ahead = asyncio.create_task(self._page(db, self.asked.after, _STREAMED_PAGE))
        try:
            while True:
                page, position = await ahead
                if position is None:
                    return
                ahead = asyncio.create_task(self._page(db, position, _STREAMED_PAGE))
                await asyncio.sleep(
                    0
                )  # The statement is sent before this page takes the processor.
                yield page
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)

    async def _page(
        self, db: Database, position: int, most: int
    ) -> tuple[list[StoredResult], int | None]:
        """Return the results behind a position and the last position, which is None at the end.

        The results of a closed batch are read from where `store.batches.background` keeps them
        until they are copied to the tasks.
        """
        asked = self.asked
        kept = "t.promoted_from is null" if asked.with_gold else "t.gold is null"
        # The end of the page comes first. A plan for any value of a filter does not know that a
        # page is short, and would read all further tasks of the batch for each.
        until = await db.value(
            f"""select max(position) from (select t.position from task t where t.batch_id = $1 and {kept} and t.position > $2
                 order by t.position limit $3) page""",
            self.batch,
            position,
            most,
        )
        if until is None:
            return [], None
        # The columns have the order of the fields of StoredResult.
        rows = await db.rows(
            f"""select * from (select t.position, t.name, t.gold, {"t.gold_reason" if asked.with_gold else "null as gold_reason"}, {"t.text" if asked.with_text else "'' as text"}, t.own, t.decided_at, coalesce(e.value, t.value) as value, coalesce(e.confidence, t.confidence) as confidence,
                 t.answered, case when e.value is null or t.rule = 'ambiguous' then t.rule else $4 end as rule,
                 case when t.state = 'review' and t.rule = 'ambiguous' then 'ambiguous'
                      when t.state = 'decided' and e.confidence < $5 and t.value is distinct from e.value then 'review'
                      else t.state end as state,
                 array(select a.value from answer a where a.task_id = t.id and not a.void order by a.id) as values,
                 {_ENTRIES if self.entries else _NO_ENTRIES}, {_PREDICTED if self.predicted else _NOT_PREDICTED}
               from task t left join estimate e on e.task_id = t.id and {NOT_FINAL.format(task="t")}
                 and (select state = 'done' from batch where id = $1)
               where t.batch_id = $1 and {kept} and t.position > $2 and t.position <= $3
                 and t.position <= (select coalesce(filled_to, 2147483647) from batch where id = $1)
                 and ($7::timestamptz is null or t.decided_at >= $7)) t
               where $6::text is null or t.state = $6 order by t.position""",
            self.batch,
            position,
            until,
            self.method,
            self.confidence,
            asked.state,
            asked.decided_after,
        )
        return [StoredResult._make(row.values()) for row in rows], until


def of_batch(
    db: Database,
    batch: str,
    method: str,
    confidence: float,
    *,
    entries: bool = False,
    asked: ResultsAsked = ALL,
) -> AsyncGenerator[StoredResult]:
    """Yield every real task (no gold) with its answers in the client's order."""
    return ResultsOfBatch(batch, method, confidence, entries, asked=asked).each(db)

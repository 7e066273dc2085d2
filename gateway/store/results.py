"""Results of a batch, task by task."""

from collections.abc import AsyncGenerator

from gateway.store.db import Database, Row

_PAGE = 2000


async def of_batch(db: Database, batch: str) -> AsyncGenerator[Row]:
    """Every real task (no gold) in the client's order, read page by page so that memory stays flat."""
    position = 0
    while True:
        rows = await db.rows(
            """select position, name,
                 case when state = 'review' and rule = 'ambiguous' then 'ambiguous' else state end as state, value, confidence, answered, rule from task
               where batch_id = $1 and gold is null and position > $2 order by position limit $3""",
            batch,
            position,
            _PAGE,
        )
        for row in rows:
            yield row
        if len(rows) < _PAGE:
            return
        position = rows[-1]["position"]

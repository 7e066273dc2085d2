"""The workers to whom a client's tasks may be addressed: partners by name, workers by id only."""

from gateway.base.ids import ClientId
from gateway.store.db import Database, Row

_PAGE = 1000


async def partners(db: Database) -> list[Row]:
    return await db.rows("select id, code, name, state from partner order by id")


async def workers(db: Database, client: ClientId, after: int) -> list[Row]:
    """Return active workers who are paid in the client's currency.

    The rows hold nothing that identifies them.
    """
    return await db.rows(
        """select w.id, w.partner_id as partner, w.language from worker w
           where w.state = 'active' and w.id > $2 and w.currency = (select currency from client where id = $1)
           order by w.id limit $3""",
        client,
        after,
        _PAGE,
    )

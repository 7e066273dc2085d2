"""Who a client's tasks may be put to: partners by name, workers by number only."""

from gateway.ids import ClientId
from gateway.store.db import Database, Row

_PAGE = 1000


async def partners(db: Database) -> list[Row]:
    return await db.rows("select id, code, name from partner order by id")


async def workers(db: Database, client: ClientId, after: int) -> list[Row]:
    """Active workers who are paid in the client's money: nothing that tells who they are."""
    return await db.rows(
        """select w.id, w.partner_id as partner, w.language from worker w
           where w.state = 'active' and w.id > $2 and w.currency = (select currency from client where id = $1)
           order by w.id limit $3""",
        client,
        after,
        _PAGE,
    )

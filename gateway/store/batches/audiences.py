"""The workers to whom a client's tasks may be addressed."""

from dataclasses import dataclass

from gateway.base.ids import ClientId, WorkerId
from gateway.store.db import Database, Row

_PAGE = 1000


async def partners(db: Database) -> list[Row]:
    return await db.rows("select id, code, name, state from partner order by id")


@dataclass(frozen=True, slots=True)
class AudienceWorker:
    """A worker who may be asked, with nothing that identifies her."""

    id: WorkerId
    partner: int | None
    language: str


async def workers(db: Database, client: ClientId, after: int) -> list[AudienceWorker]:
    """Return active workers who are paid in the client's currency."""
    rows = await db.rows(
        """select w.id, w.partner_id as partner, w.language from worker w
           where w.state = 'active' and w.id > $2 and w.currency = (select currency from client where id = $1)
           order by w.id limit $3""",
        client,
        after,
        _PAGE,
    )
    return [AudienceWorker(row["id"], row["partner"], row["language"]) for row in rows]

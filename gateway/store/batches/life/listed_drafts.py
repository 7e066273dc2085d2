"""The drafts of all clients, for a gateway on which everything is simulated."""

from dataclasses import dataclass

from gateway.store.db import Database


@dataclass(frozen=True, slots=True)
class ListedDraft:
    """A draft that has tasks."""

    id: str
    name: str
    client: str


async def newest(db: Database, limit: int) -> list[ListedDraft]:
    """Return the newest drafts that have tasks."""
    rows = await db.rows(
        """select b.id, b.name, c.name as client from batch b join client c on c.id = b.client_id
           where b.state = 'draft' and exists (select from task t where t.batch_id = b.id and t.gold is null)
           order by b.created_at desc, b.id limit $1""",
        limit,
    )
    return [ListedDraft(**row) for row in rows]

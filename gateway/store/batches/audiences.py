"""The workers to whom a client's tasks may be addressed."""

from dataclasses import dataclass

from gateway.base.ids import ClientId, WorkerId
from gateway.store.batches.batches import Batch
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


async def crowd(db: Database, batch: Batch) -> list[tuple[str, str, str, int, str]]:
    """Return the active workers who may be asked, counted by group.

    A row has region, language, SMS channel, the number of workers, and their reach (sms, ussd).
    """
    rows = await db.rows(
        """select region, language, sms_channel, reach, count(*) as workers from worker w
           where state = 'active' and currency = $1 and (cardinality($2::text[]) = 0 or language = any($2))
             and ($3::real = 0 or $3::real <= (select skill_mean(s."right", s.wrong, s.learned_at)
               from (values (1)) one left join skill s on s.worker_id = w.id and s.kind = $4))
           group by 1, 2, 3, 4 order by 1, 2, 3, 4""",
        batch.currency,
        list(batch.languages),
        batch.handling.min_skill,
        batch.kind,
    )
    return [(r["region"], r["language"], r["sms_channel"], r["workers"], r["reach"]) for r in rows]

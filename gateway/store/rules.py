"""The rules that decide, by version; and which batch was decided by which, from when."""

from collections.abc import Mapping

from gateway.store.db import Connection, Database, Row


async def keep(db: Connection, version: str, data: Mapping[str, object]) -> None:
    await db.execute(
        "insert into ruling (version, data) values ($1, $2) on conflict do nothing", version, data
    )


async def switched(
    db: Connection,
    batch: str,
    version: str,
    by: str,
    reason: str,
    trial: Mapping[str, object] | None,
) -> None:
    await db.execute(
        "insert into batch_ruling (batch_id, version, by, reason, trial) values ($1, $2, $3, $4, $5)",
        batch,
        version,
        by,
        reason,
        trial,
    )


async def of_batch(db: Database, batch: str) -> list[Row]:
    """All rules the batch was ever decided by, oldest first, with how many of its results each decided."""
    return await db.rows(
        """select s.created_at as at, s.version, s.by, s.reason, s.trial, r.data,
             (select count(*) from task t where t.batch_id = s.batch_id and t.ruling = s.version) as decided
           from batch_ruling s join ruling r on r.version = s.version where s.batch_id = $1 order by s.id""",
        batch,
    )

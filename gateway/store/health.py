"""The health of the gateway, counted from the rows.

It serves `gateway doctor`, `gateway outbox` and /metrics.
"""

from dataclasses import dataclass
from typing import Any

from gateway.store.db import Database, Row

TICKER_LOCK = 7_301_002

_FIGURES = """
select
  (select jsonb_object_agg(state, n) from (
      select 'queued' as state, count(*) as n from outbox where state = 'queued'
      union all select 'sending', count(*) from outbox where state = 'sending'
      union all select 'unknown', count(*) from outbox where state = 'unknown') o where n > 0) as outbox,
  (select extract(epoch from now() - min(due_at))::float8 from outbox where state = 'queued' and due_at <= now())
    as outbox_oldest_s,
  (select jsonb_object_agg(state, n) from (select state, count(*) as n from inbox where state <> 'done' group by state) i)
    as inbox,
  (select jsonb_object_agg(state, n) from
    (select state, count(*) as n from payout where settled_at is null group by state) p) as payouts_open,
  (select extract(epoch from now() - min(created_at))::float8 from payout where settled_at is null) as payouts_oldest_s,
  (select jsonb_object_agg(state, n) from (select state, count(*) as n from batch group by state) b) as batches,
  (select jsonb_object_agg(state, n) from (select state, count(*) as n from worker group by state) w) as workers,
  (select coalesce(pg_sequence_last_value(pg_get_serial_sequence('answer', 'id')::regclass), 0)) as answers
"""


@dataclass(frozen=True, slots=True)
class HealthFigures:
    """The numbers of rows by state. Messages count only while they are open.

    A value `*_oldest_s` is the number of seconds that the oldest row waits beyond its time, or None
    when none does.
    """

    outbox: dict[str, int]
    """The messages that are not final."""
    outbox_oldest_s: float | None
    """The wait of the oldest message."""
    inbox: dict[str, int]
    """The events."""
    payouts_open: dict[str, int]
    """The payouts that are not final."""
    payouts_oldest_s: float | None
    """The wait of the oldest payout."""
    batches: dict[str, int]
    """The batches."""
    workers: dict[str, int]
    """The workers."""
    answers: int
    """The number of the last answer. A few numbers belong to turns that were undone."""


async def figures(db: Database) -> HealthFigures:
    row = await db.row(_FIGURES)
    assert row is not None
    return HealthFigures(**{name: _or_empty(name, value) for name, value in row.items()})


def _or_empty(name: str, value: Any) -> Any:  # a column may hold anything
    """Return an empty object in place of none, for a table without rows."""
    return {} if value is None and not name.endswith("_s") else value


async def sql_digest(db: Database) -> str | None:
    """Return the version of the functions, or None in a database that was never migrated."""
    if await db.value("select to_regclass('sql_version')") is None:
        return None
    return await db.value("select digest from sql_version")


async def revision(db: Database) -> str | None:
    """Return the revision of the schema, or None in a database that was never migrated."""
    if await db.value("select to_regclass('alembic_version')") is None:
        return None
    return await db.value("select version_num from alembic_version")


async def ticker_leads(db: Database) -> bool:
    """Return whether a scheduler (`gateway ticker`) holds the lead now."""
    return await db.value(
        """select exists (select from pg_locks where locktype = 'advisory' and granted and objid = $1
             and database = (select oid from pg_database where datname = current_database()))""",
        TICKER_LOCK,
    )


async def sealed(db: Database) -> list[Row]:
    """Return the sealed values that still have to be opened, and the newest workers' numbers.

    A row has `what` (the kind of value) and the `sealed` bytes. Only the right secret key opens
    them.
    """
    return await db.rows(
        """(select 'workers' as what, msisdn_sealed as sealed from worker order by id desc limit 1000)
           union all (select 'open payouts', to_sealed from payout where settled_at is null limit 1000)
           union all (select 'messages', to_sealed from outbox where state in ('queued', 'unknown') limit 1000)
           union all (select 'events', body_sealed from inbox where state <> 'done' and body_sealed is not null limit 1000)"""
    )


async def paused_providers(db: Database) -> list[Row]:
    return await db.rows(
        "select provider, until, reason from provider_pause where until > now() order by provider"
    )

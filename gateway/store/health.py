"""How the gateway is doing, counted from the rows: for `gateway doctor`, `gateway outbox` and /metrics."""

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
class Figures:
    """Rows by state, of messages those that are not over.

    `answers`: the number that the last one got; the few whose turn was undone have one, too.
    `*_oldest_s`: seconds that the oldest one waits beyond its time; None when none does.
    """

    outbox: dict[str, int]
    outbox_oldest_s: float | None
    inbox: dict[str, int]
    payouts_open: dict[str, int]
    payouts_oldest_s: float | None
    batches: dict[str, int]
    workers: dict[str, int]
    answers: int


async def figures(db: Database) -> Figures:
    row = await db.row(_FIGURES)
    assert row is not None
    return Figures(**{name: _or_empty(name, value) for name, value in row.items()})


def _or_empty(name: str, value: Any) -> Any:  # a column may hold anything
    """No rows at all make no object."""
    return {} if value is None and not name.endswith("_s") else value


async def sql_digest(db: Database) -> str | None:
    """Which version of the functions runs; None in a database that was never migrated."""
    if await db.value("select to_regclass('sql_version')") is None:
        return None
    return await db.value("select digest from sql_version")


async def revision(db: Database) -> str | None:
    """Return the revision of the database's schema; None in a database that was never migrated."""
    if await db.value("select to_regclass('alembic_version')") is None:
        return None
    return await db.value("select version_num from alembic_version")


async def ticker_leads(db: Database) -> bool:
    """Whether some `gateway ticker` holds the lead now."""
    return await db.value(
        """select exists (select from pg_locks where locktype = 'advisory' and granted and objid = $1
             and database = (select oid from pg_database where datname = current_database()))""",
        TICKER_LOCK,
    )


async def sealed(db: Database) -> list[Row]:
    """What is sealed, as far as something waits for it to be opened, and the latest workers' numbers: `what` it is, and
    the `sealed` bytes. They open with the right secret key only."""
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

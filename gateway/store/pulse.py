"""How payout operators are doing: who is silent, who is stopped, who settles first. The rules are in `sql/health.sql`."""

from datetime import datetime

from gateway.store.db import Database, Row


async def silent(db: Database, provider: str, now: datetime) -> None:
    await db.execute("select provider_silent($1, $2)", provider, now)


async def heard(db: Database, provider: str, now: datetime) -> int:
    """How many open payouts are asked about now; 0 where it was not silent."""
    return await db.value("select provider_heard($1, $2)", provider, now)


async def share(db: Database, provider: str) -> tuple[int, int]:
    """Payments sent in the last ten minutes, and of how many of them nobody knows."""
    row = await db.row("select * from provider_share($1)", provider)
    assert row is not None
    return row["sent"], row["unknown"]


async def stop(db: Database, provider: str, now: datetime, reason: str) -> None:
    await db.execute("select provider_stops($1, $2, $3)", provider, now, reason)


async def settle_first(db: Database, now: datetime) -> int:
    """How many payouts were in flight and are asked about before anything is sent."""
    return await db.value("select settle_first($1)", now)


async def tend(db: Database, now: datetime) -> None:
    await db.execute("select tend_providers($1)", now)


async def in_transit(db: Database) -> tuple[int, int]:
    """What the ledger says is on its way, and what the open payouts come to: the same, in every snapshot."""
    row = await db.row(
        """with way as (select id from account where kind = 'payout_in_transit')
           select coalesce((select sum(amount) from transfer where credit in (select id from way)), 0)::bigint
               - coalesce((select sum(amount) from transfer where debit in (select id from way)), 0)::bigint as booked,
             (select coalesce(sum(amount), 0)::bigint from payout where settled_at is null) as open"""
    )
    assert row is not None
    return row["booked"], row["open"]


async def ailing(db: Database) -> list[Row]:
    """Providers that are silent, stopped or settling."""
    return await db.rows(
        """select * from provider_health
           where silent_since is not null or stopped_at is not null or settling_at is not null order by provider"""
    )

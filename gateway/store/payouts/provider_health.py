"""The health of payout providers. The rules are in `store/sql/health.sql`.

A provider can be silent, stopped, or settling open payouts before new ones are sent.
"""

from datetime import datetime

from gateway.store.db import Database, Row


async def silent(db: Database, provider: str, now: datetime) -> None:
    await db.execute("select provider_silent(p_provider => $1, p_now => $2)", provider, now)


async def heard(db: Database, provider: str, now: datetime) -> int:
    """Record that a provider answers again, and return how many open payouts are queried now.

    The number is 0 when the provider was not silent.
    """
    return await db.value("select provider_heard(p_provider => $1, p_now => $2)", provider, now)


async def recent_outcomes(db: Database, provider: str) -> tuple[int, int]:
    """Return the payments sent in the last ten minutes, and how many have an unknown outcome."""
    row = await db.row("select * from provider_share($1)", provider)
    assert row is not None
    return row["sent"], row["unknown"]


async def stop_provider(db: Database, provider: str, now: datetime, reason: str) -> None:
    await db.execute(
        "select provider_stops(p_provider => $1, p_now => $2, p_reason => $3)",
        provider,
        now,
        reason,
    )


async def settle_first(db: Database, now: datetime) -> int:
    """Let the payouts in flight be queried before anything is sent, and return how many."""
    return await db.value("select settle_first($1)", now)


async def tend(db: Database, now: datetime) -> None:
    await db.execute("select tend_providers($1)", now)


async def in_transit(db: Database) -> tuple[int, int]:
    """Return the sum in transit according to the ledger, and the sum of the open payouts.

    The two are equal in every snapshot.
    """
    row = await db.row(
        """with way as (select id from account where kind = 'payout_in_transit')
           select coalesce((select sum(amount) from transfer where credit in (select id from way)), 0)::bigint
               - coalesce((select sum(amount) from transfer where debit in (select id from way)), 0)::bigint as booked,
             (select coalesce(sum(amount), 0)::bigint from payout where settled_at is null) as open"""
    )
    assert row is not None
    return row["booked"], row["open"]


async def ailing(db: Database) -> list[Row]:
    """Return the providers that are silent, stopped or settling."""
    return await db.rows(
        """select * from provider_health
           where silent_since is not null or stopped_at is not null or settling_at is not null order by provider"""
    )

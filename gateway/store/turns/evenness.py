"""The even distribution of work: recent earnings, who yields, and the figures of the report."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.store.db import Database

_SAMPLE = 2000


async def count_recent_pay(db: Database, now: datetime, most: int, due_at: datetime) -> int:
    """Count the newest answers into the recent earnings, and return how many were counted."""
    return await db.value(
        "select count_recent_pay(p_now => $1, p_most => $2, p_due => $3)", now, most, due_at
    )


async def yield_to_others(
    db: Database, now: datetime, until: datetime, again: timedelta, rules: Mapping[str, object]
) -> int:
    """Let workers who earned more yield to idle ones while work is short; return their number."""
    return await db.value(
        "select yield_to_others(p_now => $1, p_until => $2, p_again => $3, p_sample => $4, p_rules => $5)",
        now,
        until,
        again,
        _SAMPLE,
        dict(rules),
    )


@dataclass(frozen=True, slots=True)
class RecentEarnings:
    """The recent earnings of the active workers of one currency who answered lately."""

    currency: str
    earned: tuple[int, ...]
    yielding: int
    """The number of workers who yield to others now."""


async def recent_earnings(db: Database, now: datetime, most: int) -> list[RecentEarnings]:
    """Return the recent earnings by currency, of the `most` workers who answered last."""
    rows = await db.rows(
        """select w.currency, array_agg(round(faded(r.earned, r.refreshed_at, $1))::bigint order by r.worker_id) as earned,
             count(*) filter (where w.yields_until > now()) as yielding
           from (select * from recent_pay order by refreshed_at desc limit $2) r join worker w on w.id = r.worker_id
           where w.state = 'active' group by w.currency order by w.currency""",
        now,
        most,
    )
    return [RecentEarnings(r["currency"], tuple(r["earned"]), r["yielding"]) for r in rows]

"""The progress of polling each channel's provider for the messages that it received."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.store.db import Database


async def plan(db: Database, every_s: Mapping[str, float]) -> None:
    """Set the channels that are polled, and how often. All others are removed."""
    async with db.transaction() as connection:
        await connection.execute("delete from poll where channel <> all($1)", list(every_s))
        await connection.execute(
            """insert into poll (channel, every_s) select * from unnest($1::text[], $2::float8[])
               on conflict (channel) do update set every_s = excluded.every_s""",
            list(every_s),
            list(every_s.values()),
        )


@dataclass(frozen=True, slots=True)
class ClaimedPoll:
    """The place from which a provider's list is read."""

    last_id: str
    created_at: datetime


async def claim(db: Database, channel: str, now: datetime) -> ClaimedPoll | None:
    """Claim the poll of a channel and return where to go on.

    Return None when the poll is not due (another runner does it). The poll is due again after its
    interval, whatever happens.
    """
    row = await db.row(
        """update poll set due_at = $2::timestamptz + make_interval(secs => every_s)
           where channel = $1 and due_at <= $2 returning last_id, created_at""",
        channel,
        now,
    )
    return ClaimedPoll(**row) if row else None


async def note(db: Database, channel: str, last_id: str) -> None:
    await db.execute("update poll set last_id = $2 where channel = $1", channel, last_id)

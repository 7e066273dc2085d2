"""How far each channel's provider has been asked for the messages it received, and when it is asked again."""

from collections.abc import Mapping
from datetime import datetime

from gateway.store.db import Database, Row


async def plan(db: Database, every_s: Mapping[str, float]) -> None:
    """The channels that are asked, and how often; no others are any more."""
    async with db.transaction() as connection:
        await connection.execute("delete from poll where channel <> all($1)", list(every_s))
        await connection.execute(
            """insert into poll (channel, every_s) select * from unnest($1::text[], $2::float8[])
               on conflict (channel) do update set every_s = excluded.every_s""",
            list(every_s),
            list(every_s.values()),
        )


async def claim(db: Database, channel: str, now: datetime) -> Row | None:
    """Where to go on; None when it is not due (another runner is at it).

    Due again after its time, whatever comes.
    """
    return await db.row(
        """update poll set due_at = $2::timestamptz + make_interval(secs => every_s)
           where channel = $1 and due_at <= $2 returning last_id, created_at""",
        channel,
        now,
    )


async def note(db: Database, channel: str, last_id: str) -> None:
    await db.execute("update poll set last_id = $2 where channel = $1", channel, last_id)

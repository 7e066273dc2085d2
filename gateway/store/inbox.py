"""Inbound events that are not done: kept as they came, listed, and handed out for replay."""

import hashlib

from gateway.store.db import Database, Row
from gateway.vault import Vault


async def keep_failed(
    db: Database, vault: Vault, channel: str, kind: str, event_id: str, raw: bytes, error: str
) -> None:
    """Keep an event that could not be processed. One that is done already stays done."""
    await db.execute(
        """insert into inbox as i (channel, kind, event_id, body_sealed, state, error, tries)
           values ($1, $2, $3, $4, 'failed', $5, 1)
           on conflict (channel, kind, event_id) do update set error = excluded.error, tries = i.tries + 1
             where i.state <> 'done'""",
        channel,
        kind,
        event_id,
        vault.seal(raw.decode(errors="replace")),
        error[:500],
    )


async def keep(
    db: Database, vault: Vault, channel: str, kind: str, event_id: str, raw: bytes
) -> None:
    """Keep an event before it is processed: from here on it cannot be lost."""
    await db.execute(
        """insert into inbox (channel, kind, event_id, body_sealed, state) values ($1, $2, $3, $4, 'waiting')
           on conflict (channel, kind, event_id) do nothing""",
        channel,
        kind,
        event_id,
        vault.seal(raw.decode(errors="replace")),
    )


async def is_done(db: Database, channel: str, kind: str, event_id: str) -> bool:
    state = await db.value(
        "select state from inbox where channel = $1 and kind = $2 and event_id = $3",
        channel,
        kind,
        event_id,
    )
    return state == "done"


async def came(db: Database, channel: str, kind: str, prefix: str) -> bool:
    """Whether any event came whose id begins with `prefix:`."""
    return await db.value(
        "select exists (select from inbox where channel = $1 and kind = $2 and event_id >= $3 and event_id < $4)",
        channel,
        kind,
        f"{prefix}:",
        f"{prefix};",
    )


async def done(db: Database, channel: str, kind: str, event_id: str) -> None:
    await db.execute(
        "update inbox set state = 'done', done_at = now(), error = null where channel = $1 and kind = $2 and event_id = $3",
        channel,
        kind,
        event_id,
    )


def digest_id(raw: bytes) -> str:
    """An event id for a body that brings none: the same bytes are the same event."""
    return hashlib.sha256(raw).hexdigest()


async def not_done(db: Database, limit: int = 100) -> list[Row]:
    return await db.rows(
        """select id, channel, kind, event_id, state, error, tries, created_at from inbox
           where state <> 'done' order by created_at desc limit $1""",
        limit,
    )


async def one(db: Database, event: int) -> Row | None:
    return await db.row("select * from inbox where id = $1", event)

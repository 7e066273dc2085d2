"""The inbound events that are not done: stored as they came, listed, and handed out for replay."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.base.text.strings import numbers_masked
from gateway.base.vault import Vault
from gateway.store.db import Database, Row
from gateway.store.turns.turns import InboundEvent


@dataclass(frozen=True, slots=True)
class SealedEvent:
    """An event as it is stored, with its raw body sealed.

    `event_id` is unique per channel and kind.
    """

    channel: str
    kind: str
    event_id: str
    body_sealed: bytes


def seal_event(vault: Vault, channel: str, kind: str, event_id: str, raw: bytes) -> SealedEvent:
    return SealedEvent(channel, kind, event_id, vault.seal_body(raw))


async def keep_many(db: Database, events: Sequence[SealedEvent]) -> list[bool]:
    """Store events before they are processed, in one commit. Return per event if it is new."""
    rows = await db.rows(
        """with e as (
             select distinct on (channel, kind, event_id) *
             from unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) with ordinality
               as e(channel, kind, event_id, body, n) order by channel, kind, event_id, n),
           k as (
             insert into inbox_key (channel, kind, event_id, done) select channel, kind, event_id, false from e order by n
               on conflict (channel, kind, event_id) do nothing returning *),
           i as (
             insert into inbox (id, channel, kind, event_id, body_sealed, state, created_at)
               select k.id, k.channel, k.kind, k.event_id, e.body, 'waiting', k.created_at
                 from k join e using (channel, kind, event_id))
           select channel, kind, event_id from k""",
        [e.channel for e in events],
        [e.kind for e in events],
        [e.event_id for e in events],
        [e.body_sealed for e in events],
    )
    new = {(row["channel"], row["kind"], row["event_id"]) for row in rows}
    told = list[bool]()
    for event in events:
        key = (event.channel, event.kind, event.event_id)
        told.append(key in new)
        new.discard(key)
    return told


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """A stored event that waits for its processing."""

    id: int
    channel: str
    kind: str
    event_id: str
    body_sealed: bytes
    tries: int


async def claim_waiting(
    db: Database, now: datetime, lease_until: datetime, limit: int
) -> list[WaitingEvent]:
    """Claim stored events that are not processed yet, oldest first.

    No other runner gets them until the lease is over. Receipts are left out, since they wait for
    their messages and not for a runner.
    """
    rows = await db.rows(
        """update inbox set due_at = $2, tries = tries + 1
           where (id, created_at) in (select id, created_at from inbox
             where kind <> 'receipt' and state = 'waiting' and due_at <= $1
             order by due_at, id limit $3 for update skip locked)
           returning id, channel, kind, event_id, body_sealed, tries""",
        now,
        lease_until,
        limit,
    )
    return sorted((WaitingEvent(**row) for row in rows), key=lambda event: event.id)


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A stored delivery receipt."""

    id: int
    channel: str
    event_id: str
    body_sealed: bytes


async def claim_receipts(db: Database, now: datetime, limit: int) -> list[StoredReceipt]:
    """Claim delivery reports of the last day that wait for their message and are due.

    The wait doubles with each try. So reports on messages of other users of the same account do not
    delay the gateway's own.
    """
    rows = await db.rows(
        """update inbox set tries = tries + 1, due_at = $1::timestamptz + least(2 ^ least(tries, 9), 300) * interval '1 second'
           where (id, created_at) in (select id, created_at from inbox
             where kind = 'receipt' and state = 'waiting' and due_at <= $1
             and created_at > $1::timestamptz - interval '1 day' order by due_at limit $2 for update skip locked)
           returning id, channel, event_id, body_sealed""",
        now,
        limit,
    )
    return [StoredReceipt(**row) for row in rows]


async def keep_undated(
    db: Database,
    event: InboundEvent,
    undated: str,
    raw_sealed: bytes,
    within: timedelta,
    due: datetime,
) -> bool:
    """Store an SMS that came without id and time before it is processed.

    Return False when it is a copy of one just before it.
    """
    return await db.value(
        "select keep_undated(p_channel => $1, p_undated => $2, p_event_id => $3, p_index => $4, p_body => $5, p_within => $6, p_due => $7)",
        event.channel,
        undated,
        event.event_id,
        event.index,
        raw_sealed,
        within,
        due,
    )


async def keep_copy(db: Database, event: InboundEvent, remark: str | None) -> None:
    """Store, as done, an SMS that had its effect under another id.

    The remark is for an operator.
    """
    await db.execute(
        "select book_copy(p_channel => $1, p_event_id => $2, p_body => $3, p_remark => $4)",
        event.channel,
        event.event_id,
        event.body,
        remark,
    )


async def put_off(
    db: Database, vault: Vault, channel: str, event_id: str, raw: bytes, until: datetime
) -> None:
    """Let an SMS that cannot be processed now wait, and store it first if necessary.

    One that is done stays done.
    """
    await db.execute(
        "select leave_event(p_channel => $1, p_kind => 'sms', p_event_id => $2, p_body => $3, p_state => 'waiting', p_error => null, p_due => $4)",
        channel,
        event_id,
        vault.seal_body(raw),
        until,
    )


async def keep_failed(
    db: Database,
    vault: Vault,
    channel: str,
    kind: str,
    event_id: str,
    raw: bytes,
    error: str,
    state: str = "failed",
) -> None:
    """Store an event that could not be processed. One that is done already stays done.

    `state` is `failed`, which raises an alarm for the operator, or `unclear` for an event that any
    phone can send (errors.Unclear).
    """
    await db.execute(
        "select leave_event(p_channel => $1, p_kind => $2, p_event_id => $3, p_body => $4, p_state => $6, p_error => $5, p_due => null)",
        channel,
        kind,
        event_id,
        vault.seal_body(raw),
        numbers_masked(error)[:500],
        state,
    )


async def mark_failed(db: Database, event: int, error: str) -> None:
    """Mark a stored event that could not be processed, so that it waits for an operator."""
    await db.execute(
        "update inbox set state = 'failed', error = $2 where id = $1 and state <> 'done'",
        event,
        numbers_masked(error)[:500],
    )


async def keep_event(
    db: Database, vault: Vault, channel: str, kind: str, event_id: str, raw: bytes
) -> None:
    """Store an event before it is processed. From then on it cannot be lost."""
    await db.execute(
        "select keep_event(p_channel => $1, p_kind => $2, p_event_id => $3, p_body => $4, p_state => 'waiting', p_error => null, p_due => null, p_twin => null)",
        channel,
        kind,
        event_id,
        vault.seal_body(raw),
    )


async def is_done(db: Database, channel: str, kind: str, event_id: str) -> bool:
    return await db.value(
        """select exists (select from inbox_key
             where channel = $1 and kind = $2 and event_id = $3 and done)""",
        channel,
        kind,
        event_id,
    )


async def came(db: Database, kind: str, of: Sequence[tuple[str, str]]) -> set[str]:
    """Return the prefixes of these (channel, prefix) pairs with which an event's id begins.

    The id then begins with `prefix:`.
    """
    if not of:
        return set()
    rows = await db.rows(
        """select x.prefix from unnest($2::text[], $3::text[]) x(channel, prefix) where exists (select from inbox_key i
             where i.channel = x.channel and i.kind = $1 and i.event_id >= x.prefix || ':' and i.event_id < x.prefix || ';')""",
        kind,
        [channel for channel, _ in of],
        [prefix for _, prefix in of],
    )
    return {row["prefix"] for row in rows}


async def done(db: Database, channel: str, kind: str, event_id: str) -> None:
    await db.execute(
        "select event_done(p_channel => $1, p_kind => $2, p_event_id => $3)",
        channel,
        kind,
        event_id,
    )


def digest_id(raw: bytes) -> str:
    """Return an event id for a body that has none. Equal bytes are the same event."""
    return hashlib.sha256(raw).hexdigest()


async def not_done(db: Database, limit: int = 100) -> list[Row]:
    return await db.rows(
        """select id, channel, kind, event_id, state, error, tries, created_at from inbox
           where state <> 'done' order by created_at desc limit $1""",
        limit,
    )


async def remarked(db: Database, limit: int = 20) -> list[Row]:
    """Return the done events of the last week that carry a remark for an operator, newest first."""
    return await db.rows(
        """select id, channel, kind, event_id, state, error, tries, created_at from inbox
           where state = 'done' and error is not null and created_at > now() - interval '7 days'
           order by created_at desc limit $1""",
        limit,
    )


async def stored_event(db: Database, event: int) -> Row | None:
    return await db.row("select * from inbox where id = $1", event)

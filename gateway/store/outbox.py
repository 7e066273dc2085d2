"""The outbox: messages wait here, are claimed in batches, and keep what became of them.

queued -> sending -> accepted | refused | queued again (certainly not sent) | given_up (too often) |
unknown. An unknown one is settled by a receipt, by asking the provider where it can be asked, or by
its time: prompts and replies are then sent again (a question twice does no harm), notices about
money never are: after a day they are `lost`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from gateway.sms.breaker import Breaker, State
from gateway.sms.port import Receipt, rank
from gateway.store.db import Connection, Database, Row
from gateway.texts import numbers_masked

# How long an unknown message waits for a receipt before it is asked about or sent again, and until
# it is lost.
UNKNOWN_FOR, LOST_AFTER = timedelta(seconds=60), timedelta(hours=24)
# A message that was sealed with another key is looked at again after so long: the key may be back.
OTHER_KEY_FOR, OTHER_KEY = timedelta(minutes=10), "sealed with another GATEWAY_SECRET_KEY"
_BIGINT_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours until its lease is over."""

    id: int
    to_sealed: bytes
    text: str
    purpose: str
    priority: int
    segments: int
    tries: int
    roads: Sequence[str]
    failed_before: bool = False
    """It was tried before, and the provider has said why not."""
    cause: str | None = None
    payout: str | None = None
    """The reference of the payout that it tells of."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Due messages of a channel, replies first; its breaker as it stood, and the version of that."""

    messages: list[Claimed]
    breaker: Breaker
    version: int


async def claim(
    db: Database,
    channel: str,
    now: datetime,
    lease_until: datetime,
    limit: int,
    *,
    segments: int | None = None,
    holder: UUID | None = None,
    hold_s: float = 0.0,
) -> Claim | None:
    """Take due messages; nobody else gets them until the lease is over.

    None: there is nothing for us now.

    `segments`: not more than so many (but one message at least). `holder`: of a channel that has a
    limit.
    """
    rows = await db.rows(
        "select * from claim_messages($1, $2, $3, $4, $5, $6, $7)",
        channel,
        now,
        lease_until,
        limit,
        segments,
        holder,
        hold_s,
    )
    if not rows:
        return None
    first = rows[0]
    breaker = Breaker(
        State.CLOSED if first["breaker"] == "closed" else State.PROBING,
        first["failures"],
        first["opened"],
        first["until"],
        first["reason"],
        tuple(map(str, first["suspects"])),
    )
    names = Claimed.__dataclass_fields__
    return Claim([Claimed(**{n: row[n] for n in names}) for row in rows], breaker, first["version"])


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a claimed message.

    `state`: accepted, refused, queued, unknown or given_up. `channel`: where it is now; `tries`:
    counted so far; `due_at`: of a queued one, when it goes again, of an unknown one, when to look.
    """

    id: int
    state: str
    channel: str
    tries: int
    due_at: datetime | None
    provider_id: str | None
    reason: str | None
    cost_micro: int | None
    currency: str | None
    country: str | None
    network: str | None


async def settle(db: Database, channel: str, fates: Sequence[Fate]) -> None:
    """Write down what became of each message of a claim, and what it cost."""
    await db.execute(
        "select settle_messages($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        channel,
        [f.id for f in fates],
        [f.state for f in fates],
        [f.channel for f in fates],
        [f.tries for f in fates],
        [f.due_at for f in fates],
        [f.provider_id for f in fates],
        [_kept(f.reason) for f in fates],
        [f.cost_micro for f in fates],
        [f.currency for f in fates],
        [f.country for f in fates],
        [f.network for f in fates],
    )


async def give_back(db: Database, messages: Sequence[Claimed]) -> None:
    """Claimed, but not begun: as if nobody had touched them."""
    await db.execute(
        """update outbox set state = 'queued', tries = tries - 1, lease_until = null
           where id = any($1::bigint[]) and state = 'sending'""",
        [m.id for m in messages],
    )


async def wait_for_key(db: Database, messages: Sequence[int], now: datetime) -> None:
    """Claimed, but sealed with another key: tried again in a while, and no try is counted."""
    await db.execute(
        """update outbox set state = 'queued', tries = tries - 1, lease_until = null, due_at = $2, reason = $3
           where id = any($1::bigint[]) and state = 'sending'""",
        messages,
        now + OTHER_KEY_FOR,
        OTHER_KEY,
    )


async def waiting_for_key(db: Database) -> int:
    """How many messages wait for the key they were sealed with."""
    return await db.value(
        "select count(*) from outbox where state in ('queued', 'unknown') and reason = $1",
        OTHER_KEY,
    )


async def set_breaker(db: Database, channel: str, version: int, breaker: Breaker) -> bool:
    """Write a channel's breaker down; False when somebody else was faster."""
    done = await db.execute(
        """update channel_state set breaker = $3, failures = $4, opened = $5, until = $6, reason = $7,
             suspects = $8, version = version + 1
           where channel = $1 and version = $2""",
        channel,
        version,
        str(breaker.state),
        breaker.failures,
        breaker.opened,
        breaker.until,
        breaker.reason,
        [int(key) for key in breaker.suspects],
    )
    return done != "UPDATE 0"


@dataclass(frozen=True, slots=True)
class Held:
    """A channel with a limit, held by us.

    `pace`: what the one before us left (None: it did not say), `since_s` ago.
    """

    pace: list[tuple[float, int]] | None
    since_s: float


async def hold(db: Database, channel: str, holder: UUID, hold_s: float) -> Held | None:
    """Take a channel with a limit for ourselves; None when another runner holds it."""
    row = await db.row("select * from hold_channel($1, $2, $3)", channel, holder, hold_s)
    assert row is not None
    if not row["held"]:
        return None
    pace = [(left[0], left[1]) for left in row["pace"]] if row["pace"] is not None else None
    return Held(None if row["was_held"] else pace or [], row["since_s"] or 0.0)


async def release(
    db: Database, channel: str, holder: UUID, pace: Sequence[tuple[float, int]]
) -> None:
    """Let others send on it; `pace`: seconds until segments leave the window, and how many."""
    await db.execute(
        "select release_channel($1, $2, $3)", channel, holder, [list(left) for left in pace]
    )


async def move_on(db: Database, channel: str, fallback: str, now: datetime) -> int:
    """What waits on a channel that is broken goes by another one, if that one works; how many went."""
    return await db.value(
        """with moved as (
             update outbox set channel = $2, roads = roads || $1::text, tries = 0
               where id in (select id from outbox where channel = $1 and state = 'queued' and due_at <= $3
                   and not $2 = any(roads) order by priority, lane, due_at limit 5000 for update skip locked)
                 and exists (select from channel_state where channel = $1 and breaker <> 'closed' and until > $3)
                 and not exists (select from channel_state where channel = $2 and breaker <> 'closed')
               returning 1)
           select count(*) from moved""",
        channel,
        fallback,
        now,
    )


async def notice_the_lost(db: Database, now: datetime) -> None:
    """A runner died while it was sending: nobody knows whether these went."""
    await db.execute(
        """update outbox set state = 'unknown', lease_until = null, due_at = $1, sent_at = coalesce(sent_at, lease_until),
             reason = 'the runner died while sending'
           where id in (select id from outbox where state = 'sending' and lease_until < $1 for update skip locked)""",
        now,
    )


async def unknown(db: Database, now: datetime, limit: int) -> list[Row]:
    """Messages whose fate nobody knows, and whose time has come."""
    return await db.rows(
        """select id, channel, to_sealed, text, purpose, segments, tries, sent_at, cost_micro, cost_currency, country, network
           from outbox where state = 'unknown' and due_at <= $1 order by due_at limit $2""",
        now,
        limit,
    )


async def known_ids(db: Database, message: int) -> frozenset[str]:
    """The provider's ids of our latest other messages to the same number."""
    rows = await db.rows(
        """select x.provider_id from outbox o join outbox x on x.to_index = o.to_index and x.id <> o.id
           where o.id = $1 and x.provider_id is not null order by x.id desc limit 200""",
        message,
    )
    return frozenset(row["provider_id"] for row in rows)


def _kept(reason: str | None) -> str | None:
    """Return a provider's words without the phone numbers that may stand in them."""
    return numbers_masked(reason) if reason else reason


async def settle_unknown(
    db: Database,
    message: int,
    state: str,
    *,
    due_at: datetime | None = None,
    provider_id: str | None = None,
    reason: str | None = None,
) -> None:
    """What becomes of an unknown message, unless a receipt was faster."""
    await db.execute(
        """with settled as (
             update outbox set state = $2, due_at = coalesce($3, due_at), provider_id = coalesce($4, provider_id),
                 reason = coalesce($5, reason)
               where id = $1 and state = 'unknown' returning id)
           select case when $2 = 'accepted' then bill_messages(array[id]) end from settled""",
        message,
        state,
        due_at,
        provider_id,
        _kept(reason),
    )


async def receipt(db: Database, channel: str, r: Receipt) -> Row | None:
    """Write down a delivery report and return its message; None when none has this provider id (yet).

    It never goes backwards.
    """
    ours = (
        r.provider_id.isascii() and r.provider_id.isdigit() and len(r.provider_id) <= _BIGINT_DIGITS
    )
    row = await db.row(
        "select * from take_receipt($1, $2, $3, $4, $5, $6)",
        channel,
        r.provider_id,
        int(r.provider_id) if ours else None,
        r.delivery and str(r.delivery),
        rank(r.delivery) if r.delivery else -1,
        _kept(r.reason),
    )
    return row if row and row["message"] else None


async def bills(db: Database) -> list[Row]:
    """What providers took since the beginning, by channel, country, network and currency."""
    return await db.rows(
        """select channel, country, network, currency, sum(messages)::bigint as messages, sum(segments)::bigint as segments,
             sum(micro)::bigint as micro from message_bill group by 1, 2, 3, 4 order by 1, 2, 3, 4"""
    )


async def to_number(db: Database, index: bytes, after: int = 0, limit: int = 50) -> list[Row]:
    """Messages to one number, oldest first: what the built-in phone shows."""
    return await db.rows(
        """select id, text, segments, created_at from (select * from outbox
             where to_index = $1 and id > $2 and state in ('accepted', 'unknown') order by id desc limit $3) m
           order by id""",
        index,
        after,
        limit,
    )


async def opt_out(db: Database, index: bytes, channel: str, source: str) -> None:
    """The carrier says that this number wants nothing more: remembered, and honoured like STOP."""
    await db.execute(
        """with noted as (insert into opt_out (msisdn_index, channel, source) values ($1, $2, $3) on conflict do nothing)
           select change_worker(id, 'stopped', 'stopped', 'carrier', $2, $3) from worker where msisdn_index = $1 and state <> 'stopped'""",
        index,
        channel,
        source,
    )


async def readers(db: Database, messages: Sequence[int]) -> list[Row]:
    """Return number, worker and language for these messages, but for those that stand in for another."""
    return await db.rows(
        """select o.id, o.to_sealed, o.worker_id, w.language from outbox o left join worker w on w.id = o.worker_id
           where o.id = any($1::bigint[]) and not starts_with(coalesce(o.cause, ''), 'shorter:') order by o.id""",
        messages,
    )


async def troubled(db: Database, since: datetime, limit: int = 20) -> list[Row]:
    """Return the latest messages that could not be sent, or that opened their channel's breaker."""
    return await db.rows(
        """select o.id, o.channel, o.to_sealed, o.purpose, o.state, o.reason, o.created_at,
             coalesce(o.id = any(s.suspects) and s.breaker <> 'closed', false) as suspect
           from (select * from outbox order by id desc limit 5000) o
             left join channel_state s on s.channel = o.channel
           where (o.state in ('refused', 'given_up') and o.created_at > $1)
             or (o.state in ('queued', 'sending') and s.breaker <> 'closed' and o.id = any(s.suspects))
           order by o.id desc limit $2""",
        since,
        limit,
    )


_LATELY = """select count(*) from (select text, cause, purpose, created_at from outbox where to_index = $1
  and created_at > now() - interval '1 hour' order by id desc limit 200) o where o.purpose = 'reply' and """


async def replies_like(db: Database, index: bytes, text: str) -> int:
    """How many replies with these words went to this number in the last hour."""
    return await db.value(f"{_LATELY} o.text = $2", index, text)


async def unclear_in_a_row(db: Database, index: bytes, prefix: str) -> int:
    """Return how many replies of the last hour have a cause with this prefix, since the last reply without it."""
    return await db.value(
        """with o as (select id, cause, created_at from outbox where to_index = $1 and purpose = 'reply'
             and created_at > now() - interval '1 hour' order by id desc limit 200)
           select count(*) from o where starts_with(o.cause, $2)
             and o.id > coalesce((select max(u.id) from o u where not coalesce(starts_with(u.cause, $2), false)), 0)""",
        index,
        prefix,
    )


async def last_reply_is(db: Database, index: bytes, prefixes: tuple[str, ...]) -> bool:
    """Return whether the last reply of the last hour to this number has a cause with one of these prefixes."""
    return await db.value(
        """with o as (select cause, created_at from outbox where to_index = $1 and purpose = 'reply'
             and created_at > now() - interval '1 hour' order by id desc limit 1)
           select exists (select from o, unnest($2::text[]) p where starts_with(o.cause, p))""",
        index,
        list(prefixes),
    )


async def notices_like(db: Database, beginning: str) -> int:
    """Return how many notices of the last two days to those who are no workers have a cause that begins so."""
    return await db.value(
        """select count(*) from outbox where purpose = 'notice' and worker_id is null
             and created_at > now() - interval '2 days' and starts_with(cause, $1)""",
        beginning,
    )


async def is_written(db: Database, cause: str) -> bool:
    """Whether there is, or was, a message of that cause."""
    return await db.value("select exists (select from outbox_key where cause = $1)", cause)


async def sent_at(db: Database, cause: str) -> datetime | None:
    """Return when the message of that cause was handed over to its provider."""
    return await db.value("select sent_at from message_of($1)", cause)


_WAITS = "select text from message_of($1) where state = 'queued' and tries = 0"


async def waits(db: Database, cause: str) -> str | None:
    """The text of the message of that cause, while it has not gone."""
    return await db.value(_WAITS, cause)


async def waits_here(db: Connection, cause: str) -> str | None:
    """The same within a transaction."""
    return await db.fetchval(_WAITS, cause)

"""The outbox: messages wait here, are claimed in groups, and keep their send outcome.

queued -> sending -> accepted | refused | queued again (certainly not sent) | given_up (too often) |
unknown. An unknown message is settled by a receipt, by a query to a provider that supports it, or
when its time is over. Prompts and replies are then sent again, since a repeated question does no
harm. Notices about money are never sent again: after a day they are `lost`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from gateway.base.text.strings import numbers_masked
from gateway.sms.breaker import Breaker, BreakerState
from gateway.sms.port import Receipt, rank
from gateway.store.db import Connection, Database, Row

# An unknown message waits this long for a receipt before the provider is queried or it is sent
# again, and this long until it is lost.
UNKNOWN_FOR, LOST_AFTER = timedelta(seconds=60), timedelta(hours=24)
# A message that was sealed with another key is tried again after this time, since the key may
# return.
OTHER_KEY_FOR, OTHER_KEY = timedelta(minutes=10), "sealed with another GATEWAY_SECRET_KEY"
_BIGINT_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that belongs to the caller until its lease is over."""

    id: int
    """The id of the message."""
    to_sealed: bytes
    """The sealed number of the recipient."""
    text: str
    """The text."""
    purpose: str
    """reply, question, money, invitation or notice."""
    priority: int
    """The priority; 0 overtakes 1."""
    segments: int
    """The number of segments."""
    tries: int
    """The number of tries so far."""
    roads: Sequence[str]
    """The channels on which it was before this one."""
    failed_before: bool = False
    """True after an earlier try for which the provider gave a reason."""
    cause: str | None = None
    """The cause that makes it the same message if it is written twice."""
    payout: str | None = None
    """The reference of the payout that the message is about."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The due messages of a channel, replies first, with the state of its breaker."""

    messages: list[Claimed]
    """The claimed messages."""
    breaker: Breaker
    """The breaker of the channel as it was read."""
    version: int
    """The version of the breaker."""


async def claim_messages(
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
    """Claim due messages. No other runner gets them until the lease is over.

    Return None when there is nothing to send for this runner. `segments` limits the claim (to one
    message at least). `holder` is the holder of a channel that has a rate limit.
    """
    rows = await db.rows(
        "select * from claim_messages(p_channel => $1, p_now => $2, p_lease_until => $3, p_limit => $4, p_segments => $5, p_holder => $6, p_hold_s => $7)",
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
        BreakerState.CLOSED if first["breaker"] == "closed" else BreakerState.PROBING,
        first["failures"],
        first["opened"],
        first["until"],
        first["reason"],
        tuple(map(str, first["suspects"])),
    )
    names = Claimed.__dataclass_fields__
    return Claim([Claimed(**{n: row[n] for n in names}) for row in rows], breaker, first["version"])


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """The send outcome of a claimed message."""

    id: int
    """The id of the message."""
    state: str
    """accepted, refused, queued, unknown or given_up."""
    channel: str
    """The channel on which the message is now."""
    tries: int
    """The number of tries so far."""
    due_at: datetime | None
    """The time of the next try of a queued message, or of the next look at an unknown one."""
    provider_id: str | None
    """The provider's id of the message."""
    reason: str | None
    """The provider's reason."""
    cost_micro: int | None
    """The cost in millionths of a major unit."""
    currency: str | None
    """The currency of the cost."""
    country: str | None
    """The country of the number."""
    network: str | None
    """The network of the number."""


async def settle_messages(db: Database, channel: str, fates: Sequence[SendOutcome]) -> None:
    """Store the send outcome and the cost of each message of a claim."""
    await db.execute(
        "select settle_messages(p_channel => $1, p_sent => $2)",
        channel,
        [
            (
                f.id,
                f.state,
                f.channel,
                f.tries,
                f.due_at,
                f.provider_id,
                _kept(f.reason),
                f.cost_micro,
                f.currency,
                f.country,
                f.network,
            )
            for f in fates
        ],
    )


async def give_back(db: Database, messages: Sequence[Claimed]) -> None:
    """Return claimed messages that were not begun, as if they had never been claimed."""
    await db.execute(
        """update outbox set state = 'queued', tries = tries - 1, lease_until = null
           where id = any($1::bigint[]) and state = 'sending'""",
        [m.id for m in messages],
    )


async def wait_for_key(db: Database, messages: Sequence[int], now: datetime) -> None:
    """Let claimed messages that are sealed with another key wait, without counting a try."""
    await db.execute(
        """update outbox set state = 'queued', tries = tries - 1, lease_until = null, due_at = $2, reason = $3
           where id = any($1::bigint[]) and state = 'sending'""",
        messages,
        now + OTHER_KEY_FOR,
        OTHER_KEY,
    )


async def waiting_for_key(db: Database) -> int:
    """Return how many messages wait for the key with which they were sealed."""
    return await db.value(
        "select count(*) from outbox where state in ('queued', 'unknown') and reason = $1",
        OTHER_KEY,
    )


async def set_breaker(db: Database, channel: str, version: int, breaker: Breaker) -> bool:
    """Store a channel's breaker. Return False when another runner was faster."""
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
class HeldChannel:
    """A channel with a rate limit, held by the caller."""

    pace: list[tuple[float, int]] | None
    """The recent segments that the holder before has left, or None if it left no record."""
    since_s: float
    """The seconds since that record."""


async def hold_channel(
    db: Database, channel: str, holder: UUID, hold_s: float
) -> HeldChannel | None:
    """Take a channel with a rate limit. Return None when another runner holds it."""
    row = await db.row(
        "select * from hold_channel(p_channel => $1, p_holder => $2, p_hold_s => $3)",
        channel,
        holder,
        hold_s,
    )
    assert row is not None
    if not row["held"]:
        return None
    pace = [(left[0], left[1]) for left in row["pace"]] if row["pace"] is not None else None
    return HeldChannel(None if row["was_held"] else pace or [], row["since_s"] or 0.0)


async def release_channel(
    db: Database, channel: str, holder: UUID, pace: Sequence[tuple[float, int]]
) -> None:
    """Let other runners send on the channel.

    `pace` has the seconds until segments leave the window, and how many segments.
    """
    await db.execute(
        "select release_channel(p_channel => $1, p_holder => $2, p_pace => $3)",
        channel,
        holder,
        [list(left) for left in pace],
    )


async def move_on(db: Database, channel: str, fallback: str, now: datetime) -> int:
    """Move the messages of a broken channel to another one that works, and return how many."""
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
    """Mark the messages of a runner that died while sending as unknown."""
    await db.execute(
        """update outbox set state = 'unknown', lease_until = null, due_at = $1, sent_at = coalesce(sent_at, lease_until),
             reason = 'the runner died while sending'
           where id in (select id from outbox where state = 'sending' and lease_until < $1 for update skip locked)""",
        now,
    )


@dataclass(frozen=True, slots=True)
class UnknownMessage:
    """A message of which it is not known whether it was sent."""

    id: int
    channel: str
    to_sealed: bytes
    text: str
    purpose: str
    segments: int
    tries: int
    sent_at: datetime
    cost_micro: int | None
    cost_currency: str | None
    country: str | None
    network: str | None


async def unknown(db: Database, now: datetime, limit: int) -> list[UnknownMessage]:
    """Return the messages with an unknown outcome whose time has come."""
    rows = await db.rows(
        """select id, channel, to_sealed, text, purpose, segments, tries, sent_at, cost_micro, cost_currency, country, network
           from outbox where state = 'unknown' and due_at <= $1 order by due_at limit $2""",
        now,
        limit,
    )
    return [UnknownMessage(**row) for row in rows]


async def known_ids(db: Database, message: int) -> frozenset[str]:
    """Return the provider's ids of the latest other messages to the same number."""
    rows = await db.rows(
        """select x.provider_id from outbox o join outbox x on x.to_index = o.to_index and x.id <> o.id
           where o.id = $1 and x.provider_id is not null order by x.id desc limit 200""",
        message,
    )
    return frozenset(row["provider_id"] for row in rows)


def _kept(reason: str | None) -> str | None:
    """Return a provider's words without the phone numbers that may be in them."""
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
    """Store the outcome of an unknown message, unless a receipt was faster."""
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


async def store_receipt(db: Database, channel: str, r: Receipt) -> Row | None:
    """Store a delivery report and return its message.

    Return None when no message has this provider id (yet). The state never goes backwards.
    """
    ours = (
        r.provider_id.isascii() and r.provider_id.isdigit() and len(r.provider_id) <= _BIGINT_DIGITS
    )
    row = await db.row(
        "select * from take_receipt(p_channel => $1, p_provider_id => $2, p_own => $3, p_delivery => $4, p_rank => $5, p_reason => $6)",
        channel,
        r.provider_id,
        int(r.provider_id) if ours else None,
        r.delivery and str(r.delivery),
        rank(r.delivery) if r.delivery else -1,
        _kept(r.reason),
    )
    return row if row and row["message"] else None


async def bills(db: Database) -> list[Row]:
    """Return what providers have charged so far, by channel, country, network and currency."""
    return await db.rows(
        """select channel, country, network, currency, sum(messages)::bigint as messages, sum(segments)::bigint as segments,
             sum(micro)::bigint as micro from message_bill group by 1, 2, 3, 4 order by 1, 2, 3, 4"""
    )


async def to_number(db: Database, index: bytes, after: int = 0, limit: int = 50) -> list[Row]:
    """Return the messages to one number, oldest first, for the built-in phone."""
    return await db.rows(
        """select id, text, segments, created_at from (select * from outbox
             where to_index = $1 and id > $2 and state in ('accepted', 'unknown') order by id desc limit $3) m
           order by id""",
        index,
        after,
        limit,
    )


async def opt_out(db: Database, index: bytes, channel: str, source: str) -> None:
    """Record that the carrier reports an opt-out of this number, which counts like STOP."""
    await db.execute(
        """with noted as (insert into opt_out (msisdn_index, channel, source) values ($1, $2, $3) on conflict do nothing)
           select change_worker(id, 'stopped', 'stopped', 'carrier', $2, $3) from worker where msisdn_index = $1 and state <> 'stopped'""",
        index,
        channel,
        source,
    )


@dataclass(frozen=True, slots=True)
class MessageReader:
    """The reader of a message."""

    id: int
    to_sealed: bytes
    worker_id: int | None
    language: str | None


async def readers(db: Database, messages: Sequence[int]) -> list[MessageReader]:
    """Return number, worker and language for these messages, except those that replace another."""
    rows = await db.rows(
        """select o.id, o.to_sealed, o.worker_id, w.language from outbox o left join worker w on w.id = o.worker_id
           where o.id = any($1::bigint[]) and not starts_with(coalesce(o.cause, ''), 'shorter:') order by o.id""",
        messages,
    )
    return [MessageReader(**row) for row in rows]


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
    """Return how many replies with these words went to this number in the last hour."""
    return await db.value(f"{_LATELY} o.text = $2", index, text)


async def unclear_in_a_row(db: Database, index: bytes, prefix: str) -> int:
    """Return how many replies of the last hour in a row have a cause with this prefix.

    The count begins after the last reply without it.
    """
    return await db.value(
        """with o as (select id, cause, created_at from outbox where to_index = $1 and purpose = 'reply'
             and created_at > now() - interval '1 hour' order by id desc limit 200)
           select count(*) from o where starts_with(o.cause, $2)
             and o.id > coalesce((select max(u.id) from o u where not coalesce(starts_with(u.cause, $2), false)), 0)""",
        index,
        prefix,
    )


async def last_reply_is(db: Database, index: bytes, prefixes: tuple[str, ...]) -> bool:
    """Return whether the last reply to this number has a cause with one of these prefixes.

    Only replies of the last hour count.
    """
    return await db.value(
        """with o as (select cause, created_at from outbox where to_index = $1 and purpose = 'reply'
             and created_at > now() - interval '1 hour' order by id desc limit 1)
           select exists (select from o, unnest($2::text[]) p where starts_with(o.cause, p))""",
        index,
        list(prefixes),
    )


async def notices_like(db: Database, beginning: str) -> int:
    """Return how many notices of the last two days have a cause that begins so.

    Only notices to recipients who are not workers count.
    """
    return await db.value(
        """select count(*) from outbox where purpose = 'notice' and worker_id is null
             and created_at > now() - interval '2 days' and starts_with(cause, $1)""",
        beginning,
    )


async def is_written(db: Database, cause: str) -> bool:
    """Return whether there is, or was, a message of that cause."""
    return await db.value("select exists (select from outbox_key where cause = $1)", cause)


async def sent_at(db: Database, cause: str) -> datetime | None:
    """Return when the message of that cause was handed over to its provider."""
    return await db.value("select sent_at from message_of($1)", cause)


async def waiting_text(db: Database | Connection, cause: str) -> str | None:
    """Return the text of the message of that cause while it is not sent yet."""
    return await db.value(
        "select text from message_of($1) where state = 'queued' and tries = 0", cause
    )

"""The outbox: messages wait here, are claimed in batches, and keep what became of them.

A crash between the provider's yes and our note leaves a message in `sending` with a lease that runs out: nobody
knows whether it went. Prompts and replies are then sent again (SMS gives no way to ask; a question twice does no
harm), notices about money are not: a receipt may still tell.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway.sms.port import Receipt, Sent, rank
from gateway.store.db import Database, Row

TRIES_MAX = 8
UNKNOWN_FOR = timedelta(seconds=60)


async def claim(
    db: Database, channel: str, now: datetime, lease_until: datetime, limit: int
) -> list[Row]:
    """Take due messages, replies first; nobody else gets them until the lease is over."""
    rows = await db.rows(
        """update outbox set state = 'sending', lease_until = $3, tries = tries + 1
           where id in (select id from outbox where channel = $1 and state = 'queued' and due_at <= $2
             order by priority, due_at, id limit $4 for update skip locked)
           returning id, to_sealed, text, purpose, priority""",
        channel,
        now,
        lease_until,
        limit,
    )
    return sorted(rows, key=lambda row: (row["priority"], row["id"]))


async def settle(db: Database, sent: Sequence[Sent], again_at: datetime) -> None:
    """Write down what the provider said of each message of a claim."""
    await db.execute(
        """update outbox o set
             state = case when r.outcome <> 'retry' then r.outcome when o.tries >= $8 then 'refused' else 'queued' end,
             due_at = case when r.outcome = 'retry' then $7 else o.due_at end,
             provider_id = r.provider_id, reason = r.reason, cost = r.cost, cost_currency = r.currency,
             sent_at = case when r.outcome in ('accepted', 'unknown') then now() end, lease_until = null
           from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[])
             as r(id, outcome, provider_id, reason, cost, currency)
           where o.id = r.id and o.state = 'sending'""",
        [int(s.key) for s in sent],
        [str(s.outcome) for s in sent],
        [s.provider_id for s in sent],
        [s.reason for s in sent],
        [s.cost_minor for s in sent],
        [s.currency for s in sent],
        again_at,
        TRIES_MAX,
    )


async def recover(db: Database, now: datetime) -> None:
    """Messages whose fate nobody knows: prompts and replies go out again, money notices wait for a receipt.

    Lost with a runner: at the end of its lease. Sent without an answer: after a while without a receipt.
    """
    await db.execute(
        """update outbox set lease_until = null,
             state = case when purpose = 'money' then 'unknown' when tries >= $2 then 'refused' else 'queued' end,
             reason = 'the runner died while sending'
           where state = 'sending' and lease_until < $1""",
        now,
        TRIES_MAX,
    )
    await db.execute(
        """update outbox set state = case when tries >= $3 then 'refused' else 'queued' end
           where state = 'unknown' and purpose <> 'money' and delivery is null and sent_at < $1::timestamptz - $2::interval""",
        now,
        UNKNOWN_FOR,
        TRIES_MAX,
    )


async def receipt(db: Database, channel: str, r: Receipt) -> bool:
    """Write down a delivery report; False when no message has this provider id (yet). Never goes backwards."""
    known = await db.value(
        """with m as (select id from outbox where channel = $1 and provider_id = $2),
             u as (update outbox o set delivery = $3, delivery_rank = $4, reason = coalesce($5, o.reason),
                     state = case when o.state = 'unknown' then 'accepted' else o.state end
                   from m where o.id = m.id and $4 > o.delivery_rank returning 1)
           select exists (select from m)""",
        channel,
        r.provider_id,
        r.delivery and str(r.delivery),
        rank(r.delivery) if r.delivery else -1,
        r.reason,
    )
    return bool(known)


async def waiting(db: Database) -> list[Row]:
    """Per channel: what is queued, under way, unknown."""
    return await db.rows(
        """select channel, count(*) filter (where state = 'queued') as queued,
             count(*) filter (where state = 'sending') as sending,
             count(*) filter (where state = 'unknown') as unknown,
             min(due_at) filter (where state = 'queued') as oldest
           from outbox where state in ('queued', 'sending', 'unknown') group by channel order by channel"""
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

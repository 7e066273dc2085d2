"""The deliveries of clients' webhooks: which calls are due, and what became of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.store.db import Connection, Database, Row

_AT_ONCE = 8
"""The number of deliveries of one webhook that are claimed together. A webhook whose last call
failed gets one.
"""
_COLUMNS: Final = (
    "d.id, d.webhook_id, d.message_id, d.state, d.attempts, d.due_at, d.tried_at, d.status,"
    " d.answer, m.type, m.at"
)


@dataclass(frozen=True, slots=True)
class DueCall:
    """A call that was claimed: what to send, where to, and how it is signed."""

    delivery: int
    webhook: str
    message: str
    attempt: int
    url: str
    body: str
    sealed_secrets: tuple[bytes, ...]
    """The secrets that are valid at the moment, the newest first."""
    failing_since: datetime | None


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """A delivery, as its client sees it."""

    id: int
    webhook: str
    message: str
    type: str
    at: datetime
    """The time of the event."""
    state: str
    attempts: int
    due_at: datetime
    tried_at: datetime | None
    status: int | None
    answer: str


async def claim(db: Database, now: datetime, until: datetime, most: int) -> list[DueCall]:
    """Claim due calls of active webhooks. A call without an outcome is due again at `until`."""
    rows = await db.rows(
        """with picked as materialized (
             select d.id from (select id, failing_since from webhook w where state = 'active' and exists
                 (select from webhook_delivery d where d.webhook_id = w.id and d.state = 'waiting' and d.due_at <= $1)) w,
               lateral (select id from webhook_delivery d where d.webhook_id = w.id and d.state = 'waiting' and d.due_at <= $1
                 order by d.due_at limit case when w.failing_since is null then $4::int else 1 end for update skip locked) d
             limit $3)
           update webhook_delivery d set attempts = d.attempts + 1, due_at = $2, tried_at = $1
             from picked p, webhook w, webhook_message m
             where d.id = p.id and w.id = d.webhook_id and m.id = d.message_id
             returning d.id, d.webhook_id, d.message_id, d.attempts, w.url, m.body, w.secret_sealed,
               case when w.former_until > $1 then w.former_sealed end as former_sealed, w.failing_since""",
        now,
        until,
        most,
        _AT_ONCE,
    )
    return [
        DueCall(
            delivery=row["id"],
            webhook=row["webhook_id"],
            message=row["message_id"],
            attempt=row["attempts"],
            url=row["url"],
            body=row["body"],
            sealed_secrets=tuple(
                one for one in (row["secret_sealed"], row["former_sealed"]) if one is not None
            ),
            failing_since=row["failing_since"],
        )
        for row in rows
    ]


async def delivered(db: Connection, call: DueCall, status: int, answer: str) -> None:
    """Keep that a receiver took the call. Its webhook does not fail any more."""
    await _settle(db, call, "delivered", status, answer)
    await db.execute(
        "update webhook set failing_since = null where id = $1 and failing_since is not null",
        call.webhook,
    )


async def failed(
    db: Connection, call: DueCall, status: int | None, answer: str, now: datetime
) -> None:
    """Keep that a call failed for the last time."""
    await _settle(db, call, "failed", status, answer)
    await _is_failing(db, call, now)


async def failed_for_now(
    db: Connection,
    call: DueCall,
    status: int | None,
    answer: str,
    *,
    now: datetime,
    again_at: datetime,
) -> None:
    """Keep that a call failed, and the time of the next one."""
    await db.execute(
        """update webhook_delivery set due_at = $3, status = $4, answer = $5
           where id = $1 and attempts = $2 and state = 'waiting'""",
        call.delivery,
        call.attempt,
        again_at,
        status,
        answer,
    )
    await _is_failing(db, call, now)


async def disable(db: Connection, webhook: str, because: str) -> None:
    """Disable a webhook, and end its waiting deliveries."""
    await db.execute(
        "update webhook set state = 'disabled', disabled_because = $2 where id = $1 and state = 'active'",
        webhook,
        because,
    )
    await db.execute("select end_deliveries(p_webhook => $1, p_because => $2)", webhook, because)


async def page(
    db: Database, webhook: str, *, state: str | None, before: int | None, limit: int
) -> list[WebhookDelivery]:
    """Return deliveries of a webhook, newest first, that are older than the delivery `before`."""
    rows = await db.rows(
        f"""select {_COLUMNS} from webhook_delivery d join webhook_message m on m.id = d.message_id
            where d.webhook_id = $1 and ($2::text is null or d.state = $2) and ($3::bigint is null or d.id < $3)
            order by d.id desc limit $4""",
        webhook,
        state,
        before,
        limit,
    )
    return [_delivery(row) for row in rows]


async def of_webhook(
    db: Database | Connection, webhook: str, delivery: int
) -> WebhookDelivery | None:
    """Return one delivery of a webhook."""
    row = await db.row(
        f"""select {_COLUMNS} from webhook_delivery d join webhook_message m on m.id = d.message_id
            where d.webhook_id = $1 and d.id = $2""",
        webhook,
        delivery,
    )
    return None if row is None else _delivery(row)


async def insert_test(db: Connection, message: str, webhook: str, body: str, now: datetime) -> int:
    """Store a test message for one webhook, due now, and return its delivery."""
    await db.execute(
        """insert into webhook_message (id, client_id, type, body, at)
           select $1, client_id, 'webhook.test', $3, $4 from webhook where id = $2""",
        message,
        webhook,
        body,
        now,
    )
    return await db.value(
        """insert into webhook_delivery (webhook_id, message_id, due_at) values ($1, $2, $3)
           returning id""",
        webhook,
        message,
        now,
    )


async def again(db: Connection, webhook: str, delivery: int, now: datetime) -> None:
    """Let a delivery start over, with all of its calls. One that waits is due now."""
    await db.execute(
        """update webhook_delivery set state = 'waiting', due_at = $3,
             attempts = case when state = 'waiting' then attempts else 0 end
           where webhook_id = $1 and id = $2""",
        webhook,
        delivery,
        now,
    )


async def _settle(
    db: Connection, call: DueCall, state: str, status: int | None, answer: str
) -> None:
    """Keep the outcome of a call, unless a later call of this delivery has begun."""
    await db.execute(
        """update webhook_delivery set state = $3, status = $4, answer = $5
           where id = $1 and attempts = $2 and state = 'waiting'""",
        call.delivery,
        call.attempt,
        state,
        status,
        answer,
    )


async def _is_failing(db: Connection, call: DueCall, now: datetime) -> None:
    await db.execute(
        "update webhook set failing_since = $2 where id = $1 and failing_since is null",
        call.webhook,
        now,
    )


def _delivery(row: Row) -> WebhookDelivery:
    return WebhookDelivery(
        id=row["id"],
        webhook=row["webhook_id"],
        message=row["message_id"],
        type=row["type"],
        at=row["at"],
        state=row["state"],
        attempts=row["attempts"],
        due_at=row["due_at"],
        tried_at=row["tried_at"],
        status=row["status"],
        answer=row["answer"],
    )

"""The refunds of SMS: one transfer per inbound event, and the number of each day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.base.ids import AccountId, WorkerId
from gateway.payments.ledger.chart_of_accounts import Posting
from gateway.store.db import Connection, Database, Write

_SETTLED = timedelta(minutes=2)
"""The time after which an event with a smaller id can hardly appear any more."""
_WAITS = timedelta(days=1)
"""The time for which the round waits for an SMS that is stored and not processed yet."""

_AT_ONCE = 50


def refund(
    worker: WorkerId,
    came_at: datetime,
    most: int,
    posted: Posting,
    accounts: tuple[AccountId, AccountId],
) -> Write:
    """Return the write of one refund, unless `most` SMS of the worker's day were refunded.

    `accounts` are the debited and the credited one. The write returns whether it was refunded now.
    """
    debit, credit = accounts
    return Write(
        "refund_sms",
        {
            "worker": worker,
            "day": came_at.astimezone(UTC).date(),
            "most": most,
            "transfer": posted.id,
            "debit": debit,
            "credit": credit,
            "amount": posted.amount_minor,
            "currency": posted.currency,
            "code": int(posted.code),
            "cause": posted.cause,
        },
    )


async def upto(db: Connection) -> int:
    """Lock the progress of the refunds, and return the last event that was looked at.

    The first time it is the newest event, so that no SMS from before is refunded.
    """
    await db.execute(
        """insert into refund_progress (upto, due_at)
           select coalesce((select max(id) from inbox), 0), now() on conflict (one) do nothing"""
    )
    return await db.value("select upto from refund_progress for update")


async def next_events(db: Connection, after: int, now: datetime, most: int) -> int:
    """Return the last event of the next part, or `after` where none is ready.

    A part ends before an SMS that still waits for its processing.
    """
    last = await db.value(
        """select max(id) from (select id from inbox where id > $1 and created_at < $2 order by id limit $3) i""",
        after,
        now - _SETTLED,
        most,
    )
    if last is None:
        return after
    waiting = await db.value(
        """select min(id) from inbox where state = 'waiting' and kind = 'sms' and created_at > $3
             and id > $1 and id <= $2""",
        after,
        last,
        now - _WAITS,
    )
    return last if waiting is None else waiting - 1


@dataclass(frozen=True, slots=True)
class AnsweredSms:
    """An SMS of a worker that the gateway has answered."""

    channel: str
    event_id: str
    worker: WorkerId
    account: AccountId
    currency: str
    sealed: bytes
    came_at: datetime


async def answered_sms(db: Connection, after: int, last: int) -> list[AnsweredSms]:
    """Return the answered SMS of workers among some events, in the order of their accounts."""
    rows = await db.rows(
        """select i.channel, i.event_id, i.created_at, w.id, w.account_id, w.currency, w.msisdn_sealed
           from inbox i join worker w on w.id = i.worker_id
           where i.id > $1 and i.id <= $2 and i.kind = 'sms' and i.state = 'done' and i.reply is not null
             and w.number_lost_at is null order by w.account_id, i.id""",
        after,
        last,
    )
    return [
        AnsweredSms(
            channel=row["channel"],
            event_id=row["event_id"],
            worker=WorkerId(row["id"]),
            account=AccountId(row["account_id"]),
            currency=row["currency"],
            sealed=row["msisdn_sealed"],
            came_at=row["created_at"],
        )
        for row in rows
    ]


async def refund_all(db: Connection, parts: Sequence[Write]) -> int:
    """Make many refunds, and return how many were made now."""
    made = 0
    for at in range(0, len(parts), _AT_ONCE):
        made += sum(map(bool, (await db.write(parts[at : at + _AT_ONCE])).values()))
    return made


async def looked_at(db: Connection, last: int, due_at: datetime) -> None:
    """Store the progress and the time of the next look."""
    await db.execute("update refund_progress set upto = $1, due_at = $2", last, due_at)


async def refunded_since(db: Database, worker: WorkerId, since: datetime) -> int:
    """Return the sum of a worker's refunds since a day, in minor units."""
    return await db.value(
        "select coalesce(sum(amount), 0)::bigint from sms_refund where worker_id = $1 and day >= $2",
        worker,
        since.astimezone(UTC).date(),
    )

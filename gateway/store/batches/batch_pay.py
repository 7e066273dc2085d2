"""The pay of batches: as expected at the start, as measured after the end, and the top-ups."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.base.ids import AccountId, BatchId, ClientId, WorkerId
from gateway.store.db import Connection, Database
from gateway.workers.pay.measured import BatchPay, WorkerPay

_RATIOS = 20
_ANSWERS_LEAST = 20
"""A batch with fewer answers says little about the time of its kind."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The permission to start a batch below the floor."""

    person: str
    because: str
    at: datetime


async def measured_ratios(db: Database, kind: str) -> list[float]:
    """Return measured over modelled time per answer of the newest measured batches of a kind."""
    rows = await db.rows(
        """select seconds / answers / modelled_s as ratio from batch_pay
           where kind = $1 and settled_at is not null and answers >= $3 order by settled_at desc limit $2""",
        kind,
        _RATIOS,
        _ANSWERS_LEAST,
    )
    return [row["ratio"] for row in rows]


async def allowance(db: Database | Connection, batch: str) -> Allowance | None:
    """Return the permission to start this batch below the floor, or None."""
    row = await db.row(
        """select p.name, f.because, f.at from floor_allowance f join person p on p.id = f.person_id
           where f.batch_id = $1""",
        batch,
    )
    return Allowance(row["name"], row["because"], row["at"]) if row else None


async def allow(db: Connection, batch: str, person: int, because: str) -> bool:
    """Store a permission, and return False where the batch had one."""
    made = await db.value(
        """insert into floor_allowance (batch_id, person_id, because) values ($1, $2, $3)
           on conflict (batch_id) do nothing returning true""",
        batch,
        person,
        because,
    )
    return bool(made)


@dataclass(frozen=True, slots=True)
class StartedPay:
    """The pay of a batch as it is expected at its start."""

    floor_minor: int | None
    floor_country: str | None
    modelled_s: float
    expected_s: float
    reserve_minor: int


async def keep_started(
    db: Connection, batch: BatchId, kind: str, currency: str, pay: StartedPay
) -> None:
    """Store the expected pay of a batch that starts."""
    await db.execute(
        """insert into batch_pay (batch_id, kind, currency, floor, floor_country, modelled_s, expected_s, reserve)
           values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (batch_id) do nothing""",
        batch,
        kind,
        currency,
        pay.floor_minor,
        pay.floor_country,
        pay.modelled_s,
        pay.expected_s,
        pay.reserve_minor,
    )


async def keep_more(db: Connection, batch: str, more_minor: int) -> bool:
    """Add to the reserve for top-ups; return False where the pay of the batch is settled."""
    done = await db.value(
        """update batch_pay set reserve = reserve + $2 where batch_id = $1 and settled_at is null returning true""",
        batch,
        more_minor,
    )
    return bool(done)


async def begin_round(db: Connection, batch: str) -> bool:
    """Let the pay of a batch that is opened again be measured and topped up once more.

    Return False while the pay of the round before is being settled.
    """
    if await db.value(
        """select exists (select from batch_pay where batch_id = $1 and settled_at is null and answers is not null)""",
        batch,
    ):
        return False
    if await db.value(
        """update batch_pay set settled_at = null, answers = null, reserve = 0, topped_before = topped_up
           where batch_id = $1 and settled_at is not null returning true""",
        batch,
    ):
        await db.execute(
            "update worker_pay set paid_before = top_up where batch_id = $1 and top_up > 0", batch
        )
    return True


async def kept_back(db: Connection, batch: str) -> int:
    """Return the part of a batch's hold that waits for top-ups, in minor units."""
    found = await db.value(
        "select reserve from batch_pay where batch_id = $1 and settled_at is null", batch
    )
    return found or 0


@dataclass(frozen=True, slots=True)
class UnsettledPay:
    """A closed batch whose pay is not measured or not topped up yet."""

    batch: BatchId
    client: ClientId
    currency: str
    floor_minor: int | None
    rounds: int
    """The number of times that the batch was opened again."""
    measured: bool
    started_at: datetime
    hold: AccountId
    available: AccountId


async def unsettled(db: Database, batch: str | None = None) -> list[UnsettledPay]:
    """Return the closed batches whose pay is not settled, or only this one."""
    rows = await db.rows(
        """select p.batch_id, b.client_id, p.currency, p.floor, b.rounds, p.answers is not null as measured,
             coalesce(b.started_at, b.created_at) as began, b.account_id as hold, c.account_id as available
           from batch_pay p join batch b on b.id = p.batch_id join client c on c.id = b.client_id
           where p.settled_at is null and b.state in ('done', 'cancelled') and b.closed_at is not null and ($1::text is null or b.id = $1)
           order by b.closed_at""",
        batch,
    )
    return [
        UnsettledPay(
            batch=BatchId(row["batch_id"]),
            client=ClientId(row["client_id"]),
            currency=row["currency"],
            floor_minor=row["floor"],
            rounds=row["rounds"],
            measured=row["measured"],
            started_at=row["began"],
            hold=AccountId(row["hold"]),
            available=AccountId(row["available"]),
        )
        for row in rows
    ]


async def workers_of(db: Database, batch: str) -> list[int]:
    """Return the workers who answered in a batch, in the order of their ids."""
    rows = await db.rows(
        """select distinct x.worker_id from answer x join task t on t.id = x.task_id
           where t.batch_id = $1 order by 1""",
        batch,
    )
    return [row["worker_id"] for row in rows]


@dataclass(frozen=True, slots=True)
class AnswerTimes:
    """A paid answer with the times that were stored for it."""

    worker: int
    asked_at: datetime
    answered_at: datetime
    via: str
    price_minor: int


async def answer_times(
    db: Database, batch: str, workers: Sequence[int], since: datetime
) -> list[AnswerTimes]:
    """Return the answers of some workers to a batch that began at `since`."""
    rows = await db.rows(
        """select x.worker_id, x.created_at, x.via, x.price,
             case when x.via = 'sms' and a.delivered_at <= x.created_at then a.delivered_at else least(a.asked_at, x.created_at)
               end as asked_at
           from answer x join task t on t.id = x.task_id and t.batch_id = $1
             join assignment a on a.task_id = x.task_id and a.worker_id = x.worker_id
           where x.worker_id = any($2::bigint[]) and x.created_at >= $3""",
        batch,
        list(workers),
        since,
    )
    return [
        AnswerTimes(r["worker_id"], r["asked_at"], r["created_at"], r["via"], r["price"])
        for r in rows
    ]


async def sessions(
    db: Database, workers: Sequence[int], since: datetime
) -> list[tuple[int, datetime, datetime]]:
    """Return worker, beginning and last key of the USSD sessions of some workers, oldest first."""
    rows = await db.rows(
        """select worker_id, created_at, last_at from ussd_session
           where worker_id = any($1::bigint[]) and created_at >= $2 order by created_at""",
        list(workers),
        since,
    )
    return [(r["worker_id"], r["created_at"], r["last_at"]) for r in rows]


async def keep_worker_pay(db: Connection, batch: str, pays: Sequence[WorkerPay]) -> None:
    """Store the measured pay of some workers, in place of what was measured before."""
    await db.execute_many(
        """insert into worker_pay (batch_id, worker_id, answers, milliseconds, earned, hourly)
           values ($1, $2, $3, $4, $5, $6) on conflict (batch_id, worker_id) do update
             set answers = excluded.answers, milliseconds = excluded.milliseconds, earned = excluded.earned,
               hourly = excluded.hourly""",
        [(batch, p.worker, p.answers, p.milliseconds, p.earned_minor, int(p.hourly)) for p in pays],
    )


async def worker_pays(db: Database, batch: str) -> list[WorkerPay]:
    """Return the measured pay of every worker of a batch."""
    rows = await db.rows(
        "select worker_id, answers, milliseconds, earned from worker_pay where batch_id = $1 order by worker_id",
        batch,
    )
    return [WorkerPay(r["worker_id"], r["answers"], r["milliseconds"], r["earned"]) for r in rows]


async def paid_before(db: Connection, batch: str) -> dict[int, int]:
    """Return the top-ups of workers that earlier rounds of a batch have paid."""
    rows = await db.rows(
        "select worker_id, paid_before from worker_pay where batch_id = $1 and paid_before > 0",
        batch,
    )
    return {row["worker_id"]: row["paid_before"] for row in rows}


async def lock_ended(db: Connection, batch: str) -> int | None:
    """Lock a batch that has ended, and return the reserve for its top-ups.

    Return None where it runs again, or where its pay is settled.
    """
    return await db.value(
        """select p.reserve from batch b join batch_pay p on p.batch_id = b.id
           where b.id = $1 and b.state in ('done', 'cancelled') and p.settled_at is null for update of b, p""",
        batch,
    )


async def keep_measured(
    db: Connection, batch: str, pay: BatchPay | None, gini: float, parts: dict[int, int]
) -> None:
    """Store the measured pay of a batch and the top-up of each worker."""
    await db.execute_many(
        "update worker_pay set top_up = paid_before + $3 where batch_id = $1 and worker_id = $2",
        [(batch, worker, amount) for worker, amount in parts.items()],
    )
    await db.execute(
        """update batch_pay set answers = $2, workers = $3, seconds = $4, median = $5, p10 = $6, gini = $7, topped_up = topped_before + $8
           where batch_id = $1""",
        batch,
        pay.answers if pay else 0,
        pay.workers if pay else 0,
        round(pay.milliseconds / 1000) if pay else 0,
        pay.median_minor if pay else None,
        pay.p10_minor if pay else None,
        gini,
        sum(parts.values()),
    )


@dataclass(frozen=True, slots=True)
class TopUp:
    """A worker's top-up, with the data that the transfer and the notice need."""

    worker: WorkerId
    account: AccountId
    amount_minor: int
    language: str
    channel: str
    sealed: bytes


async def top_ups_after(db: Connection, batch: str, after: int, most: int) -> list[TopUp]:
    """Return the next top-ups of a batch, in the order of the workers' ids."""
    rows = await db.rows(
        """select p.worker_id, w.account_id, p.top_up - p.paid_before as top_up, w.language, w.sms_channel, w.msisdn_sealed
           from worker_pay p join worker w on w.id = p.worker_id
           where p.batch_id = $1 and p.worker_id > $2 and p.top_up > p.paid_before order by p.worker_id limit $3""",
        batch,
        after,
        most,
    )
    return [
        TopUp(
            WorkerId(r["worker_id"]),
            AccountId(r["account_id"]),
            r["top_up"],
            r["language"],
            r["sms_channel"],
            r["msisdn_sealed"],
        )
        for r in rows
    ]


async def lock_unsettled(db: Connection, batch: str) -> tuple[int, int] | None:
    """Lock a batch's pay, and return the sum of this round's top-ups and its reserve for them.

    Return None where it is settled.
    """
    row = await db.row(
        """select topped_up - topped_before as topped_up, reserve from batch_pay
           where batch_id = $1 and settled_at is null for update""",
        batch,
    )
    return None if row is None else (row["topped_up"], row["reserve"])


async def settled(db: Connection, batch: str) -> None:
    """Mark the pay of a batch as settled."""
    await db.execute("update batch_pay set settled_at = now() where batch_id = $1", batch)


@dataclass(frozen=True, slots=True)
class ShownPay:
    """The pay of a batch as clients and operators see it. Amounts are in minor units per hour."""

    currency: str
    floor_minor: int | None
    floor_country: str | None
    expected_s: float
    answers: int | None
    workers: int | None
    seconds: int | None
    median_minor: int | None
    p10_minor: int | None
    gini: float | None
    reserve_minor: int
    topped_up_minor: int
    settled: bool
    allowed: str | None


async def shown(db: Database, batch: str) -> ShownPay | None:
    """Return the pay of a batch that has started, or None."""
    r = await db.row(
        """select p.*, f.because from batch_pay p left join floor_allowance f on f.batch_id = p.batch_id
           where p.batch_id = $1""",
        batch,
    )
    if r is None:
        return None
    return ShownPay(
        currency=r["currency"],
        floor_minor=r["floor"],
        floor_country=r["floor_country"],
        expected_s=r["expected_s"],
        answers=r["answers"],
        workers=r["workers"],
        seconds=r["seconds"],
        median_minor=r["median"],
        p10_minor=r["p10"],
        gini=r["gini"],
        reserve_minor=r["reserve"],
        topped_up_minor=r["topped_up"],
        settled=r["settled_at"] is not None,
        allowed=r["because"],
    )

"""The questions whether payouts arrived: chosen, asked, answered, and decided by a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from gateway.base.ids import PayoutId, WorkerId
from gateway.store.db import Connection, Database, Write

RUN = timedelta(hours=24)
"""After a "no", payouts of the run that are requested within this time wait as well."""


async def upto(db: Connection) -> int:
    """Lock the progress, and return the last payout event that was looked at.

    The first time it is the newest event, so that nothing is asked about the past.
    """
    await db.execute(
        """insert into arrival_progress (upto, due_at)
           select coalesce((select max(id) from payout_event), 0), now() on conflict (one) do nothing"""
    )
    return await db.value("select upto from arrival_progress for update")


@dataclass(frozen=True, slots=True)
class PaidPayout:
    """A payout that was paid, as the choice of those to ask about sees it."""

    payout: UUID
    worker: int
    provider: str
    list_id: int | None
    first: bool


async def paid_after(
    db: Connection, after: int, before: datetime, most: int
) -> tuple[int, list[PaidPayout]]:
    """Return the last of the next events before a time, and the payouts that they paid."""
    last = await db.value(
        "select max(id) from (select id from payout_event where id > $1 and at < $2 order by id limit $3) e",
        after,
        before,
        most,
    )
    if last is None:
        return after, []
    rows = await db.rows(
        """select distinct on (p.id) p.id, p.worker_id, p.provider,
             (select max(i.list_id) from approval_item i join approval_list l on l.id = i.list_id
               where i.payout_id = p.id and l.approved_by is not null) as list_id,
             not exists (select from payout g where g.worker_id = p.worker_id and g.id <> p.id
               and g.state in ('paid', 'late_paid') and g.settled_at < p.settled_at) as first
           from payout_event e join payout p on p.id = e.payout_id
           where e.id > $1 and e.id <= $2 and e.becomes in ('paid', 'late_paid') and e.was <> e.becomes
             and p.state in ('paid', 'late_paid')""",
        after,
        last,
    )
    return last, [
        PaidPayout(r["id"], r["worker_id"], r["provider"], r["list_id"], r["first"]) for r in rows
    ]


async def choose(db: Connection, chosen: Sequence[PaidPayout]) -> None:
    """Insert the payouts to be asked about."""
    await db.execute_many(
        """insert into arrival (payout_id, worker_id, provider, list_id, first) values ($1, $2, $3, $4, $5)
           on conflict (payout_id) do nothing""",
        [(p.payout, p.worker, p.provider, p.list_id, p.first) for p in chosen],
    )


async def looked_at(db: Connection, last: int, due_at: datetime) -> None:
    """Store the progress and the time of the next look."""
    await db.execute("update arrival_progress set upto = $1, due_at = $2", last, due_at)


@dataclass(frozen=True, slots=True)
class ArrivalToAsk:
    """A worker who can be asked now by SMS whether a payout arrived."""

    payout: UUID
    ref: str
    amount_minor: int
    currency: str
    worker: WorkerId
    language: str
    channel: str
    sealed: bytes


async def to_ask(
    db: Database, rules: Mapping[str, object], now: datetime, dialled: timedelta, most: int
) -> list[ArrivalToAsk]:
    """Return the workers who can be asked by SMS now.

    None of them holds a question or waits for a reply. A worker who dials is asked on her next
    screen instead, for the time `dialled`.
    """
    rows = await db.rows(
        """select c.payout_id, p.ref, p.amount, p.currency, w.id, w.language, w.sms_channel, w.msisdn_sealed
           from (select * from arrival where state = 'due' order by created_at limit 5000) c
             join payout p on p.id = c.payout_id join worker w on w.id = c.worker_id
           where w.state = 'active' and w.number_lost_at is null and p.state in ('paid', 'late_paid')
             and (w.reach = 'sms' or c.created_at < $2::timestamptz - $3::interval)
             and not exists (select from assignment a where a.worker_id = w.id and a.state = 'held')
             and not exists (select from arrival x where x.worker_id = w.id and x.state = 'asked')
             and not exists (select from opt_out x where x.msisdn_index = w.msisdn_index)
             and not exists (select from outbox o where o.to_index = w.msisdn_index and o.state in ('queued', 'sending')
               and o.created_at > $2::timestamptz - interval '2 days')
             and may_prompt(w, $1::jsonb, $2)
           order by c.created_at limit $4""",
        dict(rules),
        now,
        dialled,
        most,
    )
    return [
        ArrivalToAsk(
            payout=r["payout_id"],
            ref=r["ref"],
            amount_minor=r["amount"],
            currency=r["currency"],
            worker=WorkerId(r["id"]),
            language=r["language"],
            channel=r["sms_channel"],
            sealed=r["msisdn_sealed"],
        )
        for r in rows
    ]


def asked(payout: UUID) -> Write:
    """Return the write that marks a question as asked by SMS."""
    return Write("arrival_asked", {"payout": payout})


def said(payout: UUID, worker: WorkerId, via: str, *, arrived: bool) -> Write:
    """Return the write of a worker's answer."""
    return Write(
        "arrival_said", {"payout": payout, "worker": worker, "arrived": arrived, "via": via}
    )


async def fall_silent(db: Database, before: datetime) -> None:
    """Give up the questions that have waited since before that time."""
    await db.execute(
        """update arrival set state = 'silent' where state in ('due', 'asked')
             and created_at < $1""",
        before,
    )


@dataclass(frozen=True, slots=True)
class OpenArrival:
    """A payout about whose arrival a worker can be asked or has been asked."""

    payout: str
    ref: str
    amount_minor: int
    currency: str


async def open_by_sms(db: Database, worker: WorkerId) -> OpenArrival | None:
    """Return the payout to which a bare yes or no of this worker by SMS belongs, or None."""
    found = await db.value("select arrival_of(p_worker => $1, p_asked => true)", worker)
    return open_arrival(found) if found else None


def open_arrival(found: Mapping[str, object]) -> OpenArrival:
    """Return the value of `arrival_of` with its types."""
    return OpenArrival(
        str(found["payout"]), str(found["ref"]), int(str(found["amount"])), str(found["currency"])
    )


@dataclass(frozen=True, slots=True)
class SaidMissing:
    """A payout of which a worker said that it did not arrive."""

    ref: str
    amount_minor: int
    currency: str
    provider: str
    worker: int
    said_at: datetime
    holds: bool
    waiting: int
    """The number of payouts of the run that wait for a person's decision."""


_IN_RUN = """p.state = 'queued' and p.provider = c.provider and p.created_at < c.answered_at + $1::interval
  and (c.list_id is null or exists (select from approval_item i where i.payout_id = p.id and i.list_id = c.list_id))"""


async def unreleased(db: Database) -> list[SaidMissing]:
    """Return the payouts that did not arrive according to their workers, and await a decision."""
    rows = await db.rows(
        f"""select q.ref, q.amount, q.currency, c.provider, c.worker_id, c.answered_at, c.holds,
             (select count(*) from payout p where {_IN_RUN} and p.reason = 'waits: arrival') as waiting
           from arrival c join payout q on q.id = c.payout_id
           where c.state = 'no' and c.released_at is null order by c.answered_at""",
        RUN,
    )
    return [
        SaidMissing(
            ref=r["ref"],
            amount_minor=r["amount"],
            currency=r["currency"],
            provider=r["provider"],
            worker=r["worker_id"],
            said_at=r["answered_at"],
            holds=r["holds"],
            waiting=r["waiting"],
        )
        for r in rows
    ]


async def release(
    db: Connection, ref: str, person: int, found: str, because: str, now: datetime
) -> int | None:
    """Decide about a "no", and let the payouts of its run go.

    Return the number of payouts that waited, or None where no "no" waits under this reference.
    """
    payout = await db.value(
        """update arrival c set released_by = $2, released_at = now(), found = $3, because = $4 from payout q
           where q.id = c.payout_id and q.ref = $1 and c.state = 'no' and c.released_at is null returning c.payout_id""",
        ref,
        person,
        found,
        because,
    )
    if payout is None:
        return None
    rows = await db.rows(
        f"""update payout p set due_at = $3, reason = '' from arrival c
            where c.payout_id = $2 and {_IN_RUN} and p.reason = 'waits: arrival' returning p.id""",
        RUN,
        payout,
        now,
    )
    return len(rows)


@dataclass(frozen=True, slots=True)
class ArrivalShown:
    """The question about the arrival of one payout, as the evidence sheet shows it."""

    state: str
    first: bool
    asked_at: datetime | None
    answered_at: datetime | None
    via: str | None
    found: str | None
    because: str | None
    person: str | None


async def of_payout(db: Database, payout: PayoutId) -> ArrivalShown | None:
    """Return the question about this payout, or None where it was not chosen."""
    r = await db.row(
        """select c.state, c.first, c.asked_at, c.answered_at, c.via, c.found, c.because, s.name
           from arrival c left join person s on s.id = c.released_by where c.payout_id = $1""",
        payout,
    )
    return ArrivalShown(*r.values()) if r else None


@dataclass(frozen=True, slots=True)
class ArrivalCounts:
    """The numbers of payouts that were asked about, by what their workers said."""

    asked: int
    yes: int
    no: int
    silent: int
    waiting: int


async def counts(db: Database, since: datetime) -> ArrivalCounts:
    """Return the counts of the questions since a time."""
    r = await db.row(
        """select count(*) filter (where state <> 'due') as asked, count(*) filter (where state = 'yes') as yes,
             count(*) filter (where state = 'no') as no, count(*) filter (where state = 'silent') as silent,
             count(*) filter (where state in ('due', 'asked')) as waiting from arrival where created_at >= $1""",
        since,
    )
    assert r is not None
    return ArrivalCounts(*r.values())

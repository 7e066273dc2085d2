"""A worker as an operator sees her: found by number, name or id, and explained on one page."""

from dataclasses import dataclass
from datetime import datetime

from gateway.base.ids import WorkerId
from gateway.store.db import Database

_FOUND = """select w.id, w.name, w.msisdn_sealed, w.state, w.language, c.name as coordinator, p.code as partner,
    a.balance, w.currency
  from worker w join account a on a.id = w.account_id left join coordinator c on c.id = w.coordinator_id
    left join partner p on p.id = w.partner_id"""
_AT_MOST = 50


EVENTS_SHOWN = 8
EVENTS_SEARCHED = 200_000
"""The number of newest events that are searched for a worker's, so that the search stays short."""


@dataclass(frozen=True, slots=True)
class WorkerFound:
    """A worker whom a search found."""

    id: int
    name: str
    msisdn_sealed: bytes
    state: str
    language: str
    coordinator: str | None
    partner: str | None
    balance: int
    currency: str


async def by_index(db: Database, index: bytes) -> list[WorkerFound]:
    """Return the worker with this number, and those who had it before."""
    rows = await db.rows(
        f"""{_FOUND} where w.msisdn_index = $1 or w.id in (select m.worker_id from number_move m
              where m.old_index = $1 and m.state in ('done', 'objected', 'released', 'given_back'))
            order by w.msisdn_index = $1 desc, w.id""",
        index,
    )
    return [WorkerFound(**row) for row in rows]


async def by_id(db: Database, worker: int) -> list[WorkerFound]:
    rows = await db.rows(f"{_FOUND} where w.id = $1", worker)
    return [WorkerFound(**row) for row in rows]


async def by_name(db: Database, name: str) -> list[WorkerFound]:
    """Return the workers whose name contains these words, the best match first."""
    rows = await db.rows(
        f"""{_FOUND} where strpos(lower(w.name), lower($1)) > 0
            order by lower(w.name) = lower($1) desc, w.name, w.id limit {_AT_MOST}""",
        name,
    )
    return [WorkerFound(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """The facts that explain what a worker was paid or not paid."""

    id: int
    name: str
    msisdn_sealed: bytes
    state: str
    language: str
    region: str
    reach: str
    sms_channel: str
    zone: str | None
    unreached_until: datetime | None
    away_since: datetime | None
    created_at: datetime
    currency: str
    balance: int
    coordinator: str | None
    coordinator_state: str | None
    partner: str | None
    pin_wrong: int | None
    """Wrong tries of her PIN; None without a PIN."""
    blocked: bool
    """True where the carrier says that the number blocks the gateway."""
    answers: int
    last_answer: datetime | None
    undecided: int


async def worker_explanation(db: Database, worker: WorkerId) -> WorkerFacts:
    """Return the parts of the worker's row that explain what she receives and does not receive."""
    row = await db.row(
        """select w.id, w.name, w.msisdn_sealed, w.state, w.language, w.region, w.reach, w.sms_channel, w.zone,
             w.unreached_until, w.away_since, w.created_at, w.currency, a.balance, c.name as coordinator,
             c.state as coordinator_state, p.code as partner, k.wrong as pin_wrong,
             exists (select from opt_out o where o.msisdn_index = w.msisdn_index) as blocked,
             (select count(*) from answer x where x.worker_id = w.id) as answers,
             (select max(created_at) from answer x where x.worker_id = w.id) as last_answer,
             (select count(*) from answer x join task t on t.id = x.task_id
                where x.worker_id = w.id and t.state not in ('decided', 'review')) as undecided
           from worker w join account a on a.id = w.account_id left join coordinator c on c.id = w.coordinator_id
             left join partner p on p.id = w.partner_id left join worker_pin k on k.worker_id = w.id
           where w.id = $1""",
        worker,
    )
    assert row is not None
    return WorkerFacts(**row)


@dataclass(frozen=True, slots=True)
class PayoutOfWorker:
    """A payout of a worker."""

    ref: str
    amount: int
    currency: str
    provider: str
    state: str
    reason: str | None
    receipt: str | None
    created_at: datetime
    settled_at: datetime | None
    waits: str | None
    until: datetime | None
    control: str | None
    """The control that holds it, if any."""


async def payouts(db: Database, worker: WorkerId) -> list[PayoutOfWorker]:
    """Return the worker's last payouts, the newest first, with the controls that hold them."""
    rows = await db.rows(
        """select p.ref, p.amount, p.currency, p.provider, p.state, p.reason, p.receipt, p.created_at, p.settled_at,
             payout_waits(p.state, p.reason) as waits, h.until, h.control
           from payout p left join lateral (select control, until from payout_hold h
               where h.payout_id = p.id and h.released_at is null order by until desc limit 1) h on true
           where p.worker_id = $1 order by p.created_at desc limit 10""",
        worker,
    )
    return [PayoutOfWorker(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class MessageToWorker:
    """A message to a worker."""

    created_at: datetime
    purpose: str
    state: str
    delivery: str | None
    reason: str | None
    text: str


async def messages(db: Database, worker: WorkerId) -> list[MessageToWorker]:
    """Return the last messages to the worker, the newest first.

    They include messages to her earlier numbers.
    """
    rows = await db.rows(
        """select created_at, purpose, state, delivery, reason, text from outbox
           where worker_id = $1 and to_index = any(array(select msisdn_index from worker where id = $1
             union select old_index from number_move where worker_id = $1)) order by id desc limit 8""",
        worker,
    )
    return [MessageToWorker(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class PhoneEvent:
    """An event from a worker's phone, without its text."""

    created_at: datetime
    channel: str
    kind: str
    state: str
    error: str | None


async def events(db: Database, worker: WorkerId) -> tuple[list[PhoneEvent], bool]:
    """Return the last events from the worker's phone, the newest first.

    The second value says whether older events were not searched. The texts stay sealed. Events have
    no index by worker, since one would make each event more expensive to write. So only the newest
    events are searched.
    """
    found = await db.rows(
        """select created_at, channel, kind, state, error from inbox
           where worker_id = $1 and id > (select max(id) from inbox) - $2::bigint order by id desc limit $3""",
        worker,
        EVENTS_SEARCHED,
        EVENTS_SHOWN,
    )
    more = len(found) < EVENTS_SHOWN and await db.value(
        "select coalesce((select max(id) - min(id) from inbox), 0) > $1", EVENTS_SEARCHED
    )
    return [PhoneEvent(**row) for row in found], bool(more)


@dataclass(frozen=True, slots=True)
class QuestionHeld:
    """A question that a worker holds."""

    asked_at: datetime
    until: datetime
    via: str
    text: str
    batch_id: str


async def questions(db: Database, worker: WorkerId) -> list[QuestionHeld]:
    """Return the questions that the worker holds."""
    rows = await db.rows(
        """select a.asked_at, a.lease_until as until, a.via, t.text, t.batch_id from assignment a join task t on t.id = a.task_id
           where a.worker_id = $1 and a.state = 'held' order by a.asked_at""",
        worker,
    )
    return [QuestionHeld(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class SkillPause:
    """A pause of a worker at one kind of task."""

    kind: str
    paused_until: datetime
    gold_right: int
    gold_wrong: int


async def pauses(db: Database, worker: WorkerId) -> list[SkillPause]:
    """Return the kinds of question from which the worker is paused."""
    rows = await db.rows(
        """select kind, paused_until, gold_right, gold_wrong from skill
           where worker_id = $1 and paused_until > now() order by kind""",
        worker,
    )
    return [SkillPause(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class WrongPaidAnswer:
    """A paid answer that turned out wrong."""

    ref: str
    amount: int
    taken: int
    state: str
    decide_by: datetime


async def cases(db: Database, worker: WorkerId) -> list[WrongPaidAnswer]:
    """Return the worker's paid answers that turned out wrong and whose case is still open."""
    rows = await db.rows(
        """select ref, amount, taken, state, decide_by from adjustment
           where worker_id = $1 and state in ('open', 'disputed', 'standing') order by id""",
        worker,
    )
    return [WrongPaidAnswer(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class NumberChange:
    """A change of a worker's number."""

    id: int
    kind: str
    state: str
    old_sealed: bytes
    new_sealed: bytes
    created_at: datetime
    done_at: datetime | None
    hold_until: datetime | None
    event: str
    by_whom: str
    at: datetime


async def numbers(db: Database, worker: WorkerId) -> list[NumberChange]:
    """Return the worker's changes of number, the newest first, each with its last event."""
    rows = await db.rows(
        """select m.id, m.kind, m.state, m.old_sealed, m.new_sealed, m.created_at, m.done_at, m.hold_until,
             e.event, e.by_whom, e.at from number_move m
             left join lateral (select * from number_move_event where move_id = m.id order by id desc limit 1) e on true
           where m.worker_id = $1 order by m.id desc limit 8""",
        worker,
    )
    return [NumberChange(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """A consent, or its withdrawal."""

    at: datetime
    act: str
    via: str
    coordinator: str | None


async def history(db: Database, worker: WorkerId) -> list[ConsentRecord]:
    """Return the steps of the worker's consent, the newest first, each with its author."""
    rows = await db.rows(
        """select x.at, x.act, x.via, c.name as coordinator from consent x
             left join coordinator c on c.id = x.coordinator_id
           where x.worker_id = $1 order by x.id desc limit 8""",
        worker,
    )
    return [ConsentRecord(**row) for row in rows]

"""The changes of number: the parts that a turn may write, and the look-ups for them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gateway.base.ids import WorkerId
from gateway.store.db import Connection, Database, Write

OPEN = "('requested', 'asked', 'invited', 'objected')"


@dataclass(frozen=True, slots=True)
class NewMove:
    """A change of number that begins."""

    worker: WorkerId
    """The worker whose number changes."""
    kind: str
    """The way to prove the change: pin, persons or release."""
    state: str
    """The first state."""
    new_index: bytes
    """The blind index of the new number."""
    new_sealed: bytes
    """The new number, sealed."""
    channel: str
    """The channel for messages to both numbers."""
    coordinator: int | None
    """The coordinator who asked for it, if one did."""
    who: str
    """The author, for the history."""
    reason: str
    """The reason, for the history."""
    expires_at: datetime
    """The time when the change lapses."""
    now: datetime
    """The current time."""


def insert_move(m: NewMove) -> Write:
    return Write(
        "begin_move",
        {
            "worker": m.worker,
            "kind": m.kind,
            "state": m.state,
            "new_index": m.new_index,
            "new_sealed": m.new_sealed,
            "channel": m.channel,
            "coordinator": m.coordinator,
            "who": m.who,
            "reason": m.reason,
            "expires_at": m.expires_at,
            "now": m.now,
        },
    )


def swap(
    move: int,
    *,
    via: str,
    channel: str,
    said: str,
    no_number: bytes,
    screen: str,
    hold_until: datetime,
    now: datetime,
) -> Write:
    """Complete the change, since the new number has said YES.

    `no_number` is the sealed value for a row that loses its number. `screen` is the last screen of
    the old number's open sessions.
    """
    return Write(
        "swap_number",
        {
            "move": move,
            "via": via,
            "channel": channel,
            "said": said,
            "none": no_number,
            "screen": screen,
            "hold_until": hold_until,
            "now": now,
        },
    )


def decline(move: int, channel: str, *, stop: bool) -> Write:
    return Write("decline_move", {"move": move, "stop": stop, "channel": channel})


def object_to(move: int, now: datetime) -> Write:
    return Write("object_to_move", {"move": move, "now": now})


def stop_number(index: bytes, channel: str) -> Write:
    """Send nothing more to a number that once was a worker's."""
    return Write("stop_number", {"index": index, "channel": channel})


def doubt(
    worker: WorkerId,
    index: bytes,
    no_number: bytes,
    channel: str,
    expires_at: datetime,
    now: datetime,
) -> Write:
    """Record that the phone with a worker's number says that it is not hers.

    It is asked for a confirmation until `expires_at`.
    """
    return Write(
        "doubt_number",
        {
            "worker": worker,
            "index": index,
            "none": no_number,
            "channel": channel,
            "expires_at": expires_at,
            "now": now,
        },
    )


def release_number(
    worker: WorkerId,
    index: bytes,
    no_number: bytes,
    *,
    channel: str,
    via: str,
    screen: str,
    now: datetime,
) -> Write:
    """Take a number from its worker, who keeps everything else."""
    return Write(
        "release_number",
        {
            "worker": worker,
            "index": index,
            "none": no_number,
            "channel": channel,
            "via": via,
            "screen": screen,
            "now": now,
        },
    )


async def heard_lately(db: Database, worker: WorkerId, index: bytes, since: datetime) -> bool:
    """Return whether a worker used this gateway since then.

    That is an answered SMS, a session, an answer, or a word of consent.
    """
    return await db.value(
        """select exists (select from outbox where to_index = $2 and purpose = 'reply' and created_at > $3)
             or exists (select from ussd_session where worker_id = $1 and last_at > $3)
             or exists (select from answer where worker_id = $1 and created_at > $3)
             or exists (select from consent where worker_id = $1 and at > $3)""",
        worker,
        index,
        since,
    )


async def can(db: Database, move: int, now: datetime) -> Literal["ok", "payout", "taken"]:
    """Return what a YES of the new number would meet now.

    That is an open payout, a number that is taken, or no obstacle.
    """
    return await db.value("select move_can(p_move => $1, p_now => $2)", move, now)


async def number_is_free(db: Database, index: bytes, worker: WorkerId, now: datetime) -> bool:
    """Return whether this worker may move to this number."""
    return await db.value(
        "select number_is_free(p_index => $1, p_worker => $2, p_now => $3)", index, worker, now
    )


async def in_hold(db: Database, index: bytes, now: datetime) -> bool:
    """Return whether a worker gave this number up and may still get it back."""
    return await db.value("select number_in_hold(p_index => $1, p_now => $2)", index, now)


@dataclass(frozen=True, slots=True)
class LatelyMoved:
    """A worker's changes of number of late."""

    asked: int
    hold_until: datetime | None
    objected: bool


async def lately(db: Database, worker: WorkerId, since: datetime) -> LatelyMoved:
    """Return how many changes the worker asked for since then, and an open hold or objection."""
    row = await db.row(
        """select (select count(*) from number_move where worker_id = $1 and created_at > $2) as asked,
             (select max(hold_until) from number_move where worker_id = $1 and state in ('done', 'objected')) as hold_until,
             exists (select from number_move where worker_id = $1 and state = 'objected') as objected""",
        worker,
        since,
    )
    assert row is not None
    return LatelyMoved(**row)


@dataclass(frozen=True, slots=True)
class MoveOfWorker:
    """A change of number, with its worker."""

    id: int
    worker_id: int
    kind: str
    state: str
    old_index: bytes
    old_sealed: bytes
    new_index: bytes
    new_sealed: bytes
    channel: str
    coordinator_id: int | None
    worker_was: str
    created_at: datetime
    expires_at: datetime
    done_at: datetime | None
    hold_until: datetime | None
    objected_at: datetime | None
    name: str
    language: str
    number_lost_at: datetime | None


async def move_with_worker(db: Database, number: int) -> MoveOfWorker | None:
    """Return one change with its worker."""
    row = await db.row(
        """select m.*, w.name, w.language, w.number_lost_at from number_move m join worker w on w.id = m.worker_id
           where m.id = $1""",
        number,
    )
    return MoveOfWorker(**row) if row else None


@dataclass(frozen=True, slots=True)
class MoveDecision:
    """One person's decision about a change: her id and name, what she says, and why."""

    says: str
    person: int
    who: str
    reason: str


async def record_move_decision(
    db: Connection,
    move: int,
    decision: MoveDecision,
    *,
    expires_at: datetime,
    screen: str,
    now: datetime,
) -> str:
    """Record one person's decision about a change, and return its result (see `decide_move`)."""
    return await db.value(
        "select decide_move(p_move => $1, p_says => $2, p_person => $3, p_who => $4, p_reason => $5, p_expires_at => $6, p_screen => $7, p_now => $8)",
        move,
        decision.says,
        decision.person,
        decision.who,
        decision.reason,
        expires_at,
        screen,
        now,
    )


_LISTED = """select m.id, m.worker_id, w.name, m.kind, m.state, m.old_sealed, m.new_sealed, m.created_at, m.expires_at,
    m.done_at, m.hold_until, m.objected_at, c.name as coordinator, w.coordinator_id, w.partner_id, v.name as said_by, v.says,
    e.event, e.by_whom, e.reason, e.at, m.state in ('requested', 'objected') as waits
  from number_move m join worker w on w.id = m.worker_id left join coordinator c on c.id = m.coordinator_id
    left join lateral (select * from number_move_event where move_id = m.id order by id desc limit 1) e on true
    left join lateral (select p.name, x.says from verdict x join person p on p.id = x.said_by
      where x.subject = 'move:' || m.id || ':' || encode(move_evidence(m), 'hex') and x.confirmed_by is null) v on true"""


@dataclass(frozen=True, slots=True)
class ListedMove:
    """A change of number as an operator reads it, with its last event."""

    id: int
    worker_id: int
    name: str
    kind: str
    state: str
    old_sealed: bytes
    new_sealed: bytes
    created_at: datetime
    expires_at: datetime
    done_at: datetime | None
    hold_until: datetime | None
    objected_at: datetime | None
    coordinator: str | None
    coordinator_id: int | None
    partner_id: int | None
    said_by: str | None
    says: str | None
    event: str
    by_whom: str
    reason: str
    at: datetime
    waits: bool


async def list_moves(db: Database, *, everything: bool) -> list[ListedMove]:
    """Return the open changes, those that wait for persons first.

    With `everything`, return the last 200 changes.
    """
    where = (
        ""
        if everything
        else f"where m.state in {OPEN} or m.state = 'done' and m.hold_until > now()"
    )
    rows = await db.rows(f"{_LISTED} {where} order by waits desc, m.id desc limit 200")
    return [ListedMove(**row) for row in rows]


async def one_move(db: Database, number: int) -> ListedMove | None:
    """Return one change in the form of `listed`."""
    row = await db.row(f"{_LISTED} where m.id = $1", number)
    return ListedMove(**row) if row else None


async def of_coordinator(db: Database, coordinator: int) -> list[ListedMove]:
    """Return the changes of the last 30 days of a coordinator's workers, the newest first."""
    rows = await db.rows(
        f"""{_LISTED} where m.created_at > now() - interval '30 days' and exists (select from coordinator k
              where k.id = $1 and looks_after(k.id, k.partner_id, w.coordinator_id, w.partner_id))
            order by m.id desc limit 100""",
        coordinator,
    )
    return [ListedMove(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class MoveEvent:
    """An event in the history of a change of number."""

    id: int
    move_id: int
    event: str
    by_whom: str
    reason: str
    at: datetime


async def move_events(db: Database, move: int) -> list[MoveEvent]:
    """Return all events of a change, in order."""
    rows = await db.rows("select * from number_move_event where move_id = $1 order by id", move)
    return [MoveEvent(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class KnownOfWorker:
    """Facts that only the worker knows."""

    created_at: datetime
    answers: int
    last_answer: datetime | None
    amount: int | None
    currency: str | None
    settled_at: datetime | None


async def known_of(db: Database, worker: WorkerId) -> KnownOfWorker:
    """Return facts that only the worker knows, as questions before her number is changed."""
    row = await db.row(
        """select w.created_at, (select count(*) from answer where worker_id = w.id) as answers,
             (select max(created_at) from answer where worker_id = w.id) as last_answer,
             p.amount, p.currency, p.settled_at
           from worker w left join lateral (select * from payout where worker_id = w.id and state = 'paid'
             order by settled_at desc limit 1) p on true where w.id = $1""",
        worker,
    )
    assert row is not None
    return KnownOfWorker(**row)


@dataclass(frozen=True, slots=True)
class WorkerBehind:
    """A worker behind a number."""

    id: int
    name: str
    language: str
    sms_channel: str
    number_lost_at: datetime | None


async def worker_behind(db: Database, index: bytes, coordinator: int) -> list[WorkerBehind]:
    """Return the workers of a coordinator who have this number.

    They include workers who had it until it became another person's.
    """
    rows = await db.rows(
        """select w.id, w.name, w.language, w.sms_channel, w.number_lost_at from worker w
             join coordinator k on k.id = $2
           where looks_after(k.id, k.partner_id, w.coordinator_id, w.partner_id)
             and (w.msisdn_index = $1 or w.number_lost_at is not null and exists (select from number_move m
               where m.worker_id = w.id and m.state = 'released' and m.old_index = $1)) order by w.id""",
        index,
        coordinator,
    )
    return [WorkerBehind(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class WorkerNow:
    """A worker, as she is now."""

    id: int
    name: str
    region: str
    language: str
    sms_channel: str
    msisdn_sealed: bytes
    number_lost_at: datetime | None


async def worker_now(db: Database, worker: WorkerId) -> WorkerNow:
    """Return the facts about a worker that a change of her number needs."""
    row = await db.row(
        """select w.id, w.name, w.region, w.language, w.sms_channel, w.msisdn_sealed, w.number_lost_at from worker w
           where w.id = $1""",
        worker,
    )
    assert row is not None
    return WorkerNow(**row)


async def open_payout(db: Database, worker: WorkerId) -> str | None:
    """Return the reference of the worker's payout that is under way."""
    return await db.value(
        "select ref from payout where worker_id = $1 and settled_at is null", worker
    )


@dataclass(frozen=True, slots=True)
class CoordinatorContact:
    """The number and the language of a coordinator."""

    msisdn_sealed: bytes
    language: str


async def coordinator_of(db: Database, coordinator: int) -> CoordinatorContact | None:
    """Return the number and language of the coordinator who asked, while she is active."""
    row = await db.row(
        "select msisdn_sealed, language from coordinator where id = $1 and state = 'active'",
        coordinator,
    )
    return CoordinatorContact(**row) if row else None

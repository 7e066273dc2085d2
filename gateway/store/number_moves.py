"""Changes of number: what a turn may write, and what is looked up beside it."""

from dataclasses import dataclass
from datetime import datetime

from gateway.ids import WorkerId
from gateway.store.db import Database, Part, Row

OPEN = "('requested', 'asked', 'invited', 'objected')"


@dataclass(frozen=True, slots=True)
class NewMove:
    """A change of number that begins. `who`, `reason`: for its history; `coordinator`: who asked, where one did."""

    worker: WorkerId
    kind: str
    state: str
    new_index: bytes
    new_sealed: bytes
    channel: str
    coordinator: int | None
    who: str
    reason: str
    expires_at: datetime
    now: datetime


def still_hers(worker: WorkerId, index: bytes) -> Part:
    """A conflict when the number that this turn came from is not the worker's any more. Stands first."""
    return Part("still_hers", (worker, index))


def begin(m: NewMove) -> Part:
    return Part(
        "begin_move",
        (
            m.worker,
            m.kind,
            m.state,
            m.new_index,
            m.new_sealed,
            m.channel,
            m.coordinator,
            m.who,
            m.reason,
            m.expires_at,
            m.now,
        ),
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
) -> Part:
    """The new number said YES. `no_number`: sealed, for a row that loses its number; `screen`: what the open sessions
    of the old number end with."""
    return Part("swap_number", (move, via, channel, said, no_number, screen, hold_until, now))


def decline(move: int, channel: str, *, stop: bool) -> Part:
    return Part("decline_move", (move, stop, channel))


def object_to(move: int, now: datetime) -> Part:
    return Part("object_to_move", (move, now))


def stop_number(index: bytes, channel: str) -> Part:
    """A number that was a worker's wants nothing from us."""
    return Part("stop_number", (index, channel))


async def number_is_free(db: Database, index: bytes, worker: WorkerId, now: datetime) -> bool:
    """Return whether this worker may move to this number."""
    return await db.value("select number_is_free($1, $2, $3)", index, worker, now)


async def lately(db: Database, worker: WorkerId, since: datetime) -> Row:
    """Return how many changes the worker asked for since then, and the hold or objection that is not over."""
    row = await db.row(
        """select (select count(*) from number_move where worker_id = $1 and created_at > $2) as asked,
             (select max(hold_until) from number_move where worker_id = $1 and state in ('done', 'objected')) as hold_until,
             exists (select from number_move where worker_id = $1 and state = 'objected') as objected""",
        worker,
        since,
    )
    assert row is not None
    return row


async def move(db: Database, number: int) -> Row | None:
    """Return one change with its worker."""
    return await db.row(
        """select m.*, w.name, w.language, w.number_lost_at from number_move m join worker w on w.id = m.worker_id
           where m.id = $1""",
        number,
    )

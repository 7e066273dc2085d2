"""The USSD sessions that providers end, and a worker's progress in a batch when she dials again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.base.ids import AssignmentId, BatchId, WorkerId
from gateway.store.db import Database, Write
from gateway.store.turns.turns import InboundEvent


@dataclass(frozen=True, slots=True)
class SessionRow:
    """The state of a USSD session after a key."""

    worker: WorkerId | None
    """The worker, or None for an unknown number."""
    before: str | None
    """The transcript that was read, or None for a new session."""
    transcript: str
    """All inputs so far."""
    view: str
    """The place of the worker in the menu."""
    memory: dict[str, str]
    """The facts that the view needs with the next key."""
    pages: Sequence[str]
    """The screen, page by page."""
    page: int
    """The number of the current page."""
    ended: bool
    """The screen is the session's last one."""
    began: datetime | None
    """The moment at which the session that was read began."""


def save_session(event: InboundEvent, s: SessionRow) -> Write:
    return Write(
        "save_session",
        {
            "channel": event.channel,
            "session": event.session,
            "index": event.index,
            "worker": s.worker,
            "before": s.before,
            "transcript": s.transcript,
            "view": s.view,
            "memory": s.memory,
            "pages": list(s.pages),
            "page": s.page,
            "ended": s.ended,
            "began": s.began,
        },
    )


def keep_typed(
    assignment: AssignmentId, worker: WorkerId, typed: Mapping[str, str], said: str
) -> Write:
    """Keep the values of a record that the worker has typed so far, and her words for them."""
    return Write(
        "keep_typed",
        {"assignment": assignment, "worker": worker, "typed": dict(typed), "said": said},
    )


PROGRESS_MAX = 99  # Beyond that, "question 400 of 9000" is of no help to the worker.
_LOOKED_AT_MAX = 500  # the worker's newest answers


@dataclass(frozen=True, slots=True)
class EndedSession:
    """A USSD session that ended."""

    worker_id: int | None
    view: str
    memory: Any


async def end(
    db: Database, channel: str, session: str, index: bytes, *, completed: bool
) -> EndedSession | None:
    """Record that the session of that phone is over.

    Return its last worker_id, view and memory, or None when the session is unknown or its end was
    recorded before. Only the gateway's own last screen sets `ended`, since a notice may overtake
    the last key, which still counts.
    """
    row = await db.row(
        """update ussd_session set completed = $4
           where channel = $1 and session = $2 and msisdn_index = $3 and created_at > sessions_since()
             and created_at < until_now() and completed is null
           returning worker_id, view, memory""",
        channel,
        session,
        index,
        completed,
    )
    return EndedSession(**row) if row else None


async def transcript(db: Database, channel: str, session: str, index: bytes) -> str | None:
    """Return the inputs of that phone's session so far, or None for an unknown session."""
    row = await db.row(
        """select transcript from ussd_session where channel = $1 and session = $2 and msisdn_index = $3
             and created_at > sessions_since()
             and created_at < until_now() and view <> ''""",
        channel,
        session,
        index,
    )
    return row["transcript"] if row else None


async def renew(db: Database, channel: str, session: str, index: bytes, nth: int) -> None:
    """Begin another session of the same id and phone.

    `nth` is the number of sessions before the one that is over.
    """
    await db.execute(
        "select renew_session(p_channel => $1, p_session => $2, p_index => $3, p_nth => $4)",
        channel,
        session,
        index,
        nth,
    )


async def progress(db: Database, worker: WorkerId, batch: BatchId) -> tuple[int, int] | None:
    """Return the number of the worker's open question in this batch, and the total.

    The total counts her answers and the tasks that are free for her. Return None when it is too
    large.
    """
    row = await db.row(
        """select (select count(*) filter (where t.batch_id = $2) from (select task_id from answer
             where worker_id = $1 order by created_at desc limit $4) a join task t on t.id = a.task_id) as answered,
           (select count(*) from (select from answer where worker_id = $1 limit $4) a) as looked_at,
           (select count(*) from (
             (select from task t join worker w on w.id = $1 join batch b on b.id = t.batch_id
               where t.batch_id = $2 and t.position > b.low and t.state = 'open' and t.gold is null and not t.is_full
                 and not t.directed and (t.audience is null or audience_fits(t.audience, w.partner_id, w.language))
                 and not exists (select from assignment a where a.task_id = t.id and a.worker_id = $1)
               limit $3)
             union all
             (select from directed d join task t on t.id = d.task_id
               where d.worker_id = $1 and not d.asked and t.batch_id = $2 and t.state = 'open' and t.gold is null
                 and not t.is_full and not exists (select from assignment a where a.task_id = t.id and a.worker_id = $1)
               limit $3)) free) as left""",
        worker,
        batch,
        PROGRESS_MAX,
        _LOOKED_AT_MAX,
    )
    assert row is not None
    if row["looked_at"] == _LOOKED_AT_MAX and row["answered"] < _LOOKED_AT_MAX:
        # There may be older answers of this batch, and a wrong number is worse than none.
        return None
    number = row["answered"] + 1
    total = number + row["left"]
    return (number, total) if total <= PROGRESS_MAX else None

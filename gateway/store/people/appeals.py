"""Appeals: filed, told, passed on, decided and settled. Every step is an event that stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.base.ids import WorkerId
from gateway.store.db import Connection, Database, Row, Write

PERSON, COORDINATOR = "person", "coordinator"


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal with what is needed to decide it and to tell about it."""

    id: int
    ref: str
    """The reference that the worker knows."""
    state: str
    """waiting, upheld, stands or lapsed."""
    round: int
    """1 for the first person, 2 for the second, 3 for the operator without a deadline."""
    answer: int
    """The answer's id."""
    adjustment: int | None
    """The adjustment that waits for it."""
    amount_minor: int
    """The amount of the adjustment, in minor units; 0 for none."""
    currency: str
    """The currency of the worker."""
    worker: int
    """The worker's id."""
    worker_name: str
    worker_state: str
    worker_sealed: bytes
    """The worker's sealed number."""
    worker_channel: str
    worker_language: str
    batch: str
    task_id: int
    task: str
    """The client's id of the task."""
    text: str
    """The question."""
    value: str
    """Her answer."""
    truth: str | None
    """The answer that counts as right now."""
    decided_kind: str
    """The kind of the earlier decider: rule, client, person or coordinator."""
    decided_by: str
    """The name of that decider, or the version of the rule."""
    opened_by: str
    """The person who opened the adjustment."""
    handler: int | None
    """The coordinator who looks at it, and None for the operator."""
    handler_name: str | None
    handler_active: bool
    handler_sealed: bytes | None
    handler_language: str | None
    created_at: datetime
    due_at: datetime
    """The deadline of the present round."""
    next_at: datetime | None
    told_at: datetime | None
    reminded_at: datetime | None
    decided_at: datetime | None
    decider: str | None
    decider_id: int | None
    reason: str | None
    settled_at: datetime | None


_APPEAL = """select p.id, p.ref, p.state, p.round, p.answer_id as answer, p.adjustment_id as adjustment,
    coalesce(j.amount, 0)::bigint as amount_minor, w.currency, w.id as worker, w.name as worker_name,
    w.state as worker_state, w.msisdn_sealed as worker_sealed, w.sms_channel as worker_channel,
    w.language as worker_language, t.batch_id as batch, t.id as task_id, t.name as task, t.text, a.value,
    coalesce(t.gold, t.value) as truth, p.decided_kind, p.decided_by, p.opened_by, p.handler_id as handler,
    c.name as handler_name, coalesce(c.state = 'active', false) as handler_active, c.msisdn_sealed as handler_sealed,
    c.language as handler_language, p.created_at, p.due_at, p.next_at, p.told_at, p.reminded_at, p.decided_at, p.decider,
    p.decider_id, p.reason, p.settled_at
  from appeal p join answer a on a.id = p.answer_id join task t on t.id = a.task_id join worker w on w.id = p.worker_id
    left join adjustment j on j.id = p.adjustment_id left join coordinator c on c.id = p.handler_id"""


def _made(row: Row) -> Appeal:
    return Appeal(**row)


def file_appeal(
    ref: str,
    worker: WorkerId,
    answer: int,
    *,
    handler: int | None,
    due_at: datetime,
    now: datetime,
) -> Write:
    """File an appeal. A second one about the same answer changes nothing."""
    return Write(
        "file_appeal",
        {
            "ref": ref,
            "worker": worker,
            "answer": answer,
            "handler": handler,
            "due": due_at,
            "now": now,
        },
    )


async def waiting_count(db: Database, worker: WorkerId) -> int:
    """Return how many appeals of a worker wait."""
    return await db.value(
        "select count(*) from appeal where worker_id = $1 and state = 'waiting'", worker
    )


async def handler_of(db: Database, worker: WorkerId, answer: int) -> tuple[int | None, bool]:
    """Return the coordinator who would look at an appeal, and whether she is the worker's own."""
    row = await db.row(
        """select h.id, exists (select from worker_coordinators($1) k(id) where k.id = h.id) as own
           from (select handler_of_appeal(p_worker => $1, p_answer => $2, p_before => '{}') as id) h""",
        worker,
        answer,
    )
    assert row is not None
    return row["id"], row["own"]


async def is_own(db: Connection | Database, worker: WorkerId, coordinator: int) -> bool:
    """Return whether a coordinator looks after this worker."""
    return await db.value(
        "select exists (select from worker_coordinators($1) k(id) where k.id = $2)",
        worker,
        coordinator,
    )


async def next_handler(db: Connection, appeal: Appeal) -> int | None:
    """Return the next coordinator who may look at an appeal, who did not have it before."""
    return await db.value(
        "select handler_of_appeal(p_worker => $1, p_answer => $2, p_before => had_appeal($3))",
        appeal.worker,
        appeal.answer,
        appeal.id,
    )


async def due_appeals(db: Database, now: datetime, limit: int) -> list[int]:
    """Return the appeals with a step that is due, the oldest first."""
    rows = await db.rows(
        "select id from appeal where next_at <= $1 order by next_at limit $2", now, limit
    )
    return [row["id"] for row in rows]


async def locked(db: Connection, appeal: int) -> Appeal:
    """Return an appeal and lock it until the transaction ends."""
    await db.execute("select from appeal where id = $1 for update", appeal)
    row = await db.row(f"{_APPEAL} where p.id = $1", appeal)
    assert row is not None
    return _made(row)


async def by_ref(db: Database, ref: str) -> Appeal | None:
    row = await db.row(f"{_APPEAL} where p.ref = $1", ref)
    return _made(row) if row else None


async def by_id(db: Database, appeal: int) -> Appeal:
    row = await db.row(f"{_APPEAL} where p.id = $1", appeal)
    assert row is not None
    return _made(row)


async def waiting_on_task(db: Database, task: int) -> list[Appeal]:
    """Return the appeals about answers to one task that wait for a decision."""
    rows = await db.rows(
        f"{_APPEAL} where a.task_id = $1 and p.state = 'waiting' order by p.id limit 100", task
    )
    return [_made(row) for row in rows]


async def waiting(db: Database, limit: int = 200) -> list[Appeal]:
    """Return the appeals that wait for a decision, the soonest deadline first."""
    rows = await db.rows(
        f"{_APPEAL} where p.state = 'waiting' order by p.round = 3 desc, p.due_at, p.id limit $1",
        limit,
    )
    return [_made(row) for row in rows]


async def decided(db: Database, limit: int = 200) -> list[Appeal]:
    """Return the appeals that were decided, the newest first."""
    rows = await db.rows(
        f"{_APPEAL} where p.state <> 'waiting' order by p.decided_at desc, p.id desc limit $1",
        limit,
    )
    return [_made(row) for row in rows]


async def of_coordinator(db: Database, coordinator: int) -> list[Appeal]:
    """Return the appeals that wait for a coordinator, the soonest deadline first."""
    rows = await db.rows(
        f"{_APPEAL} where p.handler_id = $1 and p.state = 'waiting' order by p.due_at, p.id limit 100",
        coordinator,
    )
    return [_made(row) for row in rows]


@dataclass(frozen=True, slots=True)
class AppealEvent:
    """An event of an appeal: what happened, by whom (a name, or a coordinator's id), and why."""

    event: str
    who: str
    reason: str
    at: datetime


async def events(db: Database, appeal: int) -> list[AppealEvent]:
    """Return what happened to an appeal, in order."""
    rows = await db.rows(
        """select e.event, coalesce(c.name, e.who) as who, e.reason, e.at from appeal_event e
             left join coordinator c on c.id::text = e.who and e.event in ('told', 'reminded', 'passed_on')
           where e.appeal_id = $1 order by e.id""",
        appeal,
    )
    return [AppealEvent(**row) for row in rows]


async def note(db: Connection, appeal: int, event: str, who: str = "", reason: str = "") -> None:
    await db.execute(
        "insert into appeal_event (appeal_id, event, who, reason) values ($1, $2, $3, $4)",
        appeal,
        event,
        who,
        reason,
    )


async def was_told(db: Connection, appeal: int, now: datetime, next_at: datetime) -> None:
    """Record that the person who looks at an appeal was told of it."""
    await db.execute(
        "update appeal set told_at = $2, next_at = $3 where id = $1", appeal, now, next_at
    )


async def was_reminded(db: Connection, appeal: int, now: datetime) -> None:
    """Record the reminder. The next step is at the deadline."""
    await db.execute(
        "update appeal set reminded_at = $2, next_at = due_at where id = $1", appeal, now
    )


async def pass_on(
    db: Connection,
    appeal: int,
    round_: int,
    handler: int | None,
    due_at: datetime,
    next_at: datetime | None,
) -> None:
    """Give an appeal to another person, who is told next."""
    await db.execute(
        """update appeal set round = $2, handler_id = $3, due_at = $4, next_at = $5, told_at = null, reminded_at = null
           where id = $1""",
        appeal,
        round_,
        handler,
        due_at,
        next_at,
    )
    await db.execute("update adjustment set decide_by = $2 where id = (select adjustment_id from appeal where id = $1)", appeal, due_at)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an appeal: upheld, stands or lapsed, with its author and reason."""

    state: str
    decider: str
    coordinator: int | None
    reason: str


async def decide(db: Connection, appeal: int, outcome: Outcome, now: datetime) -> None:
    """Record the outcome. What follows from it is the next step, which is due at once."""
    await db.execute(
        """update appeal set state = $2, decider = $3, decider_id = $4, reason = $5, decided_at = $6, next_at = $6
           where id = $1""",
        appeal,
        outcome.state,
        outcome.decider,
        outcome.coordinator,
        outcome.reason,
        now,
    )
    await note(db, appeal, outcome.state, outcome.decider, outcome.reason)


def decide_by_coordinator(
    appeal: int, coordinator: int, *, worker_right: bool, reason: str, now: datetime
) -> Write:
    """Record the decision of the coordinator with whom a waiting appeal is."""
    return Write(
        "decide_appeal",
        {
            "appeal": appeal,
            "coordinator": coordinator,
            "right": worker_right,
            "reason": reason,
            "now": now,
        },
    )


async def had_part(db: Connection | Database, coordinator: int, appeal: Appeal) -> bool:
    """Return whether a coordinator had a part in what is appealed, or is the worker herself."""
    return await db.value(
        "select took_part(p_coordinator => $1, p_answer => $2, p_worker => $3)",
        coordinator,
        appeal.answer,
        appeal.worker,
    )


async def settled(db: Connection, appeal: int, now: datetime) -> None:
    """Record that everything that follows from the outcome is written."""
    await db.execute("update appeal set settled_at = $2, next_at = null where id = $1", appeal, now)
    await note(db, appeal, "settled")


async def postpone(db: Connection | Database, appeal: int, until: datetime) -> None:
    """Try the next step of an appeal later."""
    await db.execute("update appeal set next_at = $2 where id = $1", appeal, until)


async def deciders(db: Connection, answer: int) -> Sequence[str]:
    """Return the names of the persons who decided about an answer before."""
    return await db.value("select answer_deciders($1)", answer)


async def is_herself(db: Connection, coordinator: int, worker: int) -> bool:
    """Return whether a coordinator and a worker have the same number."""
    return await db.value(
        """select exists (select from coordinator c join worker w on w.msisdn_index = c.msisdn_index
           where c.id = $1 and w.id = $2)""",
        coordinator,
        worker,
    )


async def coordinators_named(db: Connection, name: str) -> Sequence[int]:
    """Return the ids of all coordinators with this name."""
    rows = await db.rows(
        "select id from coordinator where lower(btrim(name)) = lower(btrim($1)) order by id", name
    )
    return [row["id"] for row in rows]

"""The findings that a person should look at, with the evidence.

A formula writes them, and only persons draw conclusions.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.store.db import Connection, Database


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """A finding about a subject."""

    kind: str
    """The kind of finding."""
    subject: str
    """The subject (`worker:7`, `task:12`). It has at most one open finding per kind."""
    evidence: dict[str, object]
    """The counts and chances that a person needs to judge it. It never is a bare verdict."""
    worker: int | None = None
    """The worker whom it concerns, if any."""
    batch: str | None = None
    """The batch that it concerns, if any."""


async def record(db: Connection, found: FindingRecord) -> None:
    """Record a finding. One that is already open gets the newer evidence."""
    await db.execute(
        """insert into finding (kind, subject, worker_id, batch_id, evidence) values ($1, $2, $3, $4, $5)
           on conflict (kind, subject) where state = 'open' do update set evidence = excluded.evidence""",
        found.kind,
        found.subject,
        found.worker,
        found.batch,
        found.evidence,
    )


_LIST = """select f.id, f.kind, f.subject, f.worker_id, f.batch_id, f.evidence, f.state, f.outcome, f.closed_by,
  f.created_at, f.closed_at, p.code as partner
  from finding f left join worker w on w.id = f.worker_id left join partner p on p.id = w.partner_id"""


@dataclass(frozen=True, slots=True)
class ListedFinding:
    """A finding as an operator reads it."""

    id: int
    kind: str
    subject: str
    worker_id: int | None
    batch_id: str | None
    evidence: Any
    state: str
    outcome: str | None
    closed_by: str | None
    created_at: datetime
    closed_at: datetime | None
    partner: str | None


async def list_findings(
    db: Database, *, state: str = "open", batch: str | None = None, limit: int = 200
) -> list[ListedFinding]:
    rows = await db.rows(
        f"{_LIST} where f.state = $1 and ($3::text is null or f.batch_id = $3) order by f.created_at desc limit $2",
        state,
        limit,
        batch,
    )
    return [ListedFinding(**row) for row in rows]


async def show_finding(db: Database, finding: int) -> ListedFinding | None:
    row = await db.row(f"{_LIST} where f.id = $1", finding)
    return ListedFinding(**row) if row else None


@dataclass(frozen=True, slots=True)
class BatchFinding:
    """A finding that concerns a batch."""

    id: int
    kind: str
    worker: int | None
    evidence: Any
    state: str
    outcome: str | None
    at: datetime


async def of_batch(db: Database, batch: str) -> list[BatchFinding]:
    """Return the findings about a batch, and about its workers while it had their answers.

    Open findings come first. The rows have no names.
    """
    rows = await db.rows(
        """select f.id, f.kind, f.worker_id as worker, f.evidence, f.state, f.outcome, f.created_at as at
           from finding f where f.batch_id = $1 or f.batch_id is null and f.created_at >=
               (select started_at from batch where id = $1) and exists (select from answer a join task t on t.id = a.task_id
                 where a.worker_id = f.worker_id and t.batch_id = $1)
           order by f.state = 'open' desc, f.created_at desc limit 100""",
        batch,
    )
    return [BatchFinding(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class CoordinatorFinding:
    """A finding about a worker of a coordinator."""

    id: int
    kind: str
    name: str
    msisdn_sealed: bytes
    evidence: Any
    state: str
    outcome: str | None
    closed_by: str | None
    created_at: datetime


async def of_coordinator(db: Database, coordinator: int) -> list[CoordinatorFinding]:
    """Return the findings about a coordinator's workers, open or closed in the last 30 days."""
    rows = await db.rows(
        """select f.id, f.kind, w.name, w.msisdn_sealed, f.evidence, f.state, f.outcome, f.closed_by, f.created_at
           from finding f join worker w on w.id = f.worker_id join coordinator c on c.id = $1
           where looks_after(c.id, c.partner_id, w.coordinator_id, w.partner_id)
             and (f.state = 'open' or f.closed_at > now() - interval '30 days')
           order by f.state = 'open' desc, f.created_at desc limit 200""",
        coordinator,
    )
    return [CoordinatorFinding(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class AnswerDeed:
    """An answer of a worker, with the facts that the search for cheating needs."""

    task_id: int
    worker_id: int
    value: str
    right: bool | None
    created_at: datetime
    partner_id: int | None
    coordinator_id: int | None


async def deeds(db: Database, batch: str) -> list[AnswerDeed]:
    """Return every answer of a batch in order of time, with the ties of its worker to others."""
    rows = await db.rows(
        """select a.task_id, a.worker_id, a.value, a."right", a.created_at, w.partner_id, w.coordinator_id
           from answer a join task t on t.id = a.task_id join worker w on w.id = a.worker_id
           where t.batch_id = $1 and not a.void order by a.id""",
        batch,
    )
    return [AnswerDeed(**row) for row in rows]


async def close_finding(db: Database, finding: int, by: str, outcome: str) -> bool:
    """Close a finding, and return False when it is not open."""
    return bool(
        await db.value(
            """update finding set state = 'closed', outcome = $3, closed_by = $2, closed_at = now()
               where id = $1 and state = 'open' returning id""",
            finding,
            by,
            outcome,
        )
    )


async def close_unjustified_pause(db: Connection, subject: str) -> None:
    """Close the finding of a pause that wrong gold has caused."""
    await db.execute(
        """update finding set state = 'closed', outcome = 'the gold was wrong',
             closed_by = 'gold correct', closed_at = now()
           where kind = 'below_bar' and subject = $1 and state = 'open'""",
        subject,
    )

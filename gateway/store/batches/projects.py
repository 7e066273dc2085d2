"""Projects: their rows, their files and their stages, each of which is a batch."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.base.errors import Refused
from gateway.base.ids import BatchId, ClientId
from gateway.qa.checks.plan import NO_STEPS, QualityPlan
from gateway.store.batches import plans, results, tallies
from gateway.store.batches.batches import Batch
from gateway.store.batches.listed_batches import TO_PARTNERS
from gateway.store.db import Connection, Database, Row
from gateway.tasks.projects.plan import ProjectPlan, as_data, plan_of

OPEN_STAGES = ("waiting", "running")


@dataclass(frozen=True, slots=True)
class Project:
    """A project of a client. `plan` is None until its file has come."""

    id: str
    client: ClientId
    name: str
    recipe: str
    recipe_text: str
    parameters: Mapping[str, Any]
    price_minor: int
    partner_price_minor: int
    currency: str
    state: str
    plan: ProjectPlan | None
    advice: Mapping[str, Any]
    reserved_minor: int
    waits: str | None
    created_at: datetime
    started_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class StageSpending:
    """The money that a stage has cost its client so far, in minor units.

    `workers_minor` and `partners_minor` are for answers, `checks_minor` is for paid reviews and
    audits, and `top_ups_minor` for pay that was below the floor.
    """

    workers_minor: int
    partners_minor: int
    checks_minor: int
    top_ups_minor: int

    @property
    def total_minor(self) -> int:
        return self.workers_minor + self.partners_minor + self.checks_minor + self.top_ups_minor


@dataclass(frozen=True, slots=True)
class ProjectStage:
    """A stage of a started project, with the state and the progress of its batch."""

    position: int
    name: str
    after: str
    state: str
    batch: BatchId
    batch_state: str
    cost_minor: int
    """The most that an accepted answer costs, without messages."""
    reserved_minor: int
    spent: "StageSpending"
    tasks: int
    tasks_done: int
    tasks_review: int
    answers: int
    is_published: bool
    """True if no result of the batch still waits to be copied to its task."""
    background: Mapping[str, Any] | None
    """The progress of long work on the batch, like storing its tasks."""

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STAGES


@dataclass(frozen=True, slots=True)
class NewStage:
    """A stage to be inserted with its batch: its name, the stage before it, and the reserve.

    `quality` has the review and the audit of the batch.
    """

    name: str
    after: str
    batch: Batch
    reserve_minor: int
    quality: QualityPlan = NO_STEPS


_COLUMNS = """p.id, p.client_id, p.name, p.recipe, p.recipe_text, p.parameters, p.price, p.partner_price, p.currency, p.state,
  p.plan, p.advice, p.reserved, p.waits, p.created_at, p.started_at, p.closed_at"""


def _project(row: Row) -> Project:
    return Project(
        id=row["id"],
        client=ClientId(row["client_id"]),
        name=row["name"],
        recipe=row["recipe"],
        recipe_text=row["recipe_text"],
        parameters=row["parameters"],
        price_minor=row["price"],
        partner_price_minor=row["partner_price"],
        currency=row["currency"],
        state=row["state"],
        plan=plan_of(row["plan"]) if row["plan"] else None,
        advice=row["advice"] or {},
        reserved_minor=row["reserved"],
        waits=row["waits"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        closed_at=row["closed_at"],
    )


async def insert_project(db: Database, project: Project) -> None:
    """Insert a new project as a draft without a file."""
    await db.execute(
        """insert into project (id, client_id, name, recipe, recipe_text, parameters, price, partner_price, currency)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        project.id,
        project.client,
        project.name,
        project.recipe,
        project.recipe_text,
        dict(project.parameters),
        project.price_minor,
        project.partner_price_minor,
        project.currency,
    )


async def project_of(db: Database, project: str, client: ClientId) -> Project | None:
    """Return a client's project, or None when it belongs to another client."""
    row = await db.row(
        f"select {_COLUMNS} from project p where p.id = $1 and p.client_id = $2", project, client
    )
    return _project(row) if row else None


async def read_project(db: Database, project: str) -> Project:
    """Return the project of any client. Raises Refused when there is no such project."""
    row = await db.row(f"select {_COLUMNS} from project p where p.id = $1", project)
    if row is None:
        raise Refused(f"there is no project {project!r}", field="project", status=404)
    return _project(row)


async def all_projects(db: Database) -> list[Project]:
    """Return the projects of all clients, newest first."""
    rows = await db.rows(f"select {_COLUMNS} from project p order by p.created_at desc limit 200")
    return [_project(row) for row in rows]


async def projects_of_client(db: Database, client: ClientId) -> list[Project]:
    """Return the client's projects, newest first."""
    rows = await db.rows(
        f"select {_COLUMNS} from project p where p.client_id = $1 order by p.created_at desc limit 200",
        client,
    )
    return [_project(row) for row in rows]


async def lock_project(db: Connection, project: str) -> str | None:
    """Lock a project until the end of the transaction, and return its state."""
    return await db.value("select state from project where id = $1 for no key update", project)


async def store_file(
    db: Connection,
    project: str,
    body: bytes,
    digest: bytes,
    plan: ProjectPlan,
    advice: Mapping[str, object],
) -> None:
    """Store the file of a draft with its plan, in place of the file before."""
    await db.execute(
        """insert into project_file (project_id, body, digest) values ($1, $2, $3)
           on conflict (project_id) do update set body = $2, digest = $3, received_at = now()""",
        project,
        body,
        digest,
    )
    await db.execute(
        "update project set plan = $2, advice = $3 where id = $1",
        project,
        as_data(plan),
        dict(advice),
    )


async def remove_files(db: Database, now: datetime, before: datetime | None, most: int) -> None:
    """Look at the files whose time has come, and remove those of old projects.

    Old is what was over before `before`, or is a draft since then; None keeps all files. Each file
    is looked at once a day.
    """
    await db.execute(
        """with seen as (select f.project_id from project_file f where f.look_at <= $1
             order by f.look_at limit $3 for update skip locked),
           gone as (delete from project_file f using seen s, project p
             where f.project_id = s.project_id and p.id = s.project_id
               and p.state in ('draft', 'done', 'cancelled') and coalesce(p.closed_at, p.created_at) < $2
             returning f.project_id)
           update project_file f set look_at = $1::timestamptz + interval '1 day' from seen s
             where f.project_id = s.project_id and s.project_id not in (select project_id from gone)""",
        now,
        before,
        most,
    )


async def file_of(db: Database, project: str) -> bytes | None:
    """Return the file of a project."""
    return await db.value("select body from project_file where project_id = $1", project)


async def digest_of(db: Database | Connection, project: str) -> bytes | None:
    """Return the digest of a project's file, or None where it has no file."""
    return await db.value("select digest from project_file where project_id = $1", project)


async def insert_stage(db: Connection, project: str, position: int, stage: NewStage) -> None:
    """Insert a stage whose batch was inserted in the same transaction."""
    await db.execute(
        """insert into project_stage (project_id, position, name, after, batch_id)
           values ($1, $2, $3, $4, $5)""",
        project,
        position,
        stage.name,
        stage.after,
        stage.batch.id,
    )
    await db.execute(
        "update batch set reserved = $2 where id = $1", stage.batch.id, stage.reserve_minor
    )
    if not stage.quality.is_default:
        await plans.insert_plan(db, stage.batch.id, stage.quality)


async def set_project_state(
    db: Connection, project: str, state: str, *, reserved: int | None = None
) -> None:
    """Set the state of a project that the transaction has locked."""
    await db.execute(
        """update project set state = $2, reserved = coalesce($3, reserved), waits = null, retry_at = null,
             started_at = case when $2 = 'running' then coalesce(started_at, now()) else started_at end,
             closed_at = case when $2 in ('done', 'cancelled') then now() end
           where id = $1""",
        project,
        state,
        reserved,
    )


async def set_stage_state(db: Connection, project: str, position: int, state: str) -> bool:
    """Set the state of a stage; return False when it was over before.

    With its last stage, a running project is done. The caller has locked the project.
    """
    done = await db.value(
        """update project_stage set state = $3
           where project_id = $1 and position = $2 and state in ('waiting', 'running') returning true""",
        project,
        position,
        state,
    )
    await db.execute(
        """update project set state = 'done', closed_at = now(), waits = null, retry_at = null
           where id = $1 and state = 'running'
             and not exists (select from project_stage where project_id = $1 and state in ('waiting', 'running'))""",
        project,
    )
    return bool(done)


async def set_running(db: Connection, project: str, position: int) -> None:
    """Set a waiting stage to running. The caller has locked the project."""
    await db.execute(
        """update project_stage set state = 'running'
           where project_id = $1 and position = $2 and state = 'waiting'""",
        project,
        position,
    )


async def hold_back(db: Database, project: str, why: str, until: datetime) -> None:
    """Record why a project does not go on, and the time of the next try."""
    await db.execute(
        "update project set waits = $2, retry_at = $3 where id = $1 and state = 'running'",
        project,
        why,
        until,
    )


async def go_on(db: Database, project: str) -> None:
    """Forget why a project did not go on."""
    await db.execute(
        "update project set waits = null, retry_at = null where id = $1 and waits is not null",
        project,
    )


async def stages_of(db: Database, project: str) -> list[ProjectStage]:
    """Return the stages of a project, in order, with the progress of their batches."""
    rows = await db.rows(
        f"""select s.position, s.name, s.after, s.state, s.batch_id, b.state as batch_state, b.price + b.partner_price as cost, b.reserved,
             c.tasks, c.tasks_done, c.tasks_review, c.answers,
             {tallies.EARNED} as earned, partners_spent, {plans.SPENT} as checks_spent,
             coalesce((select y.topped_up from batch_pay y where y.batch_id = b.id and y.settled_at is not null), 0) as topped_up,
             not exists (select from estimate e where e.batch_id = b.id) as published,
             case when (b.upload_until < now()) is not true then b.background end as background
           from project_stage s join batch b on b.id = s.batch_id {tallies.OF_BATCH} {TO_PARTNERS}
           where s.project_id = $1 order by s.position""",
        project,
    )
    return [
        ProjectStage(
            position=row["position"],
            name=row["name"],
            after=row["after"],
            state=row["state"],
            batch=BatchId(row["batch_id"]),
            batch_state=row["batch_state"],
            cost_minor=row["cost"],
            reserved_minor=row["reserved"],
            spent=StageSpending(
                workers_minor=row["earned"],
                partners_minor=row["partners_spent"],
                checks_minor=row["checks_spent"],
                top_ups_minor=row["topped_up"],
            ),
            tasks=row["tasks"],
            tasks_done=row["tasks_done"],
            tasks_review=row["tasks_review"],
            answers=row["answers"],
            is_published=row["published"],
            background=row["background"],
        )
        for row in rows
    ]


PENDING = """from project_stage s join project p on p.id = s.project_id join batch b on b.id = s.batch_id
  where s.state in ('waiting', 'running') and (p.retry_at is null or p.retry_at <= $1::timestamptz) and (
    p.state = 'cancelled' or p.state = 'paused' and b.state = 'running'
    or p.state = 'running' and s.state = 'waiting' and not exists (select from project_stage a
      where a.project_id = s.project_id and a.name = s.after and a.state in ('waiting', 'running'))
    or p.state = 'running' and s.state = 'running' and (b.state in ('paused', 'cancelled')
      or b.state = 'done' and not exists (select from estimate e where e.batch_id = b.id)))"""
"""The stages for which something has to be done now; `$1` is the time."""


async def pending_projects(db: Database, now: datetime) -> list[str]:
    """Return the projects for which something has to be done now."""
    rows = await db.rows(f"select distinct p.id {PENDING} order by p.id", now)
    return [row["id"] for row in rows]


async def stage_of_batch(db: Database, batch: str) -> tuple[str, str] | None:
    """Return the project and the name of the stage that a batch is, or None."""
    row = await db.row("select project_id, name from project_stage where batch_id = $1", batch)
    return (row["project_id"], row["name"]) if row else None


async def has_tasks(db: Database, batch: str) -> bool:
    """Return whether a batch has tasks that count."""
    return bool(
        await db.value(
            """select exists (select from task t join batch b on b.id = t.batch_id
                 where b.id = $1 and t.position <= coalesce(b.filled_to, t.position))""",
            batch,
        )
    )


async def keep_apart(db: Connection, batch: str, first: str) -> None:
    """Let no worker check or repeat an answer of her own.

    A worker who answered a part in the `first` batch never receives the task of this part. Her
    assignment counts as withdrawn. Doing this again changes nothing.
    """
    await db.execute(
        """insert into assignment (task_id, worker_id, state, via, lease_until)
           select distinct t.id, a.worker_id, 'withdrawn', 'sms', now()
             from task t join task e on e.name = t.name and e.batch_id = $2
             join answer a on a.task_id = e.id
             where t.batch_id = $1
           on conflict (task_id, worker_id) do nothing""",
        batch,
        first,
    )


@dataclass(frozen=True, slots=True)
class StageResult:
    """The result of a task of a stage, as it is stored.

    `workers` and `skills` are there for records only: who gave each answer, and the skills with
    which the task was judged last.
    """

    task: str
    value: str | None
    confidence: float | None
    state: str
    rule: str | None
    answers: tuple[str, ...]
    workers: tuple[int, ...] = ()
    skills: Sequence[tuple[float, float]] | None = None


async def stage_results(
    db: Database, batch: Batch, confidence: float
) -> AsyncIterator[StageResult]:
    """Yield the result of each real task of a stage's batch, in order."""
    is_record = bool(batch.fields)
    async for row in results.of_batch(db, batch.id, batch.method, confidence, entries=is_record):
        yield StageResult(
            task=row.name,
            value=row.value,
            confidence=row.confidence,
            state=row.state,
            rule=row.rule,
            answers=tuple(row.values),
            workers=tuple(row.workers or ()) if is_record else (),
            skills=row.skills if is_record else None,
        )


async def spent_on(db: Database, batch: str) -> int:
    """Return what the ledger says that a batch has cost its client, in minor units.

    This is all that left the holds of the batch, its reviews and its audits, and did not return to
    the client. What a running review or audit has set aside is not spent.
    """
    return await db.value(
        """with own as (select account_id from batch where id = $1
             union all select k.account_id from check_batch c join batch k on k.id = c.batch_id where c.parent_id = $1)
           select coalesce(sum(case when t.debit = o.account_id and t.code <> 7 then t.amount
                               when t.credit = o.account_id and t.code <> 2 then -t.amount else 0 end), 0)::bigint
           from own o join transfer t on o.account_id in (t.debit, t.credit)
           where not exists (select from own x, own y where x.account_id = t.debit and y.account_id = t.credit)""",
        batch,
    )

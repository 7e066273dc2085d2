"""The progress of projects: a stage whose results are there feeds the next one.

Every action here may happen twice, or be cut off anywhere, without a second effect: a stage's batch
exists since the start of the project, it takes tasks only while it has none, and starting a running
batch changes nothing. The ticker enqueues the job as long as something has to be done.
"""

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import structlog

from gateway.base import logs
from gateway.base.errors import Conflict, GatewayError, Refused
from gateway.base.failpoints import reach
from gateway.steps.batches.prepare import Filled, lines_of, remove
from gateway.steps.batches.projects.create import limits_of, room
from gateway.steps.batches.projects.stage_outcomes import stage_outcomes
from gateway.steps.batches.projects.work import ProjectSource, StageWork
from gateway.steps.batches.routes_on_air import air_of
from gateway.steps.batches.submit.fill import add_once
from gateway.steps.batches.submit.start import start_batch
from gateway.steps.batches.submit.stop import cancel_batch, pause_batch
from gateway.steps.runtime import Runtime
from gateway.store.batches import projects
from gateway.store.batches.projects import Project, ProjectStage
from gateway.tasks.projects.plan import ASK

log = structlog.get_logger()

UPLOADS = "uploads"
_RETRY = timedelta(minutes=1)
_FILL_S = 1800.0
"""The seconds in which the tasks of a stage must be made. No request waits for it."""


async def advance_projects(rt: Runtime) -> int:
    """Do what is due for all projects, and return their number.

    A project that cannot go on is tried again a minute later, and its client reads why.
    """
    due = await projects.pending_projects(rt.db, rt.clock.now())
    for project in due:
        with logs.bound(project=project):
            try:
                await advance_project(rt, project)
                await projects.go_on(rt.db, project)
            except Conflict:
                continue  # Another process did it, or the ticker asks again.
            except GatewayError as bad:
                log.warning("a project does not go on", why=str(bad))
                await projects.hold_back(rt.db, project, str(bad), rt.clock.now() + _RETRY)
    return len(due)


async def advance_project(rt: Runtime, project_id: str) -> None:
    """Do for one project everything that can be done now."""
    while True:
        project = await projects.read_project(rt.db, project_id)
        stages = await projects.stages_of(rt.db, project_id)
        moves = [await _move(rt, project, stage, stages) for stage in stages if stage.is_open]
        if not any(moves):
            return


async def _move(
    rt: Runtime, project: Project, stage: ProjectStage, stages: list[ProjectStage]
) -> bool:
    """Do what one stage needs, and return whether anything was done."""
    match project.state, stage.state, stage.batch_state:
        case "cancelled", _, batch_state:
            if batch_state != "done":
                await cancel_batch(rt, project.client, stage.batch)
            return await _end(rt, project, stage, "cancelled")
        case "paused", _, "running":
            await pause_batch(rt, project.client, stage.batch)
        case "running", "running", "paused":
            await start_batch(rt, project.client, stage.batch)
        case "running", "running", "cancelled" | "done" as over if stage.is_published:
            return await _end(rt, project, stage, over)
        case "running", "waiting", _ if not _waits(stage, stages):
            await _begin(rt, project, stage, stages)
        case _:
            return False
    return True


def _waits(stage: ProjectStage, stages: list[ProjectStage]) -> bool:
    return any(other.name == stage.after and other.is_open for other in stages)


async def _begin(
    rt: Runtime, project: Project, stage: ProjectStage, stages: list[ProjectStage]
) -> None:
    """Fill the batch of a stage and start it; a stage without tasks is skipped."""
    if stage.batch_state == "draft" and not await projects.has_tasks(rt.db, stage.batch):
        if not await _fill(rt, project, stage, stages):
            await cancel_batch(rt, project.client, stage.batch)
            await _end(rt, project, stage, "skipped")
            return
        reach("project.filled")
    first = next(iter(_earlier(project, stage, stages)), None)
    if first is not None and stage.batch_state == "draft":
        async with rt.db.transaction() as db:
            await projects.keep_apart(db, stage.batch, first.batch)
    await start_batch(rt, project.client, stage.batch)
    reach("project.begun")
    async with rt.db.transaction() as db:
        await projects.lock_project(db, project.id)
        await projects.set_running(db, project.id, stage.position)
    log.info("a stage of a project begins", stage=stage.name, batch=stage.batch)


async def _fill(
    rt: Runtime, project: Project, stage: ProjectStage, stages: list[ProjectStage]
) -> bool:
    """Make the tasks of a stage from the results so far; return False where there are none."""
    batch = await rt.batches.fresh(stage.batch)
    outcomes = await stage_outcomes(rt, _earlier(project, stage, stages))
    work = StageWork(stage.name, batch, air_of(rt), outcomes, room(rt))
    out = _file(rt)
    try:
        await asyncio.to_thread(out.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
        filled = await rt.helpers.run(
            "prepare_stage", await source_of(rt, project), work, out, limit_s=_FILL_S
        )
        assert isinstance(filled, Filled)
        if not filled.tasks + filled.golds:
            return False
        await add_once(rt, project.client, stage.batch, filled, lines_of(out))
    except Refused as bad:
        if bad.status == 409:  # noqa: PLR2004  # another process was faster
            raise Conflict(str(bad)) from bad
        raise
    finally:
        await asyncio.to_thread(remove, out)
    return True


def _file(rt: Runtime) -> Path:
    return rt.settings.data_dir / UPLOADS / f"{uuid4().hex}.tasks"


async def _end(rt: Runtime, project: Project, stage: ProjectStage, state: str) -> bool:
    """Set a stage to its last state. With the last stage, the project is done."""
    async with rt.db.transaction() as db:
        await projects.lock_project(db, project.id)
        return await projects.set_stage_state(db, project.id, stage.position, state)


def _earlier(
    project: Project, stage: ProjectStage, stages: list[ProjectStage]
) -> list[ProjectStage]:
    """Return the stages before this one that belong to the same main stage, in order."""
    assert project.plan is not None
    planned = project.plan.stage(stage.name)
    if planned.role == ASK:
        return []
    main = planned.main
    return [
        each
        for each in stages
        if each.position < stage.position and project.plan.stage(each.name).main == main
    ]


async def source_of(rt: Runtime, project: Project) -> ProjectSource:
    """Return a project with its file. Raises Refused where the file was removed after its time."""
    body = await projects.file_of(rt.db, project.id)
    if body is None:
        raise Refused(
            "the file of this project was removed after its time, so its result cannot be put "
            "together any more; read the results of each stage at /batches/{batch}/results",
            status=409,
        )
    return ProjectSource(project, body, limits_of(rt))

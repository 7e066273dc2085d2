"""The start of a project, which reserves the most that all its stages can cost; pause; cancel."""

from collections.abc import Sequence

import asyncpg

from gateway.base.bounds import AMOUNT_MAX_MINOR
from gateway.base.errors import Conflict, Refused
from gateway.base.failpoints import reach
from gateway.base.ids import AccountId, ClientId
from gateway.base.money import amount_text
from gateway.payments.ledger import postings
from gateway.steps.batches.projects.create import own_project
from gateway.steps.batches.projects.quote import plan_or_refuse, stage_reserves
from gateway.steps.batches.projects.stage_floors import check_floors
from gateway.steps.batches.quote import available_minor
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import batches, projects
from gateway.store.batches.projects import NewStage, Project
from gateway.store.ledger import transfers
from gateway.store.messages import client_events
from gateway.store.people import clients

JOB = "advance_projects"


async def start_project(rt: Runtime, client: ClientId, project_id: str) -> None:
    """Start a draft, or continue a paused project. Starting a running project changes nothing.

    The batches of all stages, the money for each of them and the project's state are one commit.
    The stages are then filled and started by `advance_projects`.
    """
    project = await own_project(rt, client, project_id)
    _must_be_in(project.state, ("draft", "running", "paused"), "it is over")
    plan_or_refuse(project)
    if project.state == "draft":
        await _start_draft(rt, project)
    elif project.state == "paused":
        await until_settled(lambda: _change(rt, project.id, ("paused",), "running"))
    rt.jobs.enqueue(JOB)


async def _start_draft(rt: Runtime, project: Project) -> None:
    stages, digest = await _new_stages(rt, project)
    needed = sum(stage.reserve_minor for stage in stages)
    if needed > AMOUNT_MAX_MINOR:
        raise Refused(
            f"the project can cost up to {amount_text(needed, project.currency)}; one project may "
            f"reserve at most {amount_text(AMOUNT_MAX_MINOR, project.currency)}: lower the price, or "
            "make projects of smaller files",
            field="price",
        )
    try:
        await until_settled(lambda: _set_going(rt, project, stages, digest))
    except asyncpg.CheckViolationError as bad:
        has = await available_minor(rt, project.client)
        raise Refused(
            f"the project can cost up to {amount_text(needed, project.currency)}, but only "
            f"{amount_text(has, project.currency)} is available; top up first",
            status=402,
        ) from bad
    reach("project.started")


async def _new_stages(rt: Runtime, project: Project) -> tuple[list[NewStage], bytes]:
    """Return the stages with their batches and reserves, and the digest of the project's file.

    Raises Refused for a stage whose price is below the living-wage floor.
    """
    digest = await projects.digest_of(rt.db, project.id)
    assert digest is not None
    reserves = await stage_reserves(rt, project, digest)
    check_floors(project, reserves)
    stages = [
        NewStage(
            each.stage.name, each.stage.after, each.batch, each.reserve_minor, each.stage.quality
        )
        for each in reserves
    ]
    return stages, digest


async def _set_going(
    rt: Runtime, project: Project, stages: Sequence[NewStage], digest: bytes
) -> None:
    """Insert the stages and reserve their money, in one commit."""
    account = await clients.account_of(rt.db, project.client)
    assert account is not None
    available = AccountId(account["account_id"])
    async with rt.db.transaction() as db:
        state = await projects.lock_project(db, project.id)
        if state == "running":
            return
        _must_be_in(state or "", ("draft",), "it is over")
        if await projects.digest_of(db, project.id) != digest:
            raise Refused("another file has come meanwhile; ask for its quote first", status=409)
        for position, stage in enumerate(stages, 1):
            await batches.insert_batch(db, stage.batch)
            await projects.insert_stage(db, project.id, position, stage)
        needed = sum(stage.reserve_minor for stage in stages)
        await projects.set_project_state(db, project.id, "running", reserved=needed)
        for stage in stages:
            if stage.reserve_minor:
                posted = postings.reserve(
                    project.client, stage.batch.id, stage.reserve_minor, project.currency
                )
                await transfers.post(db, posted, available, stage.batch.hold_account)
        await db.write([client_events.low_money(project.client, stages[0].batch.id, needed)])


async def pause_project(rt: Runtime, client: ClientId, project_id: str) -> None:
    """Pause a project: no worker is asked a new question. Answers to open ones still count."""
    project = await own_project(rt, client, project_id)
    states, why = ("running", "paused"), "only a running project can be paused"
    _must_be_in(project.state, states, why)
    await until_settled(lambda: _change(rt, project.id, states, "paused", why))
    rt.jobs.enqueue(JOB)


async def cancel_project(rt: Runtime, client: ClientId, project_id: str) -> None:
    """Cancel a project for good: answers stay and stay paid, and the rest of the money returns."""
    project = await own_project(rt, client, project_id)
    states, why = ("draft", "running", "paused", "cancelled"), "it is done"
    _must_be_in(project.state, states, why)
    await until_settled(lambda: _change(rt, project.id, states, "cancelled", why))
    rt.jobs.enqueue(JOB)


async def _change(
    rt: Runtime, project: str, states: Sequence[str], state: str, why: str = "it is over"
) -> None:
    """Set the state of a project that is in one of `states`; its batches follow by the job."""
    async with rt.db.transaction() as db:
        before = await projects.lock_project(db, project)
        if before is None:
            raise Conflict("the project is gone")
        _must_be_in(before, states, why)
        if before != state:
            await projects.set_project_state(db, project, state)


def _must_be_in(state: str, states: Sequence[str], why: str) -> None:
    if state not in states:
        raise Refused(f"the project is {state}: {why}", status=409)

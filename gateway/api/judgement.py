"""A client's own judgement: deciding what stayed in doubt, correcting gold, asking how a result came about."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from gateway.api.asked import DecisionIn, GoldIn, LabelIn, NewRuleIn, SameIn, SwitchIn
from gateway.api.auth import Client, Rt
from gateway.api.paths import BatchPath, OptionPath, TaskPath, VersionPath
from gateway.bounds import Cursor
from gateway.errors import Refused
from gateway.ids import ClientId
from gateway.runtime import Runtime
from gateway.steps import review, trials
from gateway.steps.forgive import Correction, SameOption, correct_gold, correct_option
from gateway.steps.recount import explain
from gateway.steps.relabel import NewLabel, correct_label
from gateway.store import audiences, batches, rules

router = APIRouter(prefix="/api/v1")


@router.get("/batches/{batch}/tasks/{task}/decision")
async def decision(rt: Rt, client: Client, batch: BatchPath, task: TaskPath) -> dict[str, Any]:
    """The whole story of one result: who was asked, what was answered, what the judge made of it."""
    await _mine(rt, client, batch)
    return await explain(rt, batch, task)


@router.post("/batches/{batch}/tasks/{task}/decision")
async def decide(
    rt: Rt, client: Client, batch: BatchPath, task: TaskPath, given: DecisionIn
) -> dict[str, Any]:
    """Decide a task in review: a person's word stands."""
    await _mine(rt, client, batch)
    await review.decide(rt, batch, task, given.value, given.by)
    return await explain(rt, batch, task)


@router.post("/batches/{batch}/gold/{task}/correct")
async def correct(
    rt: Rt, client: Client, batch: BatchPath, task: TaskPath, given: GoldIn
) -> dict[str, Any]:
    """Correct gold that was wrong; the answer is all that changed. No money is taken back."""
    await _mine(rt, client, batch)
    said = Correction(batch, task, given.value, given.by, given.reason)
    return dict(await correct_gold(rt, said))


@router.post("/batches/{batch}/options/{option}/same")
async def same_option(
    rt: Rt, client: Client, batch: BatchPath, option: OptionPath, given: SameIn
) -> dict[str, Any]:
    """Count an option as another one that means the same; the answer is all that changed.

    No money is taken back.
    """
    await _mine(rt, client, batch)
    said = SameOption(batch, option, given.same_as, given.by, given.reason)
    return dict(await correct_option(rt, said))


@router.post("/batches/{batch}/options/{option}/label")
async def label_option(
    rt: Rt, client: Client, batch: BatchPath, option: OptionPath, given: LabelIn
) -> dict[str, Any]:
    """Correct what workers read for an option; the answer is all that changed.

    No money is taken back.
    """
    await _mine(rt, client, batch)
    said = NewLabel(
        batch, option, given.label, given.by, given.reason, given.language, misled=given.misled
    )
    return dict(await correct_label(rt, said))


@router.get("/batches/{batch}/rules")
async def rules_of(rt: Rt, client: Client, batch: BatchPath) -> dict[str, Any]:
    """The rules the batch was decided by, from when and why, and those that were tried."""
    await _mine(rt, client, batch)
    return {
        "used": [dict(row) for row in await rules.of_batch(rt.db, batch)],
        "tried": [dict(row) for row in await rules.trials(rt.db, batch)],
    }


@router.post("/batches/{batch}/rules/trials")
async def try_rule(rt: Rt, client: Client, batch: BatchPath, given: NewRuleIn) -> dict[str, Any]:
    """Try a changed rule on the batch's answers: cost, accuracy on gold, results that would be others."""
    await _mine(rt, client, batch)
    wanted = trials.NewRule(given.policy, given.confidence, given.method)
    return await trials.try_rule(rt, batch, wanted, given.by)


@router.post("/batches/{batch}/rules/{version}/switch")
async def switch(
    rt: Rt, client: Client, batch: BatchPath, version: VersionPath, given: SwitchIn
) -> dict[str, Any]:
    """Decide the running batch by a rule that was tried; the answer names the tasks that this settled."""
    await _mine(rt, client, batch)
    return {"moved": await trials.switch(rt, batch, version, given.by, given.reason)}


@router.get("/audience")
async def audience(rt: Rt, client: Client, after: Annotated[Cursor, Query()] = 0) -> dict[str, Any]:
    """Ids for a task's `audience`: partners, and workers by number only, 1,000 at a time after the id `after`."""
    return {
        "partners": [dict(row) for row in await audiences.partners(rt.db)],
        "workers": [dict(row) for row in await audiences.workers(rt.db, client, after)],
    }


async def _mine(rt: Runtime, client: ClientId, batch: str) -> None:
    if await batches.of_client(rt.db, client, batch) is None:
        raise Refused(f"no batch {batch!r}", status=404)

"""A client's own judgement: deciding doubtful tasks, correcting gold, and explaining results."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query

from gateway.api.callers.auth import Client, Rt
from gateway.api.client.named_workers import correction_for_client, story_for_client
from gateway.api.client.paths import BatchPath, OptionPath, TaskPath, VersionPath
from gateway.api.quality_responses import (
    AudienceOut,
    CorrectionOut,
    MovesOut,
    RulesOut,
    TaskHistoryOut,
    TrialOut,
)
from gateway.api.requests import DecisionIn, GoldIn, LabelIn, NewRuleIn, SameIn, SwitchIn
from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.base.text.strings import Id
from gateway.steps.quality import review, rule_trials
from gateway.steps.quality.corrections.correct_gold import (
    Correction,
    Diff,
    SameOption,
    correct_gold,
    correct_option,
)
from gateway.steps.quality.corrections.correct_label import NewLabel, correct_label
from gateway.steps.quality.task_history import task_story
from gateway.steps.runtime import Runtime
from gateway.store.batches import audiences, listed_batches
from gateway.store.quality import rulings

router = APIRouter(prefix="/api/v1")


@router.get(
    "/batches/{batch}/tasks/{task}/decision",
    response_model=TaskHistoryOut,
    response_model_exclude_unset=True,
)
async def decision(rt: Rt, client: Client, batch: BatchPath, task: TaskPath) -> dict[str, Any]:
    """Show how a result came about: the workers asked, their answers, and the judge's verdicts."""
    await _mine(rt, client, batch)
    return await _story(rt, client, batch, task)


@router.post(
    "/batches/{batch}/tasks/{task}/decision",
    response_model=TaskHistoryOut,
    response_model_exclude_unset=True,
)
async def decide(
    rt: Rt, client: Client, batch: BatchPath, task: TaskPath, given: DecisionIn
) -> dict[str, Any]:
    """Decide a task in review. A person's decision is final."""
    await _mine(rt, client, batch)
    await review.decide_reviewed_task(rt, batch, task, given.said, given.by)
    return await _story(rt, client, batch, task)


@router.post(
    "/batches/{batch}/gold/{task}/correct",
    response_model=CorrectionOut,
    response_model_exclude_unset=True,
)
async def correct(
    rt: Rt, client: Client, batch: BatchPath, task: TaskPath, given: GoldIn
) -> dict[str, Any]:
    """Correct gold that was wrong. The response lists all changes. No money is taken back."""
    await _mine(rt, client, batch)
    said = Correction(batch, task, given.said, given.by, given.reason)
    return _for_client(rt, client, await correct_gold(rt, said))


@router.post(
    "/batches/{batch}/options/{option}/same",
    response_model=CorrectionOut,
    response_model_exclude_unset=True,
)
async def same_option(
    rt: Rt, client: Client, batch: BatchPath, option: OptionPath, given: SameIn
) -> dict[str, Any]:
    """Count an option as another one with the same meaning. The response lists all changes.

    No money is taken back.
    """
    await _mine(rt, client, batch)
    said = SameOption(batch, option, given.same_as, given.by, given.reason)
    return _for_client(rt, client, await correct_option(rt, said))


@router.post(
    "/batches/{batch}/options/{option}/label",
    response_model=CorrectionOut,
    response_model_exclude_unset=True,
)
async def label_option(
    rt: Rt, client: Client, batch: BatchPath, option: OptionPath, given: LabelIn
) -> dict[str, Any]:
    """Correct the label that workers read for an option. The response lists all changes.

    No money is taken back.
    """
    await _mine(rt, client, batch)
    said = NewLabel(
        batch, option, given.label, given.by, given.reason, given.language, misled=given.misled
    )
    return _for_client(rt, client, await correct_label(rt, said))


@router.get("/batches/{batch}/rules", response_model=RulesOut)
async def rules_of(rt: Rt, client: Client, batch: BatchPath) -> dict[str, Any]:
    """List the rules that decided the batch, with times and reasons, and the tried rules."""
    await _mine(rt, client, batch)
    return {
        "used": [asdict(row) for row in await rulings.of_batch(rt.db, batch)],
        "tried": [asdict(row) for row in await rulings.trials(rt.db, batch)],
    }


@router.post("/batches/{batch}/rules/trials", response_model=TrialOut)
async def try_rule(rt: Rt, client: Client, batch: BatchPath, given: NewRuleIn) -> dict[str, Any]:
    """Try a changed rule on the batch's answers.

    The response shows its cost, its accuracy on gold, and the results that would change.
    """
    await _mine(rt, client, batch)
    wanted = rule_trials.NewRule(given.policy, given.confidence, given.method)
    return await rule_trials.try_rule(rt, batch, wanted, given.by)


@router.post("/batches/{batch}/rules/{version}/switch", response_model=MovesOut)
async def switch(
    rt: Rt, client: Client, batch: BatchPath, version: VersionPath, given: SwitchIn
) -> dict[str, Any]:
    """Decide the running batch by a rule that was tried.

    The response names the tasks that this decided.
    """
    await _mine(rt, client, batch)
    return {"moved": await rule_trials.switch(rt, batch, version, given.by, given.reason)}


@router.get("/audience", response_model=AudienceOut)
async def audience(
    rt: Rt, client: Client, after: Annotated[Id | None, Query()] = None
) -> dict[str, Any]:
    """List the ids for a task's `audience`: partners, and workers by id only.

    A page has 1,000 workers after the worker `after`. The ids of workers are yours: another client
    knows the same workers by other ids.
    """
    names = rt.vault.pseudonyms(client)
    behind = 0 if after is None else names.worker(after)
    if behind is None:
        raise Refused(f"after: there is no worker {after!r}", field="after")
    return {
        "partners": [dict(row) for row in await audiences.partners(rt.db)],
        "workers": [
            {"id": names.of(one.id), "partner": one.partner, "language": one.language}
            for one in await audiences.workers(rt.db, client, behind)
        ],
    }


def _for_client(rt: Runtime, client: ClientId, diff: Diff) -> dict[str, Any]:
    return correction_for_client(diff, rt.vault.pseudonyms(client))


async def _story(rt: Runtime, client: ClientId, batch: str, task: str) -> dict[str, Any]:
    return story_for_client(await task_story(rt, batch, task), rt.vault.pseudonyms(client))


async def _mine(rt: Runtime, client: ClientId, batch: str) -> None:
    if await listed_batches.of_client(rt.db, client, batch) is None:
        raise Refused(f"no batch {batch!r}", status=404)

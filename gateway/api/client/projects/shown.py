"""Projects and quotes in the form in which clients read them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from gateway.api.client.projects.models import (
    ChoiceOut,
    ProjectMoney,
    ProjectOut,
    ProjectQuoteOut,
    StageOut,
    StageQuoteOut,
)
from gateway.api.quote_responses import Warned
from gateway.api.quotes import ready_out
from gateway.api.responses import Background
from gateway.steps.batches.projects.quote import ProjectQuote, StageReserve
from gateway.store.batches.projects import Project, ProjectStage
from gateway.tasks.projects.chain import FORMULA


def shown(project: Project, stages: Sequence[ProjectStage], file_days: int) -> ProjectOut:
    """Return a project with its stages; those of a draft are only planned.

    `file_days` is the time for which its file is kept after its end; 0 keeps it for good.
    """
    by_name = {stage.name: stage for stage in stages}
    shown_stages = _planned(project, by_name)
    return ProjectOut(
        id=project.id,
        name=project.name,
        recipe=project.recipe,
        state=project.state,
        price_minor=project.price_minor,
        partner_price_minor=project.partner_price_minor,
        parameters=dict(project.parameters),
        parts=project.plan.parts if project.plan else None,
        created_at=project.created_at,
        started_at=project.started_at,
        closed_at=project.closed_at,
        file_until=_file_until(project, file_days),
        waits=project.waits,
        money=ProjectMoney(
            currency=project.currency,
            reserved_minor=project.reserved_minor,
            spent_minor=sum(stage.spent_minor for stage in shown_stages),
        ),
        stages=shown_stages,
    )


def _file_until(project: Project, days: int) -> datetime | None:
    """Return the time until which the file is kept; None while that is not known, or for good."""
    since = project.created_at if project.state == "draft" else project.closed_at
    return since + timedelta(days=days) if since and days and project.plan else None


def _planned(project: Project, by_name: dict[str, ProjectStage]) -> list[StageOut]:
    found = list[StageOut]()
    for each in project.plan.stages if project.plan else ():
        stage = by_name.get(each.name)
        has_begun = stage is not None and stage.state != "waiting"
        found.append(
            StageOut(
                name=each.name,
                role=each.role,
                state=stage.state if stage else "planned",
                after=each.after or None,
                batch=stage.batch if stage else None,
                kind=each.kind,
                policy=each.policy,
                price_minor=each.price_minor,
                partner_price_minor=each.partner_minor,
                tasks=stage.tasks if stage and has_begun else each.tasks - each.gold,
                tasks_done=stage.tasks_done if stage else 0,
                tasks_review=stage.tasks_review if stage else 0,
                answers=stage.answers if stage else 0,
                reserved_minor=stage.reserved_minor if stage else 0,
                spent_minor=stage.spent.total_minor if stage else 0,
                partners_minor=stage.spent.partners_minor if stage else 0,
                checks_minor=stage.spent.checks_minor if stage else 0,
                background=Background(**stage.background) if stage and stage.background else None,
            )
        )
    return found


def quote_shown(project: Project, quote: ProjectQuote) -> ProjectQuoteOut:
    """Return a quote with the cost of each stage."""
    return ProjectQuoteOut(
        parts=quote.plan.parts,
        least_minor=quote.plan.least_minor,
        expected_minor=quote.expected_minor,
        most_minor=quote.most_minor,
        available_minor=quote.available_minor,
        enough=quote.enough,
        currency=project.currency,
        stages=[_stage_quote(each) for each in quote.reserves],
        below_floor=[each.stage.name for each in quote.reserves if each.pay.quote.below_floor],
        choices=[
            ChoiceOut(
                stage=choice.stage,
                checked=choice.checked,
                because=choice.why,
                several_minor=choice.several_minor,
                checked_minor=choice.checked_minor,
                formula=FORMULA,
            )
            for choice in quote.plan.choices
        ],
        workers=quote.workers,
        workers_needed=quote.workers_needed,
        can_finish=quote.can_finish,
        answers_expected=quote.answers_expected,
        answers_most=quote.answers_most,
        ready=ready_out(quote.ready),
        warned=project.advice.get("warned", 0),
        warnings=[warned(each) for each in project.advice.get("warnings", [])],
    )


def _stage_quote(each: StageReserve) -> StageQuoteOut:
    stage, pay = each.stage, each.pay.quote
    return StageQuoteOut(
        name=stage.name,
        role=stage.role,
        price_minor=stage.price_minor,
        partner_price_minor=stage.partner_minor,
        hourly_minor=pay.hourly_minor,
        floor_minor=pay.floor.hourly_minor if pay.floor else None,
        below_floor=pay.below_floor,
        tasks_most=stage.tasks,
        answers_most=stage.answers_most,
        most_minor=each.reserve_minor,
        checks_minor=stage.checks_minor,
    )


def warned(found: dict[str, Any]) -> Warned:
    """Return the advice on one text."""
    return Warned(text=found["suggestion"], **{n: v for n, v in found.items() if n != "suggestion"})

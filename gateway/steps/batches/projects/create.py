"""A client's project: made from a recipe, and given its file."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from gateway.base.errors import Refused
from gateway.base.ids import BatchId, ClientId, derived_id
from gateway.steps.batches.prepare import Filled, added
from gateway.steps.batches.projects.recipes import find_recipe
from gateway.steps.batches.projects.work import ProjectSource, StageWork
from gateway.steps.batches.routes_on_air import air_of
from gateway.steps.batches.submit.create import BatchSpec, checked_batch
from gateway.steps.batches.text_advice import SHOWN_MAX
from gateway.steps.batches.upload_files import first_file
from gateway.steps.repeated import id_to_make
from gateway.steps.runtime import Runtime
from gateway.store.batches import projects
from gateway.store.batches.batches import Batch
from gateway.store.batches.projects import Project
from gateway.store.people import clients
from gateway.store.people.idempotency import MadeObject
from gateway.tasks.entry.fields import FIELDS_MAX
from gateway.tasks.handling import DEFAULT
from gateway.tasks.intake import BatchRoom
from gateway.tasks.packed import PACK_MAX
from gateway.tasks.port import RecordKind
from gateway.tasks.projects.chain import answer_numbers
from gateway.tasks.projects.parameters import checked_parameters, declared_fields
from gateway.tasks.projects.parts import ProjectLimits
from gateway.tasks.projects.plan import ASK, AnswerPay, PlannedStage, ProjectPlan
from gateway.tasks.projects.quality_steps import NO_ORDER
from gateway.tasks.projects.recipe import Recipe
from gateway.tasks.question import Option

_CHARACTERS_PER_PART = 100
_HEX = 24


@dataclass(frozen=True, slots=True)
class ProjectOrder:
    """A client's order of a project, with the prices of an accepted answer of its main stages."""

    recipe: str
    name: str
    pay: AnswerPay
    parameters: Mapping[str, object]


async def create_project(rt: Runtime, client: ClientId, order: ProjectOrder) -> str:
    """Create a draft and return its id. Raises Refused naming the field that is wrong."""
    recipe, text = find_recipe(order.recipe)
    parameters = checked_parameters(recipe.parameters, order.parameters)
    NO_ORDER.chosen(parameters)  # This refuses what is neither yes nor no.
    if parameters["policy"]:
        try:
            answer_numbers(str(parameters["policy"]), 0.0)
        except Refused as bad:
            raise Refused(f"parameters.policy: {bad}", field="parameters.policy") from bad
    account = await clients.account_of(rt.db, client)
    assert account is not None
    currency: str = account["currency"]
    _check_values(rt, recipe, parameters, currency)
    made = await id_to_make(rt, MadeObject.PROJECT, "p")
    if made.is_made:
        return made.id
    project = Project(
        id=made.id,
        client=client,
        name=order.name,
        recipe=recipe.name,
        recipe_text=text,
        parameters=parameters,
        price_minor=order.pay.worker_minor,
        partner_price_minor=order.pay.partner_minor,
        currency=currency,
        state="draft",
        plan=None,
        advice={},
        reserved_minor=0,
        waits=None,
        created_at=rt.clock.now(),
        started_at=None,
        closed_at=None,
    )
    await projects.insert_project(rt.db, project)
    return project.id


def _check_values(
    rt: Runtime, recipe: Recipe, parameters: Mapping[str, Any], currency: str
) -> None:
    """Raise Refused for options, fields and languages that no batch would take."""
    unknown = [code for code in parameters["languages"] if code not in rt.books]
    if unknown:
        raise Refused(
            f"parameters.languages: no language {unknown[0]!r}; there is: {', '.join(sorted(rt.books))}",
            field="parameters.languages",
        )
    if "options" in parameters:
        try:
            rt.kind_of(recipe.task.kind).options([_option(o) for o in parameters["options"]])
        except Refused as bad:
            raise Refused(f"parameters.options: {bad}", field="parameters.options") from bad
    if "fields" in parameters:
        kind = cast("RecordKind", rt.kind_of(recipe.task.kind))
        fields = declared_fields(parameters["fields"])
        try:
            for at in range(0, len(fields), FIELDS_MAX):
                kind.declare(fields[at : at + FIELDS_MAX], currency)
        except Refused as bad:
            raise Refused(f"parameters.fields: {bad}", field="parameters.fields") from bad


async def own_project(rt: Runtime, client: ClientId, project: str) -> Project:
    """Return a client's project. Raises Refused where the client has none of this id."""
    found = await projects.project_of(rt.db, project, client)
    if found is None:
        raise Refused(f"no project {project!r}", status=404)
    return found


async def give_file(
    rt: Runtime, client: ClientId, project_id: str, upload: Path, content_type: str = ""
) -> ProjectPlan:
    """Check and split the file of a draft, and store it in place of the file before.

    The file is the upload itself, or the first file of a form. Raises Refused naming row, column or
    parameter; then the file before stays.
    """
    project = await own_project(rt, client, project_id)
    _must_be_draft(project.state)
    body = await asyncio.to_thread(_read, upload, content_type)
    if not body:
        raise Refused("the file is empty", field="file")
    source = ProjectSource(project, body, limits_of(rt))
    plan = await rt.helpers.run("plan_project", source)
    assert isinstance(plan, ProjectPlan)
    digest = hashlib.sha256(body).digest()
    planned = ProjectSource(replace(project, plan=plan), body, limits_of(rt))
    advice = await _checked_texts(rt, planned, digest)
    async with rt.db.transaction() as db:
        state = await projects.lock_project(db, project.id)
        _must_be_draft(state or "")
        kept = {"warned": advice.warned, "warnings": advice.warnings}
        await projects.store_file(db, project.id, body, digest, plan, kept)
    return plan


def _read(upload: Path, content_type: str) -> bytes:
    with upload.open("rb") as raw, first_file(raw, content_type, upload.parent) as (file, _):
        return file.read()


async def _checked_texts(rt: Runtime, source: ProjectSource, digest: bytes) -> Filled:
    """Check the questions of all stages that ask about parts, as an upload of tasks would."""
    plan, filled = source.project.plan, Filled()
    assert plan is not None
    for place, stage in enumerate(plan.stages):
        batch = await stage_batch(rt, source.project, place, stage, digest)
        if stage.role != ASK:
            continue
        found = await rt.helpers.run(
            "prepare_stage", source, StageWork(stage.name, batch, air_of(rt), {}, room(rt)), None
        )
        assert isinstance(found, Filled)
        filled = added(filled, found, SHOWN_MAX)
    return filled


async def stage_batch(
    rt: Runtime, project: Project, place: int, stage: PlannedStage, digest: bytes
) -> Batch:
    """Return the batch of a stage, which is not stored yet.

    Its id derives from the project, the file and the stage, so that starting twice makes it once.
    """
    assert project.plan is not None
    cause = derived_id("project stage", project.id, digest.hex(), place, stage.name)
    return await checked_batch(
        rt, project.client, _spec(project, stage), BatchId(f"b_{cause.hex[:_HEX]}")
    )


def _spec(project: Project, stage: PlannedStage) -> BatchSpec:
    assert project.plan is not None
    return BatchSpec(
        name=f"{project.name}: {stage.name}",
        kind=stage.kind,
        instructions=stage.instructions,
        options=[_option(each) for each in stage.options],
        languages=project.plan.languages,
        price_minor=stage.price_minor,
        partner_price_minor=stage.partner_minor,
        policy=stage.policy,
        confidence=stage.confidence,
        method="auto",
        gold_rate=stage.gold_rate,
        lease_s=None,
        pack_max=PACK_MAX,
        handling=DEFAULT,
        fields=declared_fields(stage.fields),
    )


def _option(given: Mapping[str, Any]) -> Option:
    return Option(given["id"], given["labels"])


def limits_of(rt: Runtime) -> ProjectLimits:
    """Return the limits of one project: as many parts as a batch may have tasks."""
    parts = rt.settings.limits.batch_tasks
    return ProjectLimits(parts, parts * _CHARACTERS_PER_PART)


def room(rt: Runtime) -> BatchRoom:
    """Return the space in the batch of a stage."""
    return BatchRoom(rt.settings.limits.batch_tasks, rt.settings.limits.batch_bytes)


def _must_be_draft(state: str) -> None:
    if state != "draft":
        raise Refused(
            f"the project is {state}: its file can be sent before the start only", status=409
        )

"""The heavy work on a project, for a helper process: splitting, tasks of a stage, reassembly.

A project's file is split again each time. The same file gives the same parts, so only the file is
stored.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from gateway.base import plugins
from gateway.base.errors import Refused
from gateway.steps.batches.prepare import Filled, write_specs
from gateway.steps.batches.text_advice import DeliveryMix
from gateway.store.batches.batches import Batch
from gateway.store.batches.projects import Project
from gateway.tasks import kinds
from gateway.tasks.intake import BatchRoom, RowRules, TaskSpec, checked_rows
from gateway.tasks.port import TaskKind
from gateway.tasks.projects.assemble import ProjectResult, assemble
from gateway.tasks.projects.outcomes import (
    Outcomes,
    PartOutcome,
    StageTask,
    part_outcomes,
    stage_tasks,
)
from gateway.tasks.projects.parts import ProjectLimits, SplitSource, split_source
from gateway.tasks.projects.plan import CHECK, AnswerPay, ProjectPlan, make_plan
from gateway.tasks.projects.recipe import Recipe, read_recipe
from gateway.tasks.projects.templates import filled_in
from gateway.tasks.uploaded import UploadedRow


@dataclass(frozen=True, slots=True)
class ProjectSource:
    """A project with its file, as a helper needs them."""

    project: Project
    body: bytes
    limits: ProjectLimits

    def recipe(self) -> Recipe:
        return read_recipe(self.project.recipe, self.project.recipe_text)

    def split(self) -> SplitSource:
        return split_source(self.recipe(), self.project.parameters, self.body, self.limits)


@dataclass(frozen=True, slots=True)
class StageWork:
    """A stage to be prepared: its batch, the channels, the results so far, and the limits."""

    stage: str
    batch: Batch
    air: DeliveryMix
    outcomes: Outcomes
    room: BatchRoom


@dataclass(frozen=True, slots=True)
class PartQuestion:
    """The outcome of a part with the question that the workers read."""

    question: str
    outcome: PartOutcome


@dataclass(frozen=True, slots=True)
class AssembledProject:
    """The result of a project, and its parts by main stage."""

    result: ProjectResult
    parts: dict[str, list[PartQuestion]]


def plan_project(source: ProjectSource) -> ProjectPlan:
    """Split a project's file and return the plan.

    Raises Refused naming row, column or parameter.
    """
    project = source.project
    pay = AnswerPay(project.price_minor, project.partner_price_minor)
    return make_plan(source.recipe(), project.parameters, source.split(), pay)


def prepare_stage(source: ProjectSource, work: StageWork, out: Path | None) -> Filled:
    """Write the tasks of a stage to `out`, one line per task, and return their sums.

    The sums of a stage without tasks are 0. Raises Refused naming the row or piece.
    """
    plan = source.project.plan
    assert plan is not None
    stage = plan.stage(work.stage)
    tasks = stage_tasks(stage, plan, source.split(), work.outcomes)
    if stage.role == CHECK:
        tasks = _carried(tasks, work)
    if not tasks:
        return Filled()
    if out is None:
        return write_specs(_specs(tasks, work), work.batch, work.air, _nowhere, work.room)
    with out.open("wb") as lines:
        return write_specs(_specs(tasks, work), work.batch, work.air, lines.write, work.room)


def assemble_result(source: ProjectSource, outcomes: Outcomes) -> ProjectResult:
    """Return the result of a project without its parts, which would take as much memory again."""
    plan = source.project.plan
    assert plan is not None
    split = source.split()
    parts = {main: list(part_outcomes(main, plan, split, outcomes)) for main in plan.mains}
    return assemble(source.recipe(), plan, split, parts)


def assemble_project(source: ProjectSource, outcomes: Outcomes) -> AssembledProject:
    """Return the result of a project and its parts from the results of its stages so far."""
    plan = source.project.plan
    assert plan is not None
    split = source.split()
    parts = {main: list(part_outcomes(main, plan, split, outcomes)) for main in plan.mains}
    result = assemble(source.recipe(), plan, split, parts)
    by_name = {part.name: part for part in split.parts}
    return AssembledProject(
        result,
        {
            main: [
                PartQuestion(filled_in(plan.stage(main).question, by_name[each.part].values), each)
                for each in found
            ]
            for main, found in parts.items()
        },
    )


def _specs(tasks: Sequence[StageTask], work: StageWork) -> Iterator[TaskSpec]:
    kind = cast("TaskKind", cast("object", plugins.load(kinds, work.batch.kind)))
    rules = RowRules(kind, work.batch.options, fields=work.batch.fields)
    return checked_rows(map(_row, tasks), rules, work.room)


def _row(task: StageTask) -> UploadedRow:
    """Return a task as a row of an upload, numbered by the client's own row or piece."""
    cells = {"id": task.name, "text": task.text}
    if task.gold is not None:
        cells["gold"] = task.gold
    return UploadedRow(cells, int(task.name.partition("+")[0]))


def _carried(tasks: list[StageTask], work: StageWork) -> list[StageTask]:
    """Return the tasks that some channel can carry.

    A check has an answer in it that no check of the client's file could see. A part whose check is
    too long for every channel is asked again instead.
    """
    try:
        if tasks:
            write_specs(_specs(tasks, work), work.batch, work.air, _nowhere)
    except Refused:
        return [task for task in tasks if _is_carried(task, work)]
    return tasks


def _is_carried(task: StageTask, work: StageWork) -> bool:
    try:
        write_specs(_specs([task], work), work.batch, work.air, _nowhere)
    except Refused:
        return False
    return True


def _nowhere(line: bytes) -> None:
    """Write nothing."""

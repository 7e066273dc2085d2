"""The result of a project and its quality report, from the results of its stages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import resources

import orjson
from jinja2 import Environment
from markupsafe import Markup

from gateway.base.errors import Refused
from gateway.base.money import amount_text
from gateway.base.tabular import CsvWriter, WorkbookWriter
from gateway.steps.batches.checks.report import StepReport
from gateway.steps.batches.checks.report_page import (
    STACKED,
    TITLES,
    caught_list,
    error_words,
    left_words,
)
from gateway.steps.batches.projects.advance import source_of
from gateway.steps.batches.projects.charts import confidence_chart, cost_chart
from gateway.steps.batches.projects.five_steps import ProjectSteps, project_steps, steps_csv
from gateway.steps.batches.projects.stage_outcomes import stage_outcomes
from gateway.steps.batches.projects.work import AssembledProject, ProjectSource
from gateway.steps.quality.confidences import check_confidences
from gateway.steps.runtime import Runtime
from gateway.store.batches import projects
from gateway.store.batches.projects import Project
from gateway.tasks.projects.assemble import ProjectResult
from gateway.tasks.projects.chain import FORMULA, ChainChoice
from gateway.tasks.projects.outcomes import Outcomes
from gateway.tasks.projects.quality import (
    REPORT_COLUMNS,
    PartLine,
    ProjectTotals,
    doubtful,
    part_lines,
    totals,
)

SHOWN_MAX = 200
"""The parts that the page of a report lists; its CSV lists all."""
_OVER = ("done", "cancelled")


@dataclass(frozen=True, slots=True)
class StageCost:
    """A stage with its cost, as the ledger tells it, in minor units.

    `checked` says whether gold has checked the confidences of its batch.
    """

    name: str
    state: str
    batch: str
    tasks: int
    answers: int
    cost_minor: int
    spent_minor: int
    checked: bool


@dataclass(frozen=True, slots=True)
class ProjectReport:
    """The quality report of a project."""

    project: Project
    made_at: datetime
    lines: tuple[PartLine, ...]
    totals: ProjectTotals
    stages: tuple[StageCost, ...]
    choices: tuple[ChainChoice, ...]
    steps: ProjectSteps

    @property
    def spent_minor(self) -> int:
        return sum(stage.spent_minor for stage in self.stages)


async def project_result(rt: Runtime, project: Project, *, partial: bool) -> ProjectResult:
    """Return the one result of a project.

    Raises Refused for a project that is not over, unless `partial` results are wanted.
    """
    source, outcomes = await _results(rt, project, partial=partial)
    found = await rt.helpers.run("assemble_result", source, outcomes)
    assert isinstance(found, ProjectResult)
    return found


async def project_report(rt: Runtime, project: Project) -> ProjectReport:
    """Return the quality report of a project, also while it runs."""
    source, outcomes = await _results(rt, project, partial=True)
    found = await rt.helpers.run("assemble_project", source, outcomes)
    assert isinstance(found, AssembledProject)
    seams = found.result.seams or {}
    lines = tuple(
        line
        for parts in found.parts.values()
        for each in parts
        for line in part_lines(each.question, each.outcome, seams.get(each.outcome.part))
    )
    stages, begun = list[StageCost](), await projects.stages_of(rt.db, project.id)
    for stage in begun:
        batch = await rt.batches.fresh(stage.batch)
        stages.append(
            StageCost(
                name=stage.name,
                state=stage.state,
                batch=stage.batch,
                tasks=stage.tasks,
                answers=stage.answers,
                cost_minor=stage.cost_minor,
                spent_minor=await projects.spent_on(rt.db, stage.batch),
                checked=(await check_confidences(rt, batch, stage.batch_state)).all,
            )
        )
    assert project.plan is not None
    return ProjectReport(
        project=project,
        made_at=rt.clock.now(),
        lines=lines,
        totals=totals(lines),
        stages=tuple(stages),
        choices=project.plan.choices,
        steps=await project_steps(rt, project, begun, found.parts),
    )


async def _results(
    rt: Runtime, project: Project, *, partial: bool
) -> tuple[ProjectSource, Outcomes]:
    """Return the project's file and the results of its stages so far."""
    if project.state == "draft":
        raise Refused("the project has not started yet", status=409)
    if project.state not in _OVER and not partial:
        raise Refused(
            f"the project is {project.state}: its result is there when it is done; add partial=true "
            "for the results so far",
            status=409,
        )
    stages = await projects.stages_of(rt.db, project.id)
    if not stages:
        raise Refused("the project was cancelled before it started: there is no result", status=409)
    return await source_of(rt, project), await stage_outcomes(rt, stages)


def result_csv(result: ProjectResult, *, raw: bool) -> Iterator[str]:
    """Yield the result as lines of CSV. `raw` is for programs (see `CsvWriter`)."""
    writer = CsvWriter(raw=raw)
    yield writer.row(result.header)
    yield from map(writer.row, result.rows)


def result_workbook(result: ProjectResult, *, raw: bool) -> Iterator[bytes]:
    """Yield the result as a workbook (XLSX) with one sheet."""
    writer = WorkbookWriter("result", raw=raw)
    yield writer.begin()
    yield writer.row(result.header)
    yield from map(writer.row, result.rows)
    yield writer.end()


def result_json(result: ProjectResult) -> Iterator[bytes]:
    """Yield the result as a JSON list with one object per row, and its columns as names."""
    before = b"["
    for row in result.rows:
        yield before + orjson.dumps(dict(zip(result.header, row, strict=True)))
        before = b",\n"
    yield b"[]" if before == b"[" else b"]"


def report_csv(report: ProjectReport, *, raw: bool) -> Iterator[str]:
    """Yield one line of CSV per part and main stage."""
    writer = CsvWriter(raw=raw)
    yield writer.row(REPORT_COLUMNS)
    yield from (writer.row(line.row()) for line in report.lines)


def report_steps_csv(report: ProjectReport, *, raw: bool) -> Iterator[str]:
    """Yield one line of CSV per stage and quality step, and then those of the whole."""
    yield from steps_csv(report.steps, report.project.currency, raw=raw)


def report_html(report: ProjectReport) -> str:
    """Return the report as a page of its own that needs no other file."""
    currency = report.project.currency

    def money(minor: float) -> str:
        return amount_text(round(minor), currency)

    page = resources.files(__package__ or "").joinpath("report.html").read_text("utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["percent"] = _percent
    environment.filters["error_words"] = error_words
    return environment.from_string(page).render(
        report=report,
        project=report.project,
        totals=report.totals,
        doubtful=doubtful(report.lines, SHOWN_MAX),
        doubtful_all=sum(line.is_doubtful for line in report.lines),
        checked=any(stage.checked for stage in report.stages),
        formula=FORMULA,
        money=money,
        titles=TITLES,
        stacked=_safe(STACKED),
        caught_list=_caught,
        left_words=_left,
        confidences=confidence_chart(report.totals.bins),
        costs=cost_chart([(stage.name, stage.spent_minor) for stage in report.stages], currency),
    )


def _caught(step: StepReport) -> Markup:
    return _safe(caught_list(step))


def _left(step: StepReport) -> Markup:
    return _safe(left_words(step))


def _safe(html: str) -> Markup:
    """Mark HTML whose texts are escaped already."""
    return Markup(html)  # noqa: S704


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"

"""The five quality steps of a project: by stage, and for the whole."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.base.tabular import CsvWriter
from gateway.qa.checks.interval import ErrorShare
from gateway.qa.checks.whole import AuditedResults, remaining_error
from gateway.steps.batches.checks.report import StepReport, quality_report
from gateway.steps.batches.checks.report_page import TITLES
from gateway.steps.batches.projects.work import PartQuestion
from gateway.steps.runtime import Runtime
from gateway.store.batches.projects import Project, ProjectStage
from gateway.store.quality import audits
from gateway.tasks.projects.outcomes import ASKED_AGAIN, CHECKED, DECIDED
from gateway.tasks.projects.plan import CHECK

COLUMNS = (
    "stage", "step", "used", "caught", "cost_minor", "currency", "segments", "remaining_error", "low", "high", "measured",
)  # fmt: skip
WHOLE = "whole project"
_GIVEN = (DECIDED, CHECKED, ASKED_AGAIN)
_PASSED = "yes"


@dataclass(frozen=True, slots=True)
class StageSteps:
    """The five steps of one stage, or of the whole."""

    stage: str
    steps: tuple[StepReport, ...]

    @property
    def is_used(self) -> bool:
        """Return whether any step has data."""
        return any(step.used for step in self.steps)


@dataclass(frozen=True, slots=True)
class ProjectSteps:
    """The five steps of a project by stage and together, and the error left in its result."""

    stages: tuple[StageSteps, ...]
    whole: StageSteps
    remaining: ErrorShare | None
    measured: str

    @property
    def every(self) -> tuple[StageSteps, ...]:
        """Return the steps of the whole, and then those of each stage."""
        return (self.whole, *self.stages)


async def project_steps(
    rt: Runtime,
    project: Project,
    stages: Sequence[ProjectStage],
    parts: Mapping[str, Sequence[PartQuestion]],
) -> ProjectSteps:
    """Return the quality steps of a project, as far as its stages have come."""
    assert project.plan is not None
    found = list[StageSteps]()
    for stage in stages:
        batch = await rt.batches.fresh(stage.batch)
        report = await quality_report(rt, batch, stage.batch_state)
        found.append(StageSteps(stage.name, report.steps))
    remaining, measured = await _remaining(rt, project, stages, parts)
    return ProjectSteps(
        tuple(found), StageSteps(WHOLE, _together(found, remaining, measured)), remaining, measured
    )


async def _remaining(
    rt: Runtime,
    project: Project,
    stages: Sequence[ProjectStage],
    parts: Mapping[str, Sequence[PartQuestion]],
) -> tuple[ErrorShare | None, str]:
    """Return the share of wrong results in the whole, and how it was measured.

    A result belongs to the stage that decided it. Where other workers passed an answer, that is
    their check, and the sample of the passed ones counts.
    """
    assert project.plan is not None
    results = Counter(
        part.outcome.stage
        for some in parts.values()
        for part in some
        if part.outcome.state in _GIVEN
    )
    audited, without = list[AuditedResults](), list[str]()
    for stage in stages:
        if not results[stage.name]:
            continue
        is_check = project.plan.stage(stage.name).role == CHECK
        sums = await audits.last_sums(rt.db, stage.batch, _PASSED if is_check else None)
        number = results[stage.name]
        # An answer that was passed wrongly is asked again, so it is no result of its check.
        population = number + sums.errors if is_check else number
        audited.append(AuditedResults(number, population, sums.judged, sums.errors))
        if not sums.judged:
            without.append(f"{stage.name} ({number:,} results)")
    if without:
        return None, f"unknown: no audit measured {', '.join(without)}"
    if not audited:
        return None, "unknown: there are no results yet"
    measured = (
        "the audits of all stages, each weighted by the results that it gave; the errors that they "
        "found are corrected"
    )
    return remaining_error(audited), measured


def _together(
    stages: Sequence[StageSteps], remaining: ErrorShare | None, measured: str
) -> tuple[StepReport, ...]:
    """Return the sums of the steps over the stages. Only the whole of the last step is measured."""
    return tuple(
        _sum(name, [one.steps[at] for one in stages], remaining, measured)
        for at, name in enumerate(TITLES)
    )


def _sum(
    name: str, steps: Sequence[StepReport], remaining: ErrorShare | None, measured: str
) -> StepReport:
    used = [step for step in steps if step.used]
    caught: Counter[str] = Counter()
    for step in used:
        caught.update(dict(step.caught))
    is_last = name == "audit"
    return StepReport(
        name,
        tuple(caught.items()),
        _total([step.cost_minor for step in used]),
        _total([step.segments for step in used]),
        remaining if is_last else None,
        measured if is_last else "each stage tells its own",
        used=bool(used),
    )


def _total(figures: Sequence[int | None]) -> int | None:
    """Return the sum of figures, or None where one of them is unknown."""
    known = [one for one in figures if one is not None]
    return sum(known) if len(known) == len(figures) else None


def steps_csv(steps: ProjectSteps, currency: str, *, raw: bool) -> Iterator[str]:
    """Yield one line of CSV per stage and step, and then those of the whole."""
    writer = CsvWriter(raw=raw)
    yield writer.row(COLUMNS)
    for each in (*steps.stages, steps.whole):
        for step in each.steps:
            left = step.remaining
            yield writer.row(
                [
                    each.stage,
                    step.name,
                    str(step.used).lower(),
                    "; ".join(f"{words}: {number}" for words, number in step.caught),
                    "" if step.cost_minor is None else step.cost_minor,
                    currency,
                    "" if step.segments is None else step.segments,
                    *(
                        [round(left.share, 5), round(left.low, 5), round(left.high, 5)]
                        if left
                        else ["", "", ""]
                    ),
                    step.measured,
                ]
            )

"""The quote of a project before it starts: the most, the least and the expected cost."""

from dataclasses import dataclass

from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.steps.batches.fair_pay.floor import QuotedPay, quoted_pay
from gateway.steps.batches.projects.create import stage_batch
from gateway.steps.batches.quote import available_minor, workers_who_may_be_asked
from gateway.steps.batches.quoting.ready_when import ReadyForecast, crowd_now, ready_when
from gateway.steps.batches.slots import gold_answers
from gateway.steps.runtime import Runtime
from gateway.store.batches import projects
from gateway.store.batches.batches import Batch
from gateway.store.batches.projects import Project
from gateway.tasks.projects.plan import AGAIN, ASK, PlannedStage, ProjectPlan


@dataclass(frozen=True, slots=True)
class StageReserve:
    """The money that a stage needs at most, with its batch, which is not stored yet.

    It is for all paid answers, for review and audits, and for top-ups of pay below the floor.
    """

    stage: PlannedStage
    batch: Batch
    reserve_minor: int
    pay: QuotedPay


@dataclass(frozen=True, slots=True)
class ProjectQuote:
    """The cost of a project in minor units, and the workers that it needs.

    `most_minor` is reserved at the start; what is not needed comes back. `workers_needed` is the
    least number of different workers for one part, since no worker checks her own answer.
    `expected_minor` has the answers of all stages with their reviews and audits.
    `answers_expected` and `answers_most` are sums over the stages, and `ready` is the expected
    finishing time of all stages, one after the other.
    """

    plan: ProjectPlan
    reserves: tuple[StageReserve, ...]
    available_minor: int
    workers: int
    workers_able: int
    workers_needed: int
    expected_minor: int
    answers_expected: int
    answers_most: int
    ready: ReadyForecast

    @property
    def most_minor(self) -> int:
        return sum(each.reserve_minor for each in self.reserves)

    @property
    def can_finish(self) -> bool:
        return self.workers_able >= self.workers_needed

    @property
    def enough(self) -> bool:
        return self.most_minor <= self.available_minor


async def quote_project(rt: Runtime, project: Project) -> ProjectQuote:
    """Return the quote of a project. Raises Refused where it has no file yet."""
    plan = plan_or_refuse(project)
    digest = await projects.digest_of(rt.db, project.id)
    reserves = await stage_reserves(rt, project, digest or b"")
    # Stages come one after the other and have the same workers, so their answers add up.
    first = reserves[0].batch
    crowd = await crowd_now(rt, first)
    golds = gold_answers(crowd.workers)
    expected = sum(
        stage.tasks_expected * stage.answers_expected + golds * stage.gold for stage in plan.stages
    )
    most = sum(stage.slots(golds) for stage in plan.stages)
    return ProjectQuote(
        plan=plan,
        reserves=tuple(reserves),
        available_minor=await available_minor(rt, ClientId(project.client)),
        workers=crowd.workers,
        workers_able=crowd.able,
        workers_needed=max(_workers_needed(plan, main) for main in plan.mains),
        expected_minor=plan.expected_minor(golds),
        answers_expected=round(expected),
        answers_most=most,
        ready=await ready_when(rt, first, crowd, expected, most, running=False),
    )


async def stage_reserves(rt: Runtime, project: Project, digest: bytes) -> list[StageReserve]:
    """Return the most that each stage of a project can cost with the present workers."""
    found = list[StageReserve]()
    for place, stage in enumerate(plan_or_refuse(project).stages):
        batch = await stage_batch(rt, project, place, stage, digest)
        pay = await quoted_pay(rt, batch, stage.characters)
        slots = stage.slots(gold_answers(await workers_who_may_be_asked(rt, batch)))
        reserve_minor = slots * batch.cost_minor + pay.reserve_minor(slots) + stage.checks_minor
        found.append(StageReserve(stage, batch, reserve_minor, pay))
    return found


def _workers_needed(plan: ProjectPlan, main: str) -> int:
    """Return the most different workers that one part may need in all stages of a main stage."""
    stages = [stage for stage in plan.stages if stage.main == main]
    asked = sum(stage.answers_most for stage in stages if stage.role == ASK)
    after = [stage.answers_most for stage in stages if stage.role not in (ASK, AGAIN)]
    again = sum(stage.answers_most for stage in stages if stage.role == AGAIN)
    return asked + max([*after, again], default=0)


def plan_or_refuse(project: Project) -> ProjectPlan:
    """Return the plan of a project. Raises Refused where it has no file yet."""
    if project.plan is None:
        raise Refused(
            f"the project has no file yet: PUT it to /projects/{project.id}/file", status=409
        )
    return project.plan

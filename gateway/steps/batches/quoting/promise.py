"""The promised accuracy of a batch: planned for the quote and the start, kept until the close.

The plan is computed in a helper process (`gateway.base.offload`), never in the event loop. While a
batch runs, the judge of single answers follows the chosen policy as that of any other batch. What
the promise needs besides happens when all answers are in.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import structlog

from gateway.base.errors import Refused
from gateway.qa.answers import choice
from gateway.qa.checks.promise import (
    UNMEASURED,
    CrowdSkill,
    PolicyForecast,
    PromiseAsked,
    PromisePlan,
    SharedWrong,
)
from gateway.qa.checks.promise_more import more_for_promise
from gateway.qa.checks.promise_outcome import PromiseOutcome, answers_taken, promise_outcome
from gateway.qa.skills.skill import Skill
from gateway.steps.batches.prepare import Filled
from gateway.steps.quality.judge import policy_of
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import pace, promises
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import batch_state
from gateway.store.batches.pace import SkillGroup
from gateway.store.batches.promises import KeptPromise
from gateway.store.db import Connection
from gateway.store.quality import rulings, skills
from gateway.store.quality.skills import DecidedAnswer

log = structlog.get_logger()
UNSURE = "unsure"
"""The option by which a worker says that she does not know. It is never the truth."""
ROUNDS_MAX = 10
"""The rounds in which doubtful tasks are asked again before a batch is closed."""
_TIES_ONLY = 0.5001
"""The confidence of a fixed number of answers below which a task is left for review."""


@dataclass(frozen=True, slots=True)
class PromisedQuote:
    """The promise of a batch in its quote."""

    plan: PromisePlan
    """The plan."""
    least: int
    """The first answers of all real tasks."""
    most: int
    """The most answers of all real tasks."""


def check_accuracy(rt: Runtime, kind: str) -> None:
    """Refuse an accuracy where none can be promised, since answers are typed."""
    if rt.kind_of(kind).ANSWERS is not choice:
        raise Refused(
            f"an accuracy can be promised where workers choose between options, not for {kind!r}: "
            "name a policy instead, with its confidence",
            field="accuracy",
        )


async def promise_in_quote(
    rt: Runtime, batch: Batch, found: Filled, crowd: Sequence[SkillGroup]
) -> PromisedQuote | None:
    """Return the promise of a batch with the present workers; None where it names a policy."""
    kept = await promises.of_batch(rt.db, batch.id)
    if kept is None:
        return None
    plan = plan_of(kept)
    if plan is None:
        plan = await _planned(rt, batch, kept.target, found, crowd)
    if plan.chosen is None:
        return PromisedQuote(plan, found.least, found.tasks * found.overlap)
    slots = await promises.planned_slots(rt.db, batch.id, plan.chosen.least, plan.chosen.most)
    return PromisedQuote(plan, slots.least, slots.most)


async def promise_to_start(rt: Runtime, batch: Batch, found: Filled) -> PromisePlan | None:
    """Return the plan with which a draft starts.

    Return None where the client named a policy, and for a batch that has started already.
    """
    kept = await promises.of_batch(rt.db, batch.id)
    if kept is None or kept.plan is not None:
        return None
    crowd = await pace.workers_by_skill(rt.db, batch, rt.clock.now())
    return await _planned(rt, batch, kept.target, found, crowd)


async def _planned(
    rt: Runtime, batch: Batch, target: float, found: Filled, crowd: Sequence[SkillGroup]
) -> PromisePlan:
    options = len(batch.option_ids)
    pairs = await promises.gold_pairs(rt.db, batch.kind, options)
    asked = PromiseAsked(
        target=target,
        tasks=found.tasks,
        options=options,
        crowd=[CrowdSkill(one.workers, one.skill) for one in crowd],
        classes=sum(option != UNSURE for option in batch.option_ids),
        golds=found.golds,
        shared=SharedWrong(pairs.pairs, pairs.both_wrong, pairs.wrong) if pairs else UNMEASURED,
        answers_max=found.overlap or 1,
    )
    plan = await rt.helpers.run("plan_promise", asked)
    assert isinstance(plan, PromisePlan)
    return plan


def plan_of(kept: KeptPromise) -> PromisePlan | None:
    """Return the plan with which a batch started; None before."""
    if kept.plan is None:
        return None
    data = dict(kept.plan)
    chosen = data.pop("chosen")
    helps = tuple(data.pop("helps"))
    return PromisePlan(**data, helps=helps, chosen=PolicyForecast(**chosen) if chosen else None)


def check_promise(plan: PromisePlan, *, without_promise: bool) -> None:
    """Refuse to start a batch whose accuracy cannot be promised, unless its client wants that."""
    if plan.can_promise or without_promise:
        return
    helps = "".join(f"; {one}" for one in plan.helps)
    raise Refused(
        f"{plan.reason}{helps}; or start it all the same, with without_promise=1",
        field="accuracy",
        status=409,
    )


async def apply_plan(db: Connection, batch: Batch, plan: PromisePlan) -> Batch:
    """Give a draft the policy and the slots of its plan, and return it so."""
    chosen = plan.chosen
    if chosen is None:  # Without workers nothing can be planned, so the draft's own slots stay.
        await promises.keep_plan(db, batch.id, asdict(plan))
        return batch
    confidence = chosen.confidence or _TIES_ONLY
    await promises.limit_slots(db, batch.id, chosen.least, chosen.most)
    await rulings.set_rule(db, batch.id, chosen.policy, confidence, batch.method)
    await promises.keep_plan(db, batch.id, asdict(plan))
    return replace(batch, policy=chosen.policy, confidence=confidence)


async def limit_added(db: Connection, batch: str, after: int) -> None:
    """Give tasks that are added to a running batch the slots of its plan, if it has one."""
    kept = await promises.of_batch(db, batch)
    plan = plan_of(kept) if kept else None
    if plan is not None and plan.chosen is not None:
        await promises.limit_slots(db, batch, plan.chosen.least, plan.chosen.most, after)


async def asks_more(rt: Runtime, batch: Batch) -> bool:
    """Ask for further answers to doubtful tasks where the estimate is below the promise.

    Return True if some are asked, so that the batch is not closed yet.
    """
    kept = await promises.of_batch(rt.db, batch.id)
    if kept is None or kept.rounds >= ROUNDS_MAX:
        return False
    able = sum(one.able for one in await pace.workers_by_zone(rt.db, batch, rt.clock.now()))
    tasks = await promises.estimated_tasks(rt.db, batch.id, able)
    chosen = more_for_promise(tasks, kept.target)
    if not chosen:
        return False

    async def asked() -> int:
        async with rt.db.transaction() as db:
            if await batch_state.locked_state(db, batch.id) != "running":
                return 0
            return await promises.ask_more(db, batch.id, chosen, ROUNDS_MAX)

    number = await until_settled(asked)
    if number:
        log.info("doubtful tasks asked again for the promise", batch=batch.id, tasks=number)
        rt.jobs.enqueue("assign")
    return number > 0


async def certify(rt: Runtime, batch: Batch) -> None:
    """Store the certificate of a batch with a promised accuracy, whose answers are all in."""
    kept = await promises.of_batch(rt.db, batch.id)
    if kept is None:
        return
    rows = await skills.decided_answers(rt.db, batch.id)
    workers = sorted({row.worker_id for row in rows if row.gold is not None})
    known = await skills.of_workers(rt.db, batch.kind, workers)
    plan = plan_of(kept)
    most = plan.chosen.most if plan and plan.chosen else 0
    outcome = await asyncio.to_thread(_certified, batch, kept.target, rows, known, most)
    await promises.keep_outcome(rt.db, batch.id, outcome.as_data())


def _certified(
    batch: Batch, target: float, rows: Sequence[DecidedAnswer], known: dict[int, Skill], most: int
) -> PromiseOutcome:
    gold: dict[str, str] = {}
    asked: dict[str, list[tuple[str, str]]] = defaultdict(list)
    real: list[tuple[str, str, str]] = []
    for one in rows:
        if one.gold is None:
            real.append((one.name, str(one.worker_id), one.value))
        else:
            gold[one.name] = one.gold
            asked[one.name].append((str(one.worker_id), one.value))
    by_name = {str(worker): skill for worker, skill in known.items()}
    policy = policy_of(batch, most or max((len(given) for given in asked.values()), default=1))
    taken = [
        (task, worker, value)
        for task, given in asked.items()
        for worker, value in answers_taken(given, by_name, batch.option_ids, policy)
    ]
    return promise_outcome([*real, *taken], gold, batch.option_ids, batch.method, target)

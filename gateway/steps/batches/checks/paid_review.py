"""The review: doubtful tasks go to paid reviewers, whose answers decide them."""

from datetime import timedelta

import structlog

from gateway.qa.checks.review_result import EarlierResult, review_result
from gateway.steps.batches.checks.paid_check import (
    CheckOrder,
    end_checks,
    new_check,
    store_check,
)
from gateway.steps.quality.comparison import compared_as
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import plans
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import batch_state
from gateway.store.batches.plans import PlannedBatch
from gateway.store.quality import paid_checks, review_items
from gateway.store.quality.review_items import ReviewedTask

log = structlog.get_logger()


async def begin_review(rt: Runtime, batch: Batch, planned: PlannedBatch) -> bool:
    """Give the doubtful tasks of a batch to reviewers. Return False where there is none.

    A batch is reviewed once. The least confident tasks come first, as far as money was set aside.
    """
    rule = planned.plan.review
    if rule is None or planned.round > 1:
        return False
    most = rule.most_tasks(await plans.real_tasks(rt.db, batch.id))
    tasks = await review_items.doubtful(rt.db, batch.id, rule.below, most)
    if not tasks:
        return False
    order = CheckOrder(
        purpose="review",
        round=planned.round,
        tasks=[one.task for one in tasks],
        answers=rule.reviewers,
        price_minor=rule.price_minor,
        min_skill=rule.min_skill,
        staff=rule.staff,
        seed=batch.id,
    )
    check = await new_check(rt, batch, order)

    async def begun() -> bool:
        async with rt.db.transaction() as db:
            if await batch_state.locked_state(db, batch.id) != "running":
                return False
            until = rt.clock.now() + timedelta(hours=rule.within_h)
            if not await plans.set_stage(
                db, batch.id, planned, "review", waits_for=check.id, wait_until=until
            ):
                return False
            await review_items.begin(db, batch.id, planned.round, tasks)
            await store_check(db, batch, check, order)
            return True

    if await until_settled(begun):
        log.info("review begun", batch=batch.id, tasks=len(tasks), check=check.id)
        rt.jobs.enqueue("assign")
    return True


async def end_review(rt: Runtime, batch: Batch, planned: PlannedBatch) -> bool:
    """Let the reviewers' answers decide, and move the batch on to its audit.

    Return False when another process was faster.
    """
    check = planned.waits_for
    assert check is not None

    async def ended() -> bool:
        async with rt.db.transaction() as db:
            if await batch_state.locked_state(db, batch.id) != "running":
                return False
            await end_checks(rt, db, batch.id)
            earlier = await review_items.earlier_results(db, batch.id, planned.round)
            found = [
                _reviewed(rt, batch, earlier[one.task], one)
                for one in await paid_checks.answers_of(db, check)
            ]
            if not await plans.set_stage(db, batch.id, planned, "audit"):
                return False
            await review_items.finish(db, batch.id, planned.round, found)
            return True

    return await until_settled(ended)


def _reviewed(
    rt: Runtime, batch: Batch, earlier: EarlierResult, answers: paid_checks.CheckAnswers
) -> ReviewedTask:
    result = review_result(
        rt.kind_of(batch.kind).ANSWERS,
        earlier,
        list(zip(answers.values, answers.skills, strict=True)),
        batch.option_ids,
        compared_as(rt.kind_of, batch),
    )
    assert result is not None
    return ReviewedTask(answers.task, result.value, result.confidence, result.decided)

"""The audit: a random sample of the decided tasks is judged before the batch is delivered.

Auditors are persons with the client's key or the operator's commands. They may also be paid
workers of proven skill who were not involved. They do not see the results.
"""

import secrets
from datetime import timedelta

import structlog

from gateway.base.errors import Refused
from gateway.qa.checks.audit_outcome import (
    ANSWERS_MORE,
    ROUNDS_MAX,
    AuditOutcome,
    asked_again,
    audit_outcome,
)
from gateway.qa.checks.plan import AUDITOR_SKILL, AuditRule
from gateway.qa.checks.sampling import draw
from gateway.qa.judging.overlap import CONFIDENCE
from gateway.steps.batches.checks.paid_check import CheckOrder, end_checks, new_check, store_check
from gateway.steps.quality.judge import is_right
from gateway.steps.quality.review import said_truth
from gateway.steps.repeated import first_try, keep_result
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import plans
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import batch_state
from gateway.store.batches.plans import PlannedBatch
from gateway.store.db import Connection
from gateway.store.quality import audits, findings, paid_checks
from gateway.store.quality.audits import AuditItem, AuditRow, AuditTask
from gateway.store.quality.findings import FindingRecord

log = structlog.get_logger()
REVIEWERS = "reviewers"
"""The name under which the judgements of paid auditors are stored."""


async def begin_audit(rt: Runtime, batch: Batch, planned: PlannedBatch) -> bool:
    """Draw the sample of a batch. Return False where there is no decided task to audit."""
    rule = planned.plan.audit
    assert rule is not None
    decided = await audits.decided_tasks(rt.db, batch.id, batch.confidence or CONFIDENCE)
    # Money was set aside for a sample of all tasks.
    size = min(rule.sample(len(decided)), rule.sample(await plans.real_tasks(rt.db, batch.id)))
    if not size:
        return False
    seed = secrets.token_hex(8)
    by_name = {one.task: one for one in decided}
    sample = [by_name[name] for name in draw(seed, by_name, size)]
    order = CheckOrder(
        purpose="audit",
        round=planned.round,
        tasks=[one.task for one in sample],
        answers=1,
        price_minor=rule.price_minor,
        min_skill=AUDITOR_SKILL,
        staff="",
        seed=seed,
    )
    check = await new_check(rt, batch, order) if rule.price_minor else None

    async def begun() -> bool:
        async with rt.db.transaction() as db:
            if await batch_state.locked_state(db, batch.id) != "running":
                return False
            until = rt.clock.now() + timedelta(hours=rule.within_h)
            if not await plans.set_stage(
                db, batch.id, planned, "audit", waits_for=check and check.id, wait_until=until
            ):
                return False
            await audits.begin(db, batch.id, planned.round, seed, len(decided), sample)
            if check is not None:
                await store_check(db, batch, check, order)
            else:
                await audits.tell(db, batch.id, _waiting(batch, planned, size))
            return True

    if await until_settled(begun):
        log.info("audit begun", batch=batch.id, sample=size, of=len(decided))
        rt.jobs.enqueue("assign")
    return True


async def end_audit(rt: Runtime, batch: Batch, planned: PlannedBatch, audit: AuditRow) -> bool:
    """Correct the errors that an audit found. Return True if the batch can be delivered now.

    A batch that breaks its promise goes back once: the least confident tasks are asked again, as
    far as its money goes. If that is not possible, it is delivered, and its report says so.
    """
    rule = planned.plan.audit
    assert rule is not None

    async def ended() -> bool:
        async with rt.db.transaction() as db:
            if await batch_state.locked_state(db, batch.id) != "running":
                return False
            if planned.waits_for is not None:
                await _judge_by_answers(rt, db, batch, planned)
            now = next(a for a in await audits.of_batch(db, batch.id) if a.round == audit.round)
            outcome = outcome_of(now, rule)
            again = 0
            if outcome and not outcome.keeps_promise and planned.round < ROUNDS_MAX:
                again = await _ask_again(db, batch, planned)
            keeps = outcome and outcome.keeps_promise
            await audits.finish(db, batch.id, audit.round, keeps_promise=keeps, asked_again=again)
            await audits.tell(db, batch.id, _ended(batch, now, again, keeps=keeps))
            if again:
                await plans.set_stage(db, batch.id, planned, "work", round=planned.round + 1)
                return False
            if outcome and not outcome.keeps_promise:
                await findings.record(db, _broken_promise(batch, rule, outcome))
            return True

    delivered = await until_settled(ended)
    if not delivered:
        rt.jobs.enqueue("assign")
    return delivered


def _waiting(batch: Batch, planned: PlannedBatch, size: int) -> dict[str, object]:
    return {"batch": batch.id, "audit": planned.round, "state": "waiting", "sample": size}


def _ended(batch: Batch, audit: AuditRow, again: int, *, keeps: bool | None) -> dict[str, object]:
    return {
        "batch": batch.id,
        "audit": audit.round,
        "state": "ended",
        "judged": audit.judged,
        "errors": audit.errors,
        "keeps_promise": keeps,
        "asked_again": again,
    }


def outcome_of(audit: AuditRow, rule: AuditRule) -> AuditOutcome | None:
    """Return the outcome of an audit so far. Tasks that no auditor could tell do not count."""
    told = audit.judged - audit.unclear
    return audit_outcome(audit.errors, told, audit.population - audit.unclear, rule.allowed)


async def _judge_by_answers(
    rt: Runtime, db: Connection, batch: Batch, planned: PlannedBatch
) -> None:
    """Store the answers of paid auditors as judgements of the sample."""
    assert planned.waits_for is not None
    await end_checks(rt, db, batch.id)
    for one in await paid_checks.answers_of(db, planned.waits_for):
        item = await audits.item(db, batch.id, planned.round, one.task)
        assert item is not None
        truth = one.values[-1]
        right = _rightness(rt, batch, item, truth)
        await audits.judge(db, batch.id, planned.round, one.task, truth, right=right, by=REVIEWERS)


def _rightness(rt: Runtime, batch: Batch, item: AuditItem, truth: str) -> tuple[bool, bool]:
    """Return whether the result and the workers' answers alone agree with an auditor's value."""
    by_answers = item.answered is not None and is_right(rt, batch, item.answered, truth)
    return is_right(rt, batch, item.value, truth), by_answers


async def _ask_again(db: Connection, batch: Batch, planned: PlannedBatch) -> int:
    """Open the least confident tasks again and return their number.

    They are paid from the slots that other tasks did not need, and from what the review left.
    """
    spare = await audits.give_up_slots(db, batch.id)
    money_minor = spare * batch.cost_minor
    if planned.plan.review is not None:
        most = planned.plan.review.most_minor(await plans.real_tasks(db, batch.id))
        money_minor += most - await plans.spent_minor(db, batch.id, "review")
    audited = await audits.judged_tasks(db, batch.id)
    decided = await audits.decided_tasks(db, batch.id, batch.confidence or CONFIDENCE)
    tasks = [
        (one.task, one.confidence)
        for one in decided
        if not one.is_final and one.task not in audited
    ]
    chosen = asked_again(tasks, money_minor, batch.cost_minor)
    return await audits.reopen(db, batch.id, chosen, ANSWERS_MORE) if chosen else 0


def _broken_promise(batch: Batch, rule: AuditRule, outcome: AuditOutcome) -> FindingRecord:
    """Return the finding by which client and operator learn that a promise was not kept."""
    found = outcome.found
    evidence: dict[str, object] = {
        "sentence": f"the audit found {found.errors} of {found.sample} results wrong; the promise allows "
        f"{100 * rule.allowed:.1f} %",
        "errors": found.errors,
        "sample": found.sample,
        "low": round(found.low, 4),
        "high": round(found.high, 4),
        "allowed": rule.allowed,
    }
    return FindingRecord("audit_failed", f"batch:{batch.id}", evidence, batch=batch.id)


async def next_to_audit(rt: Runtime, batch_id: str) -> AuditTask | None:
    """Return the next task that an auditor is to judge, or None where none is left.

    Raises Refused when no persons audit this batch now.
    """
    planned = await _in_audit(rt, batch_id)
    return await audits.next_task(rt.db, batch_id, planned.round)


async def judge_task(rt: Runtime, batch_id: str, task: str, value: str | None, by: str) -> None:
    """Store an auditor's value of a task; None says that the true value cannot be told.

    Raises Refused when the task is not in the sample or was judged before.
    """
    if first_try() is not None:
        return
    planned = await _in_audit(rt, batch_id)
    batch = await rt.batches.fresh(batch_id)
    truth = None if value is None else said_truth(rt, batch, value)
    item = await audits.item(rt.db, batch_id, planned.round, task)
    if item is None:
        raise Refused(
            f"the task {task!r} is not in the sample of this audit", field="task", status=404
        )
    right = None if truth is None else _rightness(rt, batch, item, truth)
    async with rt.db.transaction() as db:
        if not await audits.judge(db, batch_id, planned.round, task, truth, right=right, by=by):
            raise Refused(f"the task {task!r} was judged before", field="task", status=409)
        await keep_result(db)
    if await audits.next_task(rt.db, batch_id, planned.round) is None:
        rt.jobs.enqueue("close")


async def _in_audit(rt: Runtime, batch_id: str) -> PlannedBatch:
    await rt.batches.get(batch_id)  # This raises Refused where there is no such batch.
    planned = await plans.of_batch(rt.db, batch_id)
    if planned is None or planned.plan.audit is None:
        raise Refused("this batch was made without an audit", status=409)
    if planned.stage != "audit" or planned.wait_until is None:
        reason = {
            "delivered": "it was delivered",
            "review": "its review goes on",
        }.get(planned.stage, "its answers are not complete yet")
        raise Refused(f"there is nothing to audit now: {reason}", status=409)
    if planned.waits_for is not None:
        raise Refused("paid reviewers audit this batch", status=409)
    return planned

"""The quality report of a batch: five steps, each with its catch, its cost and the error left.

The five steps are the project's own definition. A step that the client did not order is marked as
not used, and a figure that nothing measures is None, which means unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.qa.checks.audit_outcome import after_appeals
from gateway.qa.checks.interval import ErrorShare, error_share
from gateway.qa.checks.plan import NO_STEPS, QualityPlan
from gateway.steps.batches.checks.acceptance import Acceptance, AcceptanceState, acceptance_of
from gateway.steps.batches.checks.audit import outcome_of
from gateway.steps.runtime import Runtime
from gateway.store.batches import plans
from gateway.store.batches.batches import Batch
from gateway.store.quality import audits, step_figures
from gateway.store.quality.audits import AuditRow
from gateway.store.quality.step_figures import (
    AnswerFigures,
    CheckFigures,
    GoldFigures,
    MessageFigures,
    ReviewFigures,
    WorkerFigures,
)


@dataclass(frozen=True, slots=True)
class StepReport:
    """One quality step of a batch."""

    name: str
    """The name: qualification, gold, redundancy, review or audit."""
    caught: tuple[tuple[str, int], ...]
    """The counts of what it caught, each with its words."""
    cost_minor: int | None
    """The money that it cost, in minor units; None where that is unknown."""
    segments: int | None
    """The SMS segments that it cost; None where that is unknown."""
    remaining: ErrorShare | None
    """The share of errors that remains after it; None where nothing measures it."""
    measured: str
    """The way in which `remaining` was measured, or the reason why it is unknown."""
    used: bool = True
    """False if the step has no data, because the client did not order it or it has not begun."""


@dataclass(frozen=True, slots=True)
class FiveStepReport:
    """The quality report of a batch."""

    batch: str
    """The id of the batch."""
    name: str
    """The client's name for it."""
    state: str
    """The state of the batch."""
    stage: str
    """The step that the batch is at: work, review, audit or delivered."""
    currency: str
    """The currency of the costs."""
    steps: tuple[StepReport, ...]
    """The five steps in their order."""
    audits: tuple[AuditRow, ...]
    """The audits, with the seeds by which their draws are repeated."""
    promise: float | None
    """The promised share of right results."""
    keeps_promise: bool | None
    """True if the last audit found the promise kept; None where none was made or measured."""
    expected_error: float | None
    """The share of errors that the confidences themselves imply; no measurement."""
    acceptance: Acceptance
    """The client's word on the batch."""
    before_appeals: ErrorShare | None
    """The share of errors that remained when the audit ended; None where none was made."""
    after_appeals: ErrorShare | None
    """The share that remains after the results that upheld appeals changed since."""
    changed_by_appeals: int
    """The number of these results."""


@dataclass(frozen=True, slots=True)
class _Figures:
    """Everything that the report is made of."""

    plan: QualityPlan
    workers: WorkerFigures
    gold: GoldFigures
    answers: AnswerFigures
    messages: MessageFigures
    review: ReviewFigures
    reviewers: CheckFigures
    review_messages: MessageFigures
    auditors: CheckFigures
    audit_messages: MessageFigures
    audits: Sequence[AuditRow]


async def quality_report(rt: Runtime, batch: Batch, state: str) -> FiveStepReport:
    """Return the quality report of a batch, as far as the batch has come."""
    planned = await plans.of_batch(rt.db, batch.id)
    plan = planned.plan if planned else NO_STEPS
    found = _Figures(
        plan,
        await step_figures.of_workers(rt.db, batch),
        await step_figures.of_gold(rt.db, batch),
        await step_figures.of_answers(rt.db, batch.id),
        await step_figures.of_messages(rt.db, batch.id),
        await step_figures.of_review(rt.db, batch.id),
        await step_figures.of_check(rt.db, batch.id, "review"),
        await step_figures.of_messages(rt.db, batch.id, "review"),
        await step_figures.of_check(rt.db, batch.id, "audit"),
        await step_figures.of_messages(rt.db, batch.id, "audit"),
        await audits.of_batch(rt.db, batch.id),
    )
    last = next((one for one in reversed(found.audits) if one.ended_at), None)
    before, after, changed = await _appealed(rt, batch, plan, last)
    usual = "delivered" if state == "done" else "work"
    return FiveStepReport(
        batch=batch.id,
        name=batch.name,
        state=state,
        stage=planned.stage if planned else usual,
        currency=batch.currency,
        steps=(
            _qualification(batch, found),
            _gold(batch, found),
            _redundancy(batch, found),
            _review(found),
            _audit(found),
        ),
        audits=tuple(found.audits),
        promise=plan.audit.promise if plan.audit else None,
        keeps_promise=last.keeps_promise if last else None,
        expected_error=found.answers.doubt,
        acceptance=await acceptance_of(rt, batch.id),
        before_appeals=before,
        after_appeals=after,
        changed_by_appeals=changed,
    )


async def _appealed(
    rt: Runtime, batch: Batch, plan: QualityPlan, last: AuditRow | None
) -> tuple[ErrorShare | None, ErrorShare | None, int]:
    """Return the remaining error before and after appeals, and the results that they changed."""
    if last is None or last.ended_at is None or plan.audit is None:
        return None, None, 0
    outcome = outcome_of(last, plan.audit)
    found = await audits.changed_by_appeals(rt.db, batch.id, last.round, last.ended_at)
    judged, tasks = last.judged - last.unclear, last.population - last.unclear
    after = after_appeals(last.errors, judged, tasks, found.missed, found.others)
    return outcome.remaining if outcome else None, after, found.missed + found.others


def _qualification(batch: Batch, found: _Figures) -> StepReport:
    """Report the workers who may not answer, and the errors that they would have made."""
    workers, gold = found.workers, found.gold
    if found.plan.qualification is None and not gold.entry:
        return _unused("qualification", "not used: the batch was made without qualification")
    would_be = error_share(workers.excluded_wrong, workers.excluded_right + workers.excluded_wrong)
    caught = [("wrong answers to entry gold", gold.entry_wrong)]
    measured = "no worker with gold was excluded, so there is no error of theirs to tell"
    if found.plan.qualification is None:
        measured = "no least skill was asked for; entry gold alone excludes no worker"
    else:
        caught.insert(0, ("workers excluded", workers.excluded))
        if would_be is not None:
            measured = (
                f"excluded workers would have been wrong in {percent(would_be.share)} of their answers "
                f"({percent(would_be.low)} to {percent(would_be.high)}, {would_be.sample} gold answers)"
            )
    return StepReport(
        "qualification",
        tuple(caught),
        gold.entry * batch.price_minor,
        _part(found.messages, gold.entry),
        error_share(gold.trusted_wrong, gold.trusted),
        f"gold answers of the workers who may answer; {measured}",
    )


def _gold(batch: Batch, found: _Figures) -> StepReport:
    """Report the hidden gold: wrong answers, and the workers whom it paused."""
    gold = found.gold
    if not gold.hidden:
        return _unused("gold", "not used: no hidden gold was answered")
    return StepReport(
        "gold",
        (
            ("wrong answers to hidden gold", gold.hidden_wrong),
            ("workers paused", gold.paused),
            ("workers sent to a lesson", gold.relearning),
            ("workers found to be getting worse", gold.drifting),
        ),
        gold.hidden * batch.price_minor,
        _part(found.messages, gold.hidden),
        error_share(gold.trusted_wrong, gold.trusted),
        "gold answers of the workers who may answer: the error of one answer",
    )


def _redundancy(batch: Batch, found: _Figures) -> StepReport:
    """Report the further answers to each task: what they outvoted, and what stopping saved."""
    given = found.answers
    return StepReport(
        "redundancy",
        (
            ("answers that differ from the result", given.outvoted),
            ("answers saved by early stopping", max(0, given.slots - given.answers)),
            ("tasks without a decision", given.in_review),
        ),
        given.answers * batch.price_minor,
        _part(found.messages, given.answers),
        *_by_audit(found, delivered=False),
        used=given.answers > 0,
    )


def _review(found: _Figures) -> StepReport:
    """Report the paid review, and how gold and audit assess the reviewers."""
    review, paid = found.review, found.reviewers
    if not review.tasks:
        reason = "no task was in doubt" if found.plan.review else "the batch has no paid review"
        return _unused("review", f"not used: {reason}")
    caught = (
        ("tasks reviewed", review.reviewed),
        ("results changed", review.changed),
        ("undecided tasks settled", review.settled),
        ("tasks left to a person", review.tasks - review.decided),
        ("reviewers", paid.workers),
        ("reviewers' gold answers right", paid.gold_right),
        ("reviewers' gold answers wrong", paid.gold_wrong),
        ("reviewers' answers that the audit judged", paid.audited),
        ("of these right", paid.audited_right),
    )
    segments = found.review_messages.segments
    return StepReport(
        "review", caught, paid.cost_minor, segments, *_by_audit(found, delivered=True)
    )


def _audit(found: _Figures) -> StepReport:
    """Report the audit, and the errors that remain after those it found were corrected."""
    rule = found.plan.audit
    if rule is None or not found.audits:
        reason = "it has not begun" if rule else "the batch was made without an audit"
        return _unused("audit", f"not used: {reason}")
    last = found.audits[-1]
    outcome = outcome_of(last, rule)
    caught = (
        ("tasks drawn", sum(one.size for one in found.audits)),
        ("tasks judged", sum(one.judged for one in found.audits)),
        ("true value unclear", sum(one.unclear for one in found.audits)),
        ("errors found and corrected", sum(one.errors for one in found.audits)),
        ("tasks asked again", sum(one.asked_again or 0 for one in found.audits)),
    )
    measured = "the audit: its errors are corrected, and the others remain"
    return StepReport(
        "audit",
        caught,
        # The time of persons who audit is not known to the gateway.
        found.auditors.cost_minor if rule.price_minor else None,
        found.audit_messages.segments if rule.price_minor else 0,
        outcome.remaining if outcome else None,
        measured if outcome else "unknown: no task of the sample was judged",
    )


def _by_audit(found: _Figures, *, delivered: bool) -> tuple[ErrorShare | None, str]:
    """Return the share of errors that the last audit found in the results.

    `delivered` asks for the results with the review, else for those of the answers alone.
    """
    last = next((one for one in reversed(found.audits) if one.judged > one.unclear), None)
    if last is None:
        return None, "unknown: no audit measured it"
    errors = last.errors if delivered else last.answered_errors
    told = last.judged - last.unclear
    share = error_share(errors, told, last.population - last.unclear)
    return share, "the audit's random sample of decided tasks"


def _unused(name: str, reason: str) -> StepReport:
    return StepReport(name, (), 0, 0, None, reason, used=False)


def _part(messages: MessageFigures, answers: int) -> int | None:
    """Return the segments of some of a batch's answers.

    One message may carry gold and other questions, so the segments are divided by the answers.
    """
    if not messages.answers:
        return None
    return round(messages.segments * answers / messages.answers)


def percent(share: float) -> str:
    """Return a share as words.

    >>> percent(0.0512)
    '5.1 %'
    """
    return f"{100 * share:.1f} %"


def word_on(acceptance: Acceptance) -> str:
    """Return one sentence about the client's acceptance."""
    match acceptance.state:
        case AcceptanceState.NOT_DELIVERED:
            return "The batch is not delivered yet."
        case AcceptanceState.DELIVERED:
            return f"Delivered. It counts as accepted from {acceptance.accept_by:%Y-%m-%d %H:%M} UTC on."
        case AcceptanceState.ACCEPTED:
            who = f"by {acceptance.by}" if acceptance.by else "because its time for a refusal ended"
            return f"Accepted {who}."
        case AcceptanceState.REFUSED:
            named = len(acceptance.tasks)
            return f"Refused by {acceptance.by}: {acceptance.reason} (tasks named: {named})."

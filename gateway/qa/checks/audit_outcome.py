"""The outcome of an audit: the remaining error, the promise, and the tasks that are asked again."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.qa.checks.interval import ErrorShare, error_share, wrong_in_batch

ANSWERS_MORE = 2
"""The further answers of a task that is asked again."""
ROUNDS_MAX = 2
"""The audits of one batch: the first, and one after tasks were asked again."""


@dataclass(frozen=True, slots=True)
class AuditOutcome:
    """The result of one audit."""

    found: ErrorShare
    """The share of errors in the sample, with its interval for the whole batch."""
    remaining: ErrorShare
    """The share of errors in the batch after those of the sample were corrected."""
    keeps_promise: bool
    """True if the share of errors in the sample is at most what the promise allows."""


def audit_outcome(errors: int, judged: int, tasks: int, allowed: float) -> AuditOutcome | None:
    """Return the outcome of an audit, or None where nothing was judged.

    `judged` tasks of a batch of `tasks` were judged, and `errors` of them were wrong and are
    corrected. So the tasks outside the sample hold all the errors that remain.

    >>> outcome = audit_outcome(4, 50, 100, 0.05)
    >>> outcome.keeps_promise, outcome.remaining.share, outcome.remaining.high < outcome.found.high
    (False, 0.04, True)
    """
    found = error_share(errors, judged, tasks)
    if found is None:
        return None
    low, high = wrong_in_batch(errors, judged, tasks)
    remaining = ErrorShare(
        found.share * (tasks - judged) / tasks,
        (low - errors) / tasks,
        (high - errors) / tasks,
        0,
        judged,
    )
    return AuditOutcome(found, remaining, keeps_promise=found.share <= allowed)


def after_appeals(
    errors: int, judged: int, tasks: int, missed: int, others: int
) -> ErrorShare | None:
    """Return the share of errors after upheld appeals, or None where nothing was judged.

    Appeals have changed `missed` results that the audit had judged to be right, and `others` that
    it had not judged. All of them are corrected. So the sample had more errors than the audit saw,
    and the tasks outside it have fewer left.

    >>> before = audit_outcome(1, 20, 100, 0.1).remaining
    >>> after = after_appeals(1, 20, 100, missed=0, others=2)
    >>> round(before.share - after.share, 4), round(before.high - after.high, 4)
    (0.02, 0.02)
    >>> after_appeals(1, 20, 100, missed=1, others=0).share > before.share
    True
    """
    errors += missed
    if not judged:
        return None
    low, high = wrong_in_batch(errors, judged, tasks)
    left = errors / judged * (tasks - judged) - others
    least, most = low - errors - others, high - errors - others
    return ErrorShare(
        max(0.0, left) / tasks, max(0, least) / tasks, max(0, most) / tasks, 0, judged
    )


def asked_again(
    confidences: Sequence[tuple[str, float]], money_minor: int, price_minor: int
) -> list[str]:
    """Return the tasks to ask again, the least confident first, as far as the money goes.

    `confidences` are the tasks that may be asked again, and each gets `ANSWERS_MORE` answers.

    >>> asked_again([("a", 0.99), ("b", 0.6), ("c", 0.7)], 1300, 300)
    ['b', 'c']
    """
    number = max(0, money_minor) // (ANSWERS_MORE * price_minor)
    ordered = sorted(confidences, key=lambda one: (one[1], one[0]))
    return [task for task, _ in ordered[:number]]

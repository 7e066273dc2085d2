"""Appeals as operators read them, as text and as data."""

from gateway.base.money import amount_text
from gateway.store.people.appeals import Appeal, AppealEvent

OFFICE = "the office"


def as_data(appeal: Appeal) -> dict[str, object]:
    """Return an appeal as JSON data, without numbers of phones."""
    return {
        "ref": appeal.ref,
        "state": appeal.state,
        "worker": appeal.worker,
        "answer": appeal.answer,
        "batch": appeal.batch,
        "task": appeal.task,
        "question": appeal.text,
        "said": appeal.value,
        "truth": appeal.truth,
        "amount_minor": appeal.amount_minor,
        "currency": appeal.currency,
        "decided_before": {"kind": appeal.decided_kind, "by": appeal.decided_by},
        "opened_by": appeal.opened_by or None,
        "round": appeal.round,
        "with": appeal.handler_name or OFFICE,
        "coordinator": appeal.handler,
        "due_at": appeal.due_at.isoformat(),
        "overdue": is_overdue(appeal),
        "reminded_at": appeal.reminded_at.isoformat() if appeal.reminded_at else None,
        "filed_at": appeal.created_at.isoformat(),
        "decided_at": appeal.decided_at.isoformat() if appeal.decided_at else None,
        "decided_by": appeal.decider,
        "reason": appeal.reason,
        "settled_at": appeal.settled_at.isoformat() if appeal.settled_at else None,
    }


def is_overdue(appeal: Appeal) -> bool:
    """Return True for an appeal that was not decided within both deadlines."""
    return appeal.state == "waiting" and appeal.round > 2  # noqa: PLR2004  # two persons look


def appeal_line(appeal: Appeal) -> str:
    """Return the line of a list."""
    what = f"{appeal.ref}  worker {appeal.worker}, {appeal.batch} {appeal.task}"
    if appeal.amount_minor:
        what += f", {amount_text(appeal.amount_minor, appeal.currency)}"
    if appeal.state != "waiting":
        return f"{what}: {appeal.state} by {appeal.decider} on {appeal.decided_at:%Y-%m-%d}, {appeal.reason}"
    until = "OVERDUE since" if is_overdue(appeal) else "until"
    return (
        f"{what}: with {appeal.handler_name or OFFICE} {until} {appeal.due_at:%Y-%m-%d}, "
        f"decided before by {decided_before(appeal)}"
    )


def appeal_lines(appeal: Appeal) -> list[str]:
    """Return all that is known about an appeal."""
    return [
        appeal_line(appeal),
        f"  question: {appeal.text}",
        f"  she said: {appeal.value}",
        f"  counts as right: {appeal.truth or '-'}",
        *([f"  adjustment opened by: {appeal.opened_by}"] if appeal.opened_by else []),
    ]


def event_line(event: AppealEvent) -> str:
    """Return the line of one event."""
    who = f" {event.who}" if event.who else ""
    why = f": {event.reason}" if event.reason else ""
    return f"  {event.at:%Y-%m-%d %H:%M}  {event.event}{who}{why}"


def decided_before(appeal: Appeal) -> str:
    """Return who decided what is appealed."""
    match appeal.decided_kind:
        case "rule":
            return f"a rule ({appeal.decided_by})" if appeal.decided_by else "a rule"
        case "client":
            return f"the client's truth ({appeal.decided_by})"
        case kind:
            return f"{appeal.decided_by} ({kind})"

"""The reads and writes of a turn.

One statement reads all that an inbound event needs, and one statement writes all that it caused.
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.base.ids import AccountId, AssignmentId, TaskId, WorkerId
from gateway.payments.ledger.chart_of_accounts import Posting
from gateway.qa.judging.verdict_effect import TaskEffect
from gateway.store.db import Database, Write
from gateway.store.turns.situation import COLUMNS, TurnRow

_READ = f"select {', '.join(COLUMNS)} from situation(p_channel => $1, p_kind => $2, p_event_id => $3, p_index => $4, p_session => $5, p_twin => $6, p_former => $7)"


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """The identity of an inbound event."""

    channel: str
    """The channel on which the event came."""
    kind: str
    """The kind of event: sms or ussd."""
    event_id: str
    """The id of the event, unique per channel and kind."""
    index: bytes
    """The blind index of the sender's number."""
    body: bytes
    """The raw event, sealed."""
    session: str | None = None
    """The USSD session, if there is one."""
    twin: bytes | None = None
    """A digest that is equal for the same SMS under another id."""
    same_id: str | None = None
    """The beginning of the ids of all texts of this sender under the provider's id."""
    former: str | None = None
    """The id of the SMS in the form before texts and senders were part of it."""


async def read_situation(db: Database, event: InboundEvent) -> TurnRow:
    """Return the row of `store/sql/situation.sql`, which explains each column."""
    found = await db.row(
        _READ,
        event.channel,
        event.kind,
        event.event_id,
        event.index,
        event.session,
        event.twin,
        event.former,
    )
    assert found is not None
    return TurnRow(*found.values())


# --- The parts that a turn may write.


def still_hers(worker: WorkerId, index: bytes) -> Write:
    """Raise Conflict when the number of this turn does not belong to the worker any more.

    It must be the first part.
    """
    return Write("still_hers", {"worker": worker, "index": index})


def book_event(event: InboundEvent, worker: WorkerId | None, reply: str | None) -> Write:
    return Write(
        "book_event",
        {
            "channel": event.channel,
            "kind": event.kind,
            "event_id": event.event_id,
            "worker": worker,
            "body": event.body,
            "reply": reply,
            "twin": event.twin,
            "same_id": event.same_id,
        },
    )


@dataclass(frozen=True, slots=True)
class AnswerRow:
    assignment: AssignmentId
    """The assignment that is answered."""
    assignment_was: str
    """The state of the assignment as it was read."""
    task: TaskId
    """The task that is answered."""
    answered: int
    """The number of answers that the task had when this one was judged."""
    wanted: int
    """The number of answers that the task needed when this one was judged."""
    worker: WorkerId
    """The worker who answered."""
    gold_kind: str | None
    """The kind whose gold counts change with this answer, or None in a batch without gold."""
    via: str
    """The way of the answer: sms or ussd."""
    said: str
    """The worker's own words."""
    value: str
    """The option or the text that they mean."""
    right: bool | None
    """True or false for hidden gold, None for a real question."""
    capped: bool
    """True if the batch has limits per worker."""


def record_answer(
    answer: AnswerRow, after: TaskEffect, earning: Posting, hold: AccountId, payable: AccountId
) -> Write:
    return Write(
        "record_answer",
        {
            "assignment": answer.assignment,
            "was": answer.assignment_was,
            "task": answer.task,
            "answered": answer.answered,
            "wanted_then": answer.wanted,
            "worker": answer.worker,
            "kind": answer.gold_kind,
            "via": answer.via,
            "said": answer.said,
            "value": answer.value,
            "right": answer.right,
            "wanted": after.wanted,
            "state": after.state,
            "result": after.value,
            "confidence": after.confidence,
            "rule": after.rule,
            "ruling": after.ruling,
            "skill_wanted": after.skill_wanted,
            "better_until": after.better_until,
            "judged": after.judged,
            "capped": answer.capped,
            "transfer": earning.id,
            "hold_account": hold,
            "worker_account": payable,
            "price": earning.amount_minor,
            "currency": earning.currency,
            "code": int(earning.code),
            "cause": earning.cause,
        },
    )


def posting(posted: Posting, debit: AccountId, credit: AccountId) -> dict[str, object]:
    """Return a ledger posting as the arguments that the SQL functions take."""
    return {
        "id": posted.id,
        "debit": debit,
        "credit": credit,
        "amount": posted.amount_minor,
        "currency": posted.currency,
        "code": int(posted.code),
        "cause": posted.cause,
    }


def hold_task(task: TaskId, worker: WorkerId, via: str, lease_until: datetime) -> Write:
    return Write(
        "hold_task", {"task": task, "worker": worker, "via": via, "lease_until": lease_until}
    )


def hold_item(
    task: TaskId, worker: WorkerId, via: str, lease_until: datetime, item: int | None
) -> Write:
    """Hold a task under an item number, or hold again a question that the worker holds already."""
    return Write(
        "hold_item",
        {"task": task, "worker": worker, "via": via, "lease_until": lease_until, "item": item},
    )


def holds_nothing(worker: WorkerId) -> Write:
    """Raise Conflict when the worker was asked a question meanwhile.

    It must come before the parts that hold tasks.
    """
    return Write("holds_nothing", {"worker": worker})


def release_task(assignment: AssignmentId, state: str) -> Write:
    return Write("release_task", {"assignment": assignment, "state": state})


@dataclass(frozen=True, slots=True)
class Message:
    """An outgoing SMS."""

    channel: str
    """The channel on which it is sent."""
    worker: WorkerId | None
    """The worker who receives it, if it goes to one."""
    to: bytes
    """The sealed number of the recipient."""
    to_index: bytes
    """The blind index of that number."""
    text: str
    """The text."""
    segments: int
    """The number of segments."""
    encoding: str
    """The encoding of the text."""
    purpose: str
    """reply, question, money, invitation or notice."""
    priority: int
    """The priority; 0 overtakes 1."""
    cause: str | None = None
    """The cause that makes it the same message if it is written twice. Without one, every message
    is new.
    """
    batch: str | None = None
    """The batch that bears its cost."""
    lane: str = ""
    """The client and batch (client/batch) that share the channel fairly with others. It is empty
    for a message that overtakes.
    """


def put_message(m: Message) -> Write:
    return Write(
        "put_message",
        {
            "channel": m.channel,
            "worker": m.worker,
            "to": m.to,
            "to_index": m.to_index,
            "text": m.text,
            "segments": m.segments,
            "encoding": m.encoding,
            "purpose": m.purpose,
            "priority": m.priority,
            "cause": m.cause,
            "batch": m.batch,
            "lane": m.lane,
        },
    )


def ask_alone(assignment: AssignmentId, worker: WorkerId, until: datetime) -> Write:
    """Ask one of several questions by itself, and free the others."""
    return Write("ask_alone", {"worker": worker, "assignment": assignment, "lease_until": until})


def limit_replies(index: bytes, text: str, prefix: str | None, most: int) -> Write:
    """Raise Conflict when the number has had `most` replies with these words in this hour.

    With a prefix of causes, `most` such replies in a row count, too.
    """
    return Write("limit_replies", {"index": index, "text": text, "prefix": prefix, "most": most})


def hold_message(cause: str, until: datetime) -> Write:
    """Delay the message of that cause until then."""
    return Write("hold_message", {"cause": cause, "until": until})


def drop_held_back(index: bytes) -> Write:
    """Cancel the delayed replies to this number that repeat another one.

    A newer reply takes their place.
    """
    return Write("drop_held_back", {"index": index})


def let_go(cause: str) -> Write:
    """Release the message of that cause, if it is still held.

    It goes before the messages that are written after it.
    """
    return Write("let_go", {"cause": cause})


def take_back(cause: str, reason: str) -> Write:
    """Cancel the message of that cause, if it is not sent yet, because another one replaces it."""
    return Write("take_back", {"cause": cause, "reason": reason})


def send_again(message: int) -> Write:
    """Send a message again that never arrived."""
    return Write("send_again", {"message": message})


def defer_prompts(index: bytes, until: datetime) -> Write:
    """Delay the unasked messages to a number until then."""
    return Write("defer_prompts", {"index": index, "until": until})


async def put_aside(db: Database, task: int, worker: int | None) -> None:
    """Never offer this task to the worker, because her channel cannot carry it."""
    await db.execute("select put_aside(p_task => $1, p_worker => $2)", task, worker)

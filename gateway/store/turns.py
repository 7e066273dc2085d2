"""A turn, read and written: one statement brings all that an inbound event needs, one writes all it caused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.deductions import Withheld
from gateway.ids import AccountId, AssignmentId, TaskId, WorkerId
from gateway.payments.chart import Posting
from gateway.store.db import Database, Part, Row

_READ = "select * from situation($1, $2, $3, $4, $5, $6, $7)"


@dataclass(frozen=True, slots=True)
class Event:
    """What makes an inbound event itself: `event_id` is unique per channel and kind (sms, ussd).

    `index`: the blind index of the sender's number. `body`: the raw event, sealed. `session`: USSD
    only. Of an SMS only: `twin`, `same_id` and `former`, as `steps.identity` says.
    """

    channel: str
    kind: str
    event_id: str
    index: bytes
    body: bytes
    session: str | None = None
    twin: bytes | None = None
    same_id: str | None = None
    former: str | None = None


async def read(db: Database, event: Event) -> Row:
    """The row of `sql/situation.sql`: see there what each column means."""
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
    return found


# --- parts: what a turn may write
# --------------------------------------------------------------------------


def book_event(event: Event, worker: WorkerId | None, reply: str | None) -> Part:
    return Part(
        "book_event",
        (
            event.channel,
            event.kind,
            event.event_id,
            worker,
            event.body,
            reply,
            event.twin,
            event.same_id,
        ),
    )


@dataclass(frozen=True, slots=True)
class TaskAfter:
    """How an answer leaves its task.

    `value` is set once it is decided or in review, and `ruling` (the version of what decided) with
    it. `skill_wanted`: of whom the next answer is asked, until `better_until`; None = of anyone.
    `judged`: what the judge went by, where it was asked (`gateway.steps.judged`).
    """

    wanted: int
    state: str
    value: str | None
    confidence: float | None
    rule: str | None
    ruling: str | None = None
    skill_wanted: float | None = None
    better_until: datetime | None = None
    judged: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class AnswerRow:
    assignment: AssignmentId
    assignment_was: str
    task: TaskId
    answered: int
    """Answers its task had, and wanted, when this one was judged."""
    wanted: int
    worker: WorkerId
    gold_kind: str | None
    """The kind whose gold counts move with this answer; None in a batch without gold."""
    via: str
    said: str
    value: str
    right: bool | None
    """On hidden gold: was it right? None on real questions."""
    capped: bool
    """Does its batch have limits for each worker?"""


def record_answer(
    answer: AnswerRow, after: TaskAfter, earning: Posting, hold: AccountId, payable: AccountId
) -> Part:
    return Part(
        "record_answer",
        (
            answer.assignment,
            answer.assignment_was,
            answer.task,
            answer.answered,
            answer.wanted,
            answer.worker,
            answer.gold_kind,
            answer.via,
            answer.said,
            answer.value,
            answer.right,
            after.wanted,
            after.state,
            after.value,
            after.confidence,
            after.rule,
            after.ruling,
            after.skill_wanted,
            after.better_until,
            after.judged,
            answer.capped,
            *posting(earning, hold, payable),
        ),
    )


def posting(posted: Posting, debit: AccountId, credit: AccountId) -> tuple[object, ...]:
    """A ledger posting as the SQL functions take it."""
    return (
        posted.id,
        debit,
        credit,
        posted.amount_minor,
        posted.currency,
        int(posted.code),
        posted.cause,
    )


def hold_task(task: TaskId, worker: WorkerId, via: str, lease_until: datetime) -> Part:
    return Part("hold_task", (task, worker, via, lease_until))


def hold_item(
    task: TaskId, worker: WorkerId, via: str, lease_until: datetime, item: int | None
) -> Part:
    """Like `hold_task`, under a number, or for a question she holds already."""
    return Part("hold_item", (task, worker, via, lease_until, item))


def holds_nothing(worker: WorkerId) -> Part:
    """A conflict when she was asked something meanwhile.

    Stands before the parts that hold tasks.
    """
    return Part("holds_nothing", (worker,))


def release_task(assignment: AssignmentId, state: str) -> Part:
    return Part("release_task", (assignment, state))


@dataclass(frozen=True, slots=True)
class SessionRow:
    """Where a USSD session stands after a key.

    `before`: the transcript that was read, None for a new session.
    """

    worker: WorkerId | None
    before: str | None
    transcript: str
    view: str
    memory: dict[str, str]
    pages: Sequence[str]
    page: int
    ended: bool


def save_session(event: Event, s: SessionRow) -> Part:
    return Part(
        "save_session",
        (
            event.channel,
            event.session,
            event.index,
            s.worker,
            s.before,
            s.transcript,
            s.view,
            s.memory,
            list(s.pages),
            s.page,
            s.ended,
        ),
    )


@dataclass(frozen=True, slots=True)
class Message:
    """One outgoing SMS.

    `purpose`: reply, question, money, invitation or notice. `priority` 0 overtakes 1. `cause`: what
    makes it the same message if it is written twice; None = every one is new. `batch`: whose cost
    it is; `lane`: client/batch, whose turn it counts against where it does not overtake.
    """

    channel: str
    worker: WorkerId | None
    to: bytes
    to_index: bytes
    text: str
    segments: int
    encoding: str
    purpose: str
    priority: int
    cause: str | None = None
    batch: str | None = None
    lane: str = ""


def put_message(m: Message) -> Part:
    return Part(
        "put_message",
        (
            m.channel,
            m.worker,
            m.to,
            m.to_index,
            m.text,
            m.segments,
            m.encoding,
            m.purpose,
            m.priority,
            m.cause,
            m.batch,
            m.lane,
        ),
    )


def ask_alone(assignment: AssignmentId, worker: WorkerId, until: datetime) -> Part:
    """Ask one of several questions by itself; the others are free again."""
    return Part("ask_alone", (worker, assignment, until))


def limit_replies(index: bytes, text: str, prefix: str | None, most: int) -> Part:
    """Raise Conflict where the number has had `most` replies with these words this hour, or, with a prefix of causes,
    as many such replies in a row."""
    return Part("limit_replies", (index, text, prefix, most))


def hold_message(cause: str, until: datetime) -> Part:
    """The message of that cause is not sent before then."""
    return Part("hold_message", (cause, until))


def drop_held_back(index: bytes) -> Part:
    """Cancel the replies to this number that were held back as repetitions: a newer one takes their place."""
    return Part("drop_held_back", (index,))


def let_go(cause: str) -> Part:
    """The message of that cause, if it is still held, goes now, before what is written after it."""
    return Part("let_go", (cause,))


def take_back(cause: str, reason: str) -> Part:
    """The message of that cause is not sent, if it has not gone yet: another one says what it says."""
    return Part("take_back", (cause, reason))


def send_again(message: int) -> Part:
    """A message that never arrived, once more."""
    return Part("send_again", (message,))


def dispute_adjustment(ref: str, worker: WorkerId, until: datetime) -> Part:
    return Part("dispute_adjustment", (ref, worker, until))


def defer_prompts(index: bytes, until: datetime) -> Part:
    """What waits to be sent to a number unasked waits until then."""
    return Part("defer_prompts", (index, until))


@dataclass(frozen=True, slots=True)
class NewPayout:
    id: UUID
    ref: str
    worker: WorkerId
    provider: str
    currency: str
    amount_minor: int
    key: str
    to: bytes
    tail: str
    result_token: str
    status_token: str
    timeout_token: str
    state: str
    due_at: datetime | None
    replaces: UUID | None = None
    nth: int = 0
    country: str = ""
    taxes: tuple[Withheld, ...] = ()
    fee_minor: int = 0


def request_payout(
    p: NewPayout, payable: AccountId, booked: Sequence[tuple[Posting, AccountId]]
) -> Part:
    """`booked`: all that leaves her account for it, each with the account it goes to."""
    return Part(
        "request_payout",
        (
            p.id,
            p.ref,
            p.worker,
            p.provider,
            p.currency,
            p.amount_minor,
            p.key,
            p.to,
            p.tail,
            p.result_token,
            p.status_token,
            p.timeout_token,
            p.state,
            p.due_at,
            p.replaces,
            p.nth,
            p.country,
            [tax.name for tax in p.taxes],
            [tax.base_minor for tax in p.taxes],
            [tax.amount_minor for tax in p.taxes],
            p.fee_minor,
            payable,
            [posted.id for posted, _ in booked],
            [credit for _, credit in booked],
            [posted.amount_minor for posted, _ in booked],
            [int(posted.code) for posted, _ in booked],
            [posted.cause for posted, _ in booked],
        ),
    )

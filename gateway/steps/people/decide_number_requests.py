"""The operators' decisions on a change of number.

Two operators let a change go on or give a number back; one operator may refuse it.
"""

from datetime import timedelta
from typing import Literal

from gateway.base.errors import Conflict, Refused
from gateway.base.ids import WorkerId
from gateway.base.money import amount_text
from gateway.base.msisdn import mask
from gateway.gsm.septets import gsm_only
from gateway.payments.states import PayoutEvent, PayoutState
from gateway.steps.messages.notify import Addressee, notice_write
from gateway.steps.payouts.disburse import happened
from gateway.steps.people.find_worker import number_tail
from gateway.steps.people.number_requests import describe_move, open_number
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection, Write
from gateway.store.payouts import payouts
from gateway.store.people import number_moves, persons
from gateway.store.people.number_moves import ListedMove, MoveOfWorker

Says = Literal["approve", "refuse"]
_FIRST_MAX, _REASON_MAX = 12, 40
_NONE = "change {number} waits for no decision: it is {state}"


async def decide_number_move(
    rt: Runtime, number: int, says: Says, *, by: str, key: str, because: str = ""
) -> str:
    """Decide a change in the name of the operator `by`, and return the outcome.

    - noted: a second operator must decide the same.
    - invited: the new number is asked.
    - kept: an objection is over.
    - refused: the change does not happen.
    - given_back: the old number is the worker's again.

    Raises Refused where the change waits for no decision.
    """
    if says == "refuse" and not because.strip():
        raise Refused("say why; it is kept with the change", field="because")
    person = await persons.person_of(rt.db, by, key)
    try:
        outcome = await _written(rt, number, says, person, by, because.strip())
    except Conflict:
        await _without_payout(rt, number)
        try:
            outcome = await _written(rt, number, says, person, by, because.strip())
        except Conflict as moved:
            raise Refused(
                f"change {number} cannot be done now: one of its numbers is no longer free, or a payment is with the "
                "provider; look at it with: gateway moves show"
            ) from moved
    rt.jobs.enqueue("deliver", rt.settings.sms_channel)
    rt.jobs.enqueue("disburse")
    return outcome


async def _written(rt: Runtime, number: int, says: Says, person: int, by: str, because: str) -> str:
    """Write one operator's decision, with the SMS that report its outcome."""
    row = await _found(rt, number)
    now = rt.clock.now()
    async with rt.db.transaction() as db:
        outcome = await number_moves.record_move_decision(
            db,
            number,
            number_moves.MoveDecision(says, person, by, because),
            expires_at=now + timedelta(hours=rt.settings.moves.answer_h),
            screen=rt.books[row.language].say("move.old"),
            now=now,
        )
        if outcome == "none":
            raise Refused(_NONE.format(number=number, state=row.state))
        if outcome == "old":
            raise Refused(
                f"change {number} is too old: it waited until {row.expires_at:%Y-%m-%d}; ask for it again"
            )
        if outcome != "noted":
            await _put(db, await _told(rt, row, outcome, because))
    return outcome


async def _found(rt: Runtime, number: int) -> MoveOfWorker:
    row = await number_moves.move_with_worker(rt.db, number)
    if row is None:
        raise Refused(
            f"there is no change {number}; list them with: gateway moves list", status=404
        )
    return row


async def _without_payout(rt: Runtime, number: int) -> None:
    """Cancel a payout that waits, so that a number can be given back.

    Its money returns to the worker's balance.
    """
    row = await _found(rt, number)
    ref = await number_moves.open_payout(rt.db, WorkerId(row.worker_id))
    stored = await payouts.by_ref(rt.db, rt.vault, ref) if ref else None
    if stored is None:
        return
    if stored.payout.state not in (PayoutState.QUEUED, PayoutState.AWAITING_APPROVAL):
        raise Refused(f"{ref} is with the provider: decide again when it is settled")
    try:
        await happened(rt, stored, PayoutEvent.CANCEL, note="its number is given back", quiet=True)
    except Conflict as moved:
        raise Refused(f"{ref} has just changed its state: decide again") from moved


async def _told(rt: Runtime, row: MoveOfWorker, outcome: str, because: str) -> list[Write]:
    """Return the SMS that report an outcome: to both numbers, and to the coordinator who asked."""
    move, book = row.id, rt.books[row.language]
    old = "" if row.number_lost_at else open_number(rt, row.old_sealed)
    new = open_number(rt, row.new_sealed)
    texts: list[tuple[str, str, str]] = {
        "invited": [
            (new, book.say("move.invitation"), "asked"),
            *([] if row.objected_at else [(old, book.say("move.notice_asked"), "warned")]),
        ],
        "kept": [
            (new, book.say("move.kept_new"), "kept"),
            (old, book.say("move.kept_old"), "kept-old"),
        ],
        "given_back": [
            (old, book.say("move.back"), "back"),
            (new, book.say("move.back_other"), "back-other"),
        ],
    }.get(outcome, [])
    parts = [
        notice_write(
            rt, Addressee(row.channel, to), text, "money", f"move:{move}:{what}:{_when(row)}"
        )
        for to, text, what in texts
        if to
    ]
    return [*parts, *await _to_coordinator(rt, row, outcome, because)]


def _when(row: MoveOfWorker) -> str:
    """Return the part of the cause that tells the SMS of a later decision from earlier ones."""
    return f"{row.objected_at:%Y%m%d%H%M%S}" if row.objected_at else "first"


async def _to_coordinator(
    rt: Runtime, row: MoveOfWorker, outcome: str, because: str
) -> list[Write]:
    """Return the SMS to the coordinator who asked for the change.

    It says that the new number is asked now, or gives the reason against it.
    """
    if row.coordinator_id is None or outcome not in ("invited", "refused"):
        return []
    to = await number_moves.coordinator_of(rt.db, row.coordinator_id)
    number = open_number(rt, to.msisdn_sealed) if to else ""
    if to is None or not number:
        return []
    text = rt.books[to.language].say(
        "move.request_approved" if outcome == "invited" else "move.request_refused",
        first=gsm_only(row.name, _FIRST_MAX).strip() or "?",
        number=mask(open_number(rt, row.new_sealed)),
        **({} if outcome == "invited" else {"reason": gsm_only(because, _REASON_MAX)}),
    )
    cause = f"move:{row.id}:{outcome}:coordinator:{_when(row)}"
    to_her = Addressee(rt.settings.sms_channel, number)
    return [notice_write(rt, to_her, text, "money", cause)]


async def _put(db: Connection, parts: list[Write]) -> None:
    if parts:
        await db.write(parts)


async def sheet(rt: Runtime, number: int) -> str:
    """Return all data of one change, and the questions to the worker before an approval."""
    row = await number_moves.one_move(rt.db, number)
    if row is None:
        raise Refused(
            f"there is no change {number}; list them with: gateway moves list", status=404
        )
    known = await number_moves.known_of(rt.db, WorkerId(row.worker_id))
    paid = (
        f"{amount_text(known.amount, known.currency)} on {known.settled_at:%Y-%m-%d}"
        if known.amount and known.currency
        else "none yet"
    )
    last = f"{known.last_answer:%Y-%m-%d}" if known.last_answer else "none yet"
    asked_by = f" by the coordinator {row.coordinator}" if row.coordinator else ""
    began = f"{row.kind}, {row.state}, asked for {row.created_at:%Y-%m-%d %H:%M}{asked_by}"
    lines = [f"Change {row.id}: {describe_move(rt, row)}", began]
    if row.said_by:
        lines.append(f"{row.said_by} has said: {row.says}; another operator must say the same")
    lines += [
        "Ask the worker on the new number what only she knows; the caller should not be her coordinator:",
        f"  In which month did she join? {known.created_at:%Y-%m}",
        f"  How much was her last payment? {paid}",
        f"  When did she last answer, and about how often? {last}, {known.answers} answers",
        "What happened:",
    ]
    lines += [
        f"  {one.at:%Y-%m-%d %H:%M}  {one.event} by {one.by_whom}{': ' + one.reason if one.reason else ''}"
        for one in await number_moves.move_events(rt.db, number)
    ]
    if row.state in ("requested", "objected"):
        lines += [
            "Then two operators decide, each with the key of that operator:",
            f"  gateway moves approve {number} --by NAME",
            f'  gateway moves refuse {number} --by NAME --because "..."',
        ]
    return "\n".join(lines)


def listed_line(rt: Runtime, row: ListedMove) -> str:
    """Return the line of a change in the list."""
    by = f", asked by {row.coordinator}" if row.coordinator else ""
    said = f", {row.said_by} said {row.says}" if row.said_by else ""
    hold = f", payouts wait until {row.hold_until:%Y-%m-%d %H:%M}" if row.hold_until else ""
    return (
        f"{row.id:>5}  {row.state:<10} {row.kind:<8} {row.name or '(no name)'} (worker {row.worker_id}) "
        f"{number_tail(rt, row.old_sealed)} to {number_tail(rt, row.new_sealed)}  "
        f"{row.created_at:%Y-%m-%d %H:%M}{by}{said}{hold}"
    )

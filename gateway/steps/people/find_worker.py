"""`gateway worker find|show`: from a phone number or a name to the reason for a missing payment."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.base.errors import OtherKey, Refused
from gateway.base.ids import WorkerId
from gateway.base.money import amount_text
from gateway.base.msisdn import NO_NUMBER, normalise
from gateway.settings.tryout import is_tryout
from gateway.steps.payouts.routes import provider_for
from gateway.steps.runtime import Runtime
from gateway.store.people import found_workers as store
from gateway.store.people.found_workers import (
    MessageToWorker,
    PayoutOfWorker,
    WorkerFacts,
    WorkerFound,
)
from gateway.store.quality import credentials
from gateway.store.retention import months

_TAIL_DIGITS = 2
_TEXT_SHOWN = 100


@dataclass(frozen=True, slots=True)
class FoundWorker:
    """A worker in the list of a search."""

    id: int
    name: str
    number: str
    state: str
    language: str
    coordinator: str
    partner: str
    balance: str


@dataclass(slots=True)
class WorkerReport:
    """The page on which an operator reads all data of one worker.

    `answers` are the reasons why the worker has not been paid, in plain sentences, the most
    important first. They are not answers to questions.
    """

    worker: int
    facts: list[str] = field(default_factory=list[str])
    answers: list[str] = field(default_factory=list[str])
    sections: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


def number_tail(rt: Runtime, sealed: bytes) -> str:
    """Return the last digits of a sealed number, as `..78`.

    Return "" where it was sealed with another key.
    """
    try:
        number = rt.vault.open(sealed)
    except OtherKey:
        return ""
    return f"..{number[-_TAIL_DIGITS:]}" if number != NO_NUMBER else "(no number)"


async def find(rt: Runtime, said: str) -> list[FoundWorker]:
    """Return the workers with this number, id or name. Raises Refused where there is none."""
    rows = await _rows(rt, said)
    if not rows:
        raise Refused(
            f"no worker has the number, id or name {_shown(rt, said)}; try a part of the name",
            status=404,
        )
    return [
        FoundWorker(
            id=row.id,
            name=row.name or "(no name)",
            number=number_tail(rt, row.msisdn_sealed),
            state=row.state,
            language=row.language,
            coordinator=row.coordinator or "-",
            partner=row.partner or "-",
            balance=amount_text(row.balance, row.currency),
        )
        for row in rows
    ]


async def show(rt: Runtime, said: str) -> WorkerReport:
    """Return one worker's page. Raises Refused where several workers are meant."""
    found = await find(rt, said)
    if len(found) > 1:
        listed = ", ".join(f"{one.id} ({one.name} {one.number})" for one in found[:10])
        raise Refused(f"{len(found)} workers match; show one by id: {listed}")
    worker = WorkerId(found[0].id)
    row = await store.worker_explanation(rt.db, worker)
    payouts = await store.payouts(rt.db, worker)
    questions = await store.questions(rt.db, worker)
    pauses = await store.pauses(rt.db, worker)
    story = WorkerReport(worker, _facts(rt, row))
    story.answers = _why_not_paid(rt, row, payouts)
    cases = await store.cases(rt.db, worker)
    events, more = await store.events(rt.db, worker)
    story.sections = {
        "Payouts": [_payout(one) for one in payouts],
        "Questions open": [
            f"since {_at(one.asked_at)} by {one.via}, until {_at(one.until)}: {one.text[:_TEXT_SHOWN]}"
            for one in questions
        ],
        "Pauses": [
            f"{one.kind} until {_at(one.paused_until)}: {one.gold_right} of "
            f"{one.gold_right + one.gold_wrong} check questions right"
            for one in pauses
        ],
        "Paid answers that turned out wrong": [
            f"{one.ref}  {amount_text(one.amount, row.currency)}, {one.state}, until {_at(one.decide_by)}"
            for one in cases
        ],
        "Lessons and credentials": [
            f"{_at(one.at)}  {one.kind}: {one.what}"
            f"{'' if one.source == 'here' else f', by the card of {one.source}'}"
            for one in await credentials.of_worker(rt.db, worker)
        ],
        "Last messages to the worker": [
            *(_message(one) for one in await store.messages(rt.db, worker)),
            *await _archived(rt, "outbox", "messages"),
        ],
        "Last events from the phone": [
            *(
                f"{_at(one.created_at)}  {one.kind} {one.channel}  {one.state}"
                f"{': ' + one.error if one.error else ''}"
                for one in events
            ),
            *(
                [f"only the newest {store.EVENTS_SEARCHED:,} events of all phones were searched"]
                if more
                else []
            ),
            *await _archived(rt, "inbox", "events"),
        ],
        "Changes of number": [
            f"{_at(one.created_at)}  {one.id}: {number_tail(rt, one.old_sealed)} to "
            f"{number_tail(rt, one.new_sealed)}, {one.state}, {one.event} by {one.by_whom} {_at(one.at)}"
            for one in await store.numbers(rt.db, worker)
        ],
        "Consent": [
            f"{_at(one.at)}  {one.act} by {one.coordinator or one.via}"
            for one in await store.history(rt.db, worker)
        ],
    }
    return story


async def _archived(rt: Runtime, table: str, what: str) -> list[str]:
    """Return the line that names the archived part of a table; none where all rows are here."""
    until = await months.archived_until(rt.db, table)
    return (
        [f"{what} before {until:%Y-%m-%d} are archived (gateway archive --list)"] if until else []
    )


async def _rows(rt: Runtime, said: str) -> Sequence[WorkerFound]:
    said = said.strip()
    try:
        index = rt.vault.index(normalise(said, rt.settings.region))
    except Refused:
        if said.isascii() and said.isdecimal() and len(said) < 19:  # noqa: PLR2004  # fits a bigint
            return await store.by_id(rt.db, int(said))
        return await store.by_name(rt.db, said) if said else []
    return await store.by_index(rt.db, index)


def _shown(rt: Runtime, said: str) -> str:
    """Return the text of a search for display; a typed number is not repeated in full."""
    digits = sum(ch.isdecimal() for ch in said)
    return repr(said) if digits < 7 else f"..{said.strip()[-_TAIL_DIGITS:]}"  # noqa: PLR2004


def _facts(rt: Runtime, row: WorkerFacts) -> list[str]:
    caring = row.coordinator or "none"
    if row.coordinator and row.coordinator_state != "active":
        caring += f" ({(row.coordinator_state or '').replace('_', ' ')})"
    name = f"{row.name or '(no name)'} {number_tail(rt, row.msisdn_sealed)}"
    facts = [
        f"Worker {row.id}: {name}, {row.state}, known since {_at(row.created_at)}",
        f"language {row.language}, country {row.region}, reached by {row.reach} on {row.sms_channel}",
        f"coordinator {caring}, partner {row.partner or 'none'}",
        f"balance {amount_text(row.balance, row.currency)}; {row.answers} answers, the last {_at(row.last_answer)}",
    ]
    if row.blocked:
        facts.append("the carrier says that this number blocks the gateway: no SMS is sent")
    if row.away_since or row.unreached_until:
        facts.append(f"the phone did not get SMS (off since {_at(row.away_since)})")
    if row.pin_wrong is not None:
        facts.append("PIN locked" if row.pin_wrong >= 3 else "has a PIN")  # noqa: PLR2004
    return facts


def _why_not_paid(rt: Runtime, row: WorkerFacts, payouts: Sequence[PayoutOfWorker]) -> list[str]:
    """Return the reasons in plain sentences."""
    balance = amount_text(row.balance, row.currency)
    said = [f"{one.ref} is under way: {_payout(one)}" for one in payouts if one.settled_at is None]
    if payouts and payouts[0].state in ("failed", "cancelled"):
        said.append(
            f"the last payout {payouts[0].ref} was not sent ({payouts[0].reason or payouts[0].state}); "
            "its money is in the balance again, and the worker can text PAY"
        )
    number = rt.vault.open(row.msisdn_sealed)
    provider = provider_for(rt, number, row.currency) if number != NO_NUMBER else None
    if number == NO_NUMBER:
        said.append(
            "the worker has no number: it is another person's now. The money waits; ask for a new number with: "
            "gateway moves request"
        )
    elif provider is None and not is_tryout(rt.settings):
        said.append(
            "no payout provider is set up for this number's country and money (settings: countries)"
        )
    if not row.balance and not said:
        said.append(
            f"the balance is {balance}: "
            + ("all that was earned was sent" if row.answers else "nothing was earned yet")
        )
    elif provider and row.balance < (least := rt.providers[provider].minimum_minor):
        said.append(
            f"the balance of {balance} is below the least that {provider} sends, "
            f"{amount_text(least, row.currency)}"
        )
    elif not said:
        said.append(f"{balance} can be sent now: the worker has not texted PAY")
    if row.undecided:
        said.append(
            f"{row.undecided} answers wait for others before they are decided; they are paid all the same"
        )
    if row.pin_wrong is not None and row.pin_wrong >= 3:  # noqa: PLR2004
        said.append("the PIN is locked after three wrong tries: the coordinator texts UNLOCK")
    return said


def _payout(one: PayoutOfWorker) -> str:
    holds = f", held by {one.control} until {_at(one.until)}" if one.control else ""
    waits = f", waits: {one.waits}" if one.waits else ""
    told = one.reason and not one.waits and one.state != "paid"
    reason = f", {one.reason}" if told else ""
    receipt = f", receipt {one.receipt}" if one.receipt else ""
    amount = amount_text(one.amount, one.currency)
    return f"{one.ref}  {amount}  {one.provider}  {_at(one.created_at)}  {one.state}{waits}{holds}{reason}{receipt}"


def _message(one: MessageToWorker) -> str:
    text = " ".join(one.text.split())[:_TEXT_SHOWN]
    became = one.delivery or one.state
    reason = f" ({one.reason})" if one.reason else ""
    return f"{_at(one.created_at)}  {one.purpose}  {became}{reason}: {text}"


def _at(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M}" if when else "-"

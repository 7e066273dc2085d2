"""A payout that the gateway cannot decide: its evidence on one page, and two operators' word."""

from dataclasses import dataclass

from gateway.base.errors import Conflict, Refused
from gateway.base.ids import PayoutId
from gateway.base.money import amount_text
from gateway.base.msisdn import mask
from gateway.payments.payout import Resolved
from gateway.payments.states import PayoutState
from gateway.steps.payouts.disburse import happened
from gateway.steps.runtime import Runtime
from gateway.store.payouts import arrivals, decisions, payouts
from gateway.store.payouts.payouts import Stored
from gateway.store.people import persons


@dataclass(frozen=True, slots=True)
class Resolution:
    """One operator's decision on a payout.

    `confirmed` is True where a second operator has decided the same, so that it is done.
    """

    ref: str
    confirmed: bool


async def resolve_by_person(
    rt: Runtime, ref: str, *, paid: bool, receipt: str, by: str, key: str
) -> Resolution:
    """Record the decision of the operator `by`: the provider paid (under `receipt`) or did not.

    It takes effect when a second operator decides the same.
    """
    if paid and not receipt.strip():
        raise Refused("a payout that was paid has the provider's receipt", field="receipt")
    person = await persons.person_of(rt.db, by, key)
    stored = await payout_by_ref(rt, ref)
    if stored.payout.state is not PayoutState.MANUAL_REVIEW:
        raise Refused(f"{ref} is {stored.payout.state}: it waits for no decision")
    number = receipt.strip() or None
    try:
        agreed = await decisions.record_decision(
            rt.db, stored.payout.id, paid=paid, receipt=number, person=person
        )
        if agreed:
            again = await payouts.by_id(rt.db, rt.vault, stored.payout.id)
            await happened(rt, again, Resolved(paid, number), note=f"confirmed by {by}")
    except Conflict as moved:
        raise Refused(f"{ref} has just changed its state: look at its evidence again") from moved
    return Resolution(ref, agreed)


async def payout_by_ref(rt: Runtime, ref: str) -> Stored:
    """Return the payout with this reference. Raises Refused where there is none."""
    stored = await payouts.by_ref(rt.db, rt.vault, ref.strip().upper())
    if stored is None:
        raise Refused(f"there is no payout {ref!r}", status=404)
    return stored


async def evidence(rt: Runtime, ref: str) -> str:
    """Return the evidence sheet of a payout: all that is known, and how two persons decide."""
    return "\n".join(
        [
            await known(rt, ref),
            "",
            "Look the key and the number up in the provider's portal. Then two persons, each with a personal key:",
            f"  gateway payouts resolve {ref} --as paid --receipt <receipt> --by <name>",
            f"  gateway payouts resolve {ref} --as failed --by <name>",
        ]
    )


async def known(rt: Runtime, ref: str) -> str:
    """Return all that is known about a payout.

    That is the questions, the answers, the bookings, what the worker said, and statements.
    """
    stored = await payout_by_ref(rt, ref)
    p = stored.payout
    lines = [
        f"Payout {stored.ref}: {amount_text(p.amount_minor, p.currency)} by {p.provider} to {mask(p.msisdn)}",
        f"state {p.state}, submits {p.tries}, not found {p.misses} times in a row, reason {p.reason or '-'}",
        f"the gateway's key {p.key}, the provider's receipt {p.receipt or '-'}, its id {p.reference or '-'}",
        f"first sent {p.first_sent_at or '-'}, last sent {p.sent_at or '-'}, asked again {p.due_at or '-'}",
        "",
        "What happened:",
    ]
    for row in await decisions.events(rt.db, p.id):
        note = f"  {row['note']}" if row["note"] else ""
        lines.append(
            f"  {row['at']:%Y-%m-%d %H:%M:%S}  {row['event']}: {row['was']} -> {row['becomes']}{note}"
        )
    lines += ["", "What was booked:"]
    lines += [
        f"  {row['seq']}  {row['cause'].partition(':')[0]}  {amount_text(row['amount'], row['currency'])}"
        for row in await decisions.transfers(rt.db, p.id)
    ]
    lines += ["", "What the worker said:", await _arrival(rt, p.id)]
    lines += ["", "What statements showed:"]
    lines += [
        f"  finding {row['id']}  {row['kind']}  receipt {row['receipt']}  {row['explanation'] or 'not explained'}"
        for row in await decisions.findings(rt.db, p.id)
    ] or ["  nothing"]
    return "\n".join(lines)


async def as_data(rt: Runtime, ref: str) -> dict[str, object]:
    """Return a payout as JSON data, with the end of the number only."""
    stored = await payout_by_ref(rt, ref)
    p, found = stored.payout, await arrivals.of_payout(rt.db, stored.payout.id)
    return {
        "ref": stored.ref,
        "state": str(p.state),
        "provider": p.provider,
        "amount_minor": p.amount_minor,
        "currency": p.currency,
        "to": mask(p.msisdn),
        "worker": p.worker,
        "reason": p.reason,
        "receipt": p.receipt,
        "first_sent_at": p.first_sent_at,
        "events": [dict(row) for row in await decisions.events(rt.db, p.id)],
        "booked": [dict(row) for row in await decisions.transfers(rt.db, p.id)],
        "arrived": found.state if found else None,
        "arrived_said_at": found.answered_at if found else None,
    }


async def _arrival(rt: Runtime, payout: PayoutId) -> str:
    """Return the line about the question whether the money arrived."""
    found = await arrivals.of_payout(rt.db, payout)
    if found is None:
        return "  not asked whether it arrived"
    when = found.answered_at or found.asked_at
    line = f"  {'first payout' if found.first else 'sample'}, arrived: {found.state}"
    line += f" ({when:%Y-%m-%d %H:%M}{' by ' + found.via if found.via else ''})" if when else ""
    return f"{line}; {found.person} found: {found.found}, {found.because}" if found.found else line

"""The question whether a payout arrived: after first payouts, and for a sample.

The sample follows from the payout's id, so that no one can choose it. A worker is asked when she
holds no paid question, and a worker who dials is asked on her next screen. A "no" is told to the
numbers of `controls.tell`, never to her coordinator, and the rest of the run waits until a person
has decided (`gateway.payments.controls.arrival`).
"""

import hashlib
from datetime import timedelta
from uuid import UUID

import structlog

from gateway.base.errors import Conflict, Refused
from gateway.base.ids import WorkerId
from gateway.base.money import amount_text
from gateway.conversation.facts import ArrivalSaid
from gateway.steps.messages import contact_hours, notify_outside
from gateway.steps.messages.notify import addressee, notice_write
from gateway.steps.payouts.fair_pay.refunds import price_minor
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.db import Write
from gateway.store.payouts import arrivals
from gateway.store.people import persons, workers

log = structlog.get_logger()

_EVENTS_AT_ONCE, _ASKED_AT_ONCE = 1000, 200
_EVERY = timedelta(minutes=1)
_BY_SCREEN_FIRST = timedelta(days=2)
_SILENT_AFTER = timedelta(days=14)


def sampled(payout: UUID, share: float) -> bool:
    """Return whether a payout belongs to the sample, which follows from its id alone.

    >>> sum(sampled(UUID(int=n), 0.05) for n in range(10_000))
    507
    """
    drawn = int.from_bytes(hashlib.sha256(payout.bytes).digest()[:8], "big")
    return drawn < share * 2**64


async def ask_arrivals(rt: Runtime) -> int:
    """Choose the payouts to ask about, and ask the workers who can be asked by SMS now.

    Return the number of workers who were asked.
    """
    await until_settled(lambda: _choose(rt))
    now = rt.clock.now()
    await arrivals.fall_silent(rt.db, now - _SILENT_AFTER)
    rules, asked, channels = contact_hours.contact_rules(rt), 0, set[str]()
    for one in await arrivals.to_ask(rt.db, rules, now, _BY_SCREEN_FIRST, _ASKED_AT_ONCE):
        parts = _question(rt, one)
        if not parts:
            continue
        try:
            await rt.db.write(parts)
        except Conflict:  # She answered on a screen meanwhile.
            continue
        asked += 1
        channels.add(one.channel)
    for channel in channels:
        rt.jobs.enqueue("deliver", channel)
    return asked


async def _choose(rt: Runtime) -> None:
    rules, now = rt.settings.fair_pay, rt.clock.now()
    async with rt.db.transaction() as db:
        began = await arrivals.upto(db)
        before = now - timedelta(minutes=rules.arrival_after_min)
        last, paid = await arrivals.paid_after(db, began, before, _EVENTS_AT_ONCE)
        chosen = [
            p
            for p in paid
            if (p.first and rules.arrival_first) or sampled(p.payout, rules.arrival_share)
        ]
        await arrivals.choose(db, chosen)
        await arrivals.looked_at(db, last, now if last > began else now + _EVERY)


def _question(rt: Runtime, one: arrivals.ArrivalToAsk) -> list[Write]:
    to = addressee(rt, one.channel, one.sealed, one.worker)
    if to is None:
        return []
    book, amount = rt.books[one.language], amount_text(one.amount_minor, one.currency)
    text = book.say("arrival.ask", amount=amount)
    if price_minor(rt, one.channel, to.msisdn, one.currency):
        text = f"{text} {book.say('arrival.free')}"
    return [
        arrivals.asked(one.payout),
        notice_write(rt, to, text, "notice", f"arrival:{one.payout}"),
    ]


async def arrival_writes(rt: Runtime, worker: WorkerId, fact: ArrivalSaid, via: str) -> list[Write]:
    """Return the parts that a worker's answer writes: the answer, and after a "no" the alarm.

    The alarm goes to the numbers of `controls.tell`, except to a coordinator of hers.
    """
    payout = UUID(fact.payout)
    parts = [arrivals.said(payout, worker, via, arrived=fact.arrived)]
    if fact.arrived:
        return parts
    hers = frozenset(await workers.coordinator_indexes(rt.db, worker))
    text = (
        f"Worker {worker} says that payout {fact.ref} ({fact.amount}) did not arrive. The rest of its run "
        "waits for a person: gateway payouts arrivals"
    )
    told = notify_outside.outside_writes(rt, text, f"arrival_no:{payout}", but=hers)
    if not told:
        log.warning("no number of controls.tell can be told", payout=fact.ref)
    return [*parts, *told]


async def release_run(rt: Runtime, ref: str, found: str, because: str, *, by: str, key: str) -> int:
    """Record what a person found about a "no", and let the rest of its run go.

    `found` is arrived or missing. Return the number of payouts that waited. Raises Refused without
    a reason, for a wrong key, and where no "no" waits under this reference.
    """
    if not because.strip():
        raise Refused("say why; it is kept with the payout", field="because")
    async with rt.db.transaction() as db:
        person = await persons.person_of(db, by.strip(), key)
        number = await arrivals.release(
            db, ref.upper(), person, found, because.strip(), rt.clock.now()
        )
    if number is None:
        raise Refused(f"no worker says that {ref.upper()} did not arrive, or it is decided")
    rt.jobs.enqueue("disburse")
    return number

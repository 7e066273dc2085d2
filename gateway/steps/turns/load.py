"""The look-ups that a turn requires beyond its row: one function per need of the conversation."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from gateway.base.ids import answer_of_ref, new_ref
from gateway.base.money import amount_text
from gateway.conversation.money.why import ref_said
from gateway.conversation.needs import code_words
from gateway.conversation.people.appeal_decision import decision_said
from gateway.conversation.people.coordinators import numbers_said
from gateway.conversation.people.number_change import two_numbers
from gateway.conversation.situation import ArrivalView, Cash, Need, ReferralView, Situation
from gateway.payments.cashout import payable
from gateway.payments.holding import most_at_once, phrase_of
from gateway.steps.payouts.fair_pay.referrals import reward_minor
from gateway.steps.payouts.fair_pay.refunds import price_minor
from gateway.steps.payouts.routes import airtime_for, provider_for
from gateway.steps.payouts.withholdings import deductions
from gateway.steps.people import coordinators, number_requests, pin_input, release_number
from gateway.steps.people.appeals.by_sms import appeal_to_decide
from gateway.steps.people.appeals.my_week import week_view
from gateway.steps.people.appeals.views import appeal_view, explained
from gateway.steps.quality.lessons.cards import look_up_card
from gateway.steps.quality.lessons.progress import all_lessons, look_up_lesson
from gateway.steps.quality.pauses import skill_view
from gateway.steps.turns import number_change, why_no_work
from gateway.steps.turns.inbound import Inbound
from gateway.steps.turns.payment_details import payment
from gateway.steps.turns.understand import Understood
from gateway.store.payouts import arrivals, refunds, wind_down
from gateway.store.people import referrals, workers
from gateway.store.quality import explained_answers

_WEEK = timedelta(days=7)


async def load(inbound: Inbound, found: Understood, needs: Iterable[Need]) -> Understood:
    """Return `found` with all that the conversation needs, each look-up in its order."""
    wanted, situation = frozenset(needs), found.situation
    for need, look_up in _LOOK_UPS.items():
        if need in wanted:
            situation = await look_up(inbound, situation)
    return replace(found, situation=situation.changed(known=situation.known | wanted))


async def _codes(inbound: Inbound, situation: Situation) -> Situation:
    words = (
        code_words(inbound.parsed, situation)
        if inbound.parsed
        else [key.strip().upper() for key in inbound.keys]
    )
    codes = await workers.partner_codes(inbound.rt.db, words)
    return situation.changed(partner_codes=codes)


async def _named(inbound: Inbound, situation: Situation) -> Situation:
    assert inbound.parsed is not None
    of = inbound.row.coordinator
    named = {
        number: await coordinators.named_worker(inbound.rt, number, of)
        for number in numbers_said(inbound.parsed, situation)
    }
    return situation.changed(named=named)


async def _move_request(inbound: Inbound, situation: Situation) -> Situation:
    assert inbound.parsed is not None
    both = two_numbers(inbound.parsed.rest, situation.region)
    assert both is not None
    asked = await number_requests.looked_up(inbound.rt, inbound.row.coordinator, *both)
    return situation.changed(move_request=asked)


async def _quiet_number(inbound: Inbound, situation: Situation) -> Situation:
    worker, msisdn = inbound.row.worker, inbound.heard.msisdn
    quiet = await release_number.is_quiet(inbound.rt, worker, msisdn)
    return situation.changed(quiet_number=quiet)


async def _cash(inbound: Inbound, situation: Situation) -> Situation:
    worker = situation.worker
    if worker is None:
        return situation
    rt, row, msisdn = inbound.rt, inbound.row, inbound.heard.msisdn
    provider = provider_for(rt, msisdn, worker.currency)
    if provider is None:
        return situation.changed(cash=Cash(0, 0, 0, new_ref=""))
    limits = rt.providers[provider]
    most_minor = most_at_once(rt.settings.controls, worker.currency, limits.maximum_minor)
    airtime = airtime_for(rt, msisdn, worker.currency)
    top_up = rt.providers[airtime] if airtime else None
    ways = (provider, airtime)
    taken, off_airtime = await deductions(rt, worker.id, msisdn, worker.currency, ways)
    cash = Cash(
        payable_minor=payable(
            worker.balance_minor, worker.currency, limits.minimum_minor, most_minor
        ),
        minimum_minor=limits.minimum_minor,
        maximum_minor=most_minor,
        new_ref=new_ref(),
        open_ref=row.payout_ref,
        open_minor=row.payout_amount or 0,
        open_waits=phrase_of(row.payout_waits) if row.payout_waits else "",
        open_day=f"{row.payout_until:%d/%m}" if row.payout_until else "",
        airtime_minor=payable(
            worker.balance_minor, worker.currency, top_up.minimum_minor, top_up.maximum_minor
        )
        if top_up
        else 0,
        airtime_minimum_minor=top_up.minimum_minor if top_up else 0,
        deductions=taken,
        airtime_deductions=off_airtime,
    )
    return situation.changed(cash=cash)


async def _pin(inbound: Inbound, situation: Situation) -> Situation:
    if situation.worker is None:
        return situation
    rt, row = inbound.rt, inbound.row
    view = pin_input.pin_knowledge(rt, row, situation.worker.currency)
    return await pin_input.judge_typed_pin(rt, row, situation.changed(pin=view), inbound.keys)


async def _appeal(inbound: Inbound, situation: Situation) -> Situation:
    assert inbound.parsed is not None
    rt, worker, ref = inbound.rt, inbound.row.worker, ref_said(inbound.parsed.rest)
    since = rt.clock.now() - timedelta(days=rt.settings.appeals.within_days)
    refs = tuple(await explained_answers.open_cases(rt.db, worker, since))
    if ref is None and len(refs) == 1:
        (ref,) = refs  # There is only one that the worker can mean.
    view = await appeal_view(rt, worker, ref) if ref else None
    return situation.changed(appeal=view, appeals_open=refs)


async def _appeal_decision(inbound: Inbound, situation: Situation) -> Situation:
    assert inbound.parsed is not None
    coordinator, ref = situation.coordinator, decision_said(inbound.parsed.rest).ref
    if coordinator is None or not ref:
        return situation
    found = await appeal_to_decide(inbound.rt, coordinator.id, ref)
    return situation.changed(appeal_decision=found)


async def _payment(inbound: Inbound, situation: Situation) -> Situation:
    rt, worker = inbound.rt, inbound.row.worker
    ref = ref_said(inbound.parsed.rest) if inbound.parsed else None
    paid = await payment(rt, worker, ref) if not ref or answer_of_ref(ref) is None else None
    found = None
    if ref and paid is None and situation.worker:
        found = await explained(rt, worker, ref, situation.worker.language)
    return situation.changed(payment=paid, explained=found)


async def _refunded(inbound: Inbound, situation: Situation) -> Situation:
    since = inbound.rt.clock.now() - _WEEK
    found = await refunds.refunded_since(inbound.rt.db, inbound.row.worker, since)
    return situation.changed(refunded_minor=found)


async def _referral(inbound: Inbound, situation: Situation) -> Situation:
    rt, worker = inbound.rt, situation.worker
    if worker is None:
        return situation
    reward = reward_minor(rt, worker.currency)
    known = await referrals.code_of(rt.db, worker.id) if reward else None
    return situation.changed(
        referral=ReferralView(
            code=known or new_ref(),
            is_new=known is None,
            reward=amount_text(reward, worker.currency) if reward else "",
            answers=rt.settings.fair_pay.referral_answers,
        )
    )


async def _arrival(inbound: Inbound, situation: Situation) -> Situation:
    found = await arrivals.open_by_sms(inbound.rt.db, inbound.row.worker)
    return situation.changed(arrival=arrival_view(found) if found else None)


def arrival_view(found: arrivals.OpenArrival) -> ArrivalView:
    """Return a payout as its worker is asked about it."""
    return ArrivalView(found.payout, found.ref, amount_text(found.amount_minor, found.currency))


async def _week(inbound: Inbound, situation: Situation) -> Situation:
    if situation.worker is None:
        return situation
    view = await week_view(inbound.rt, situation.worker)
    return situation.changed(week=view)


async def _skill(inbound: Inbound, situation: Situation) -> Situation:
    return situation.changed(skill=await skill_view(inbound.rt, inbound.row.worker))


async def _lesson(inbound: Inbound, situation: Situation) -> Situation:
    found = await look_up_lesson(inbound.rt, inbound.row, situation)
    if found.lesson is None or found.worker is None:
        return found
    heard = inbound.heard
    price = price_minor(inbound.rt, heard.channel, heard.msisdn, found.worker.currency)
    return found.changed(lesson=replace(found.lesson, refunded=price > 0))


async def _lessons(inbound: Inbound, situation: Situation) -> Situation:
    return situation.changed(lessons=await all_lessons(inbound.rt, inbound.row))


async def _closing(inbound: Inbound, situation: Situation) -> Situation:
    return situation.changed(winding_down=await wind_down.find(inbound.rt.db) is not None)


async def _card(inbound: Inbound, situation: Situation) -> Situation:
    said = inbound.parsed.rest if inbound.parsed else ""
    return await look_up_card(inbound.rt, inbound.row, situation, said, inbound.heard.msisdn)


_LOOK_UPS: dict[Need, Callable[[Inbound, Situation], Awaitable[Situation]]] = {
    Need.CODES: _codes,
    Need.NAMED: _named,
    Need.MOVE_REQUEST: _move_request,
    Need.QUIET_NUMBER: _quiet_number,
    Need.CASH: _cash,
    Need.PIN: _pin,
    Need.MOVE: number_change.look_up_number,  # after PIN, which it checks
    Need.APPEAL_DECISION: _appeal_decision,
    Need.APPEAL: _appeal,
    Need.PAYMENT: _payment,
    Need.WEEK: _week,
    Need.SKILL: _skill,
    Need.LESSON: _lesson,
    Need.LESSONS: _lessons,
    Need.ARRIVAL: _arrival,
    Need.REFERRAL: _referral,
    Need.REFUNDED: _refunded,
    Need.CARD: _card,
    Need.NO_WORK: why_no_work.explain_no_work,
    Need.CLOSING: _closing,
}

"""The reward of a worker who brought another one. It is switched off by default.

It is paid once per referred worker, after a number of accepted answers with good gold, and never to
workers who look like one person: numbers that were exchanged, payouts to one number, answers that
copy each other. A referral that is refused for such a sign stays refused.
"""

from datetime import timedelta

import structlog

from gateway.base.errors import OtherKey
from gateway.base.ids import WorkerId
from gateway.base.money import amount_text, minor_per_major
from gateway.payments.ledger import fair_pay_postings
from gateway.steps.messages.notify import addressee, notice_write
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.ledger import transfers
from gateway.store.people import referrals
from gateway.store.people.referrals import OpenReferral

log = structlog.get_logger()

_LOOK_EVERY = timedelta(hours=1)
_AT_ONCE, _PAYOUTS_MAX = 1000, 50


def reward_minor(rt: Runtime, currency: str) -> int:
    """Return the reward in this currency, in minor units. 0 means that there is none."""
    reward = rt.settings.fair_pay.referral_reward.get(currency)
    return int(reward * minor_per_major(currency)) if reward else 0


async def pay_referrals(rt: Runtime) -> int:
    """Decide about the referrals that are ready, and return how many were paid."""
    rules, paid, now = rt.settings.fair_pay, 0, rt.clock.now()
    workers = await referrals.to_check(rt.db, now - _LOOK_EVERY, now, _AT_ONCE)
    if not rules.referral_reward or not workers:
        return 0
    for one in await referrals.ready(rt.db, workers, rules.referral_answers):
        if not reward_minor(rt, one.currency) or not _good_gold(rt, one):
            continue
        sign = await _sign_of_farming(rt, one)
        paid += await until_settled(lambda one=one, sign=sign: _decided(rt, one, sign))
    return paid


def _good_gold(rt: Runtime, one: OpenReferral) -> bool:
    """Return whether the referred worker's answers to gold suffice.

    Where she has seen too little gold, the referral waits.
    """
    rules, seen = rt.settings.fair_pay, one.gold_right + one.gold_wrong
    return seen >= rules.referral_gold and one.gold_right >= rules.referral_gold_share * seen


async def _sign_of_farming(rt: Runtime, one: OpenReferral) -> str:
    """Return the sign that both workers are one person, or ""."""
    if not one.referrer_active:
        return "the worker who brought her has left"
    if await referrals.moved_between(rt.db, one.worker, one.referrer):
        return "the two had the same number"
    hers, others = await _numbers(rt, one.worker), await _numbers(rt, one.referrer)
    if hers & others:
        return "the two were paid to the same number"
    if await referrals.copies(rt.db, one.worker, one.referrer):
        return "their answers copy each other"
    return ""


async def _numbers(rt: Runtime, worker: WorkerId) -> set[bytes]:
    """Return the blind indexes of the numbers to which a worker's newest payouts went."""
    found = set[bytes]()
    for sealed in await referrals.paid_to(rt.db, worker, _PAYOUTS_MAX):
        try:
            found.add(rt.vault.index(rt.vault.open(sealed)))
        except OtherKey:
            continue
    return found


async def _decided(rt: Runtime, one: OpenReferral, sign: str) -> int:
    """Pay the reward or refuse it, in one commit. Return 1 where it was paid."""
    amount = reward_minor(rt, one.currency)
    posted = fair_pay_postings.referral(one.referrer, one.worker, amount, one.currency)
    house = await rt.accounts.get(posted.debit)
    async with rt.db.transaction() as db:
        before = await referrals.lock_referrer(db, one.referrer)
        if not sign and before >= rt.settings.fair_pay.referrals_per_worker:
            sign = "the limit per worker is reached"
        state, paid = ("refused", None) if sign else ("paid", amount)
        if not await referrals.decide(db, one.worker, state, sign, paid):
            return 0
        if sign:
            log.info("referral refused", worker=one.worker, referrer=one.referrer, why=sign)
            return 0
        await transfers.post(db, posted, house, one.account)
        to = addressee(rt, one.channel, one.sealed, one.referrer)
        if to is not None:
            text = rt.books[one.language].say(
                "refer.paid", amount=amount_text(amount, one.currency)
            )
            await db.write([notice_write(rt, to, text, "money", f"referral:{one.worker}")])
    rt.jobs.enqueue("deliver", one.channel)
    return 1

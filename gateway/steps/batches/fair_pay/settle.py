"""The pay of closed batches: measured, topped up to the floor, and the reserve given back.

Each slice is a commit of its own, and every part may run twice. The times of the answers are read
for some workers at a time.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from statistics import median

import structlog

from gateway.base import logs
from gateway.base.money import amount_text
from gateway.payments.ledger import fair_pay_postings, postings
from gateway.steps.messages.notify import addressee, notice_write
from gateway.steps.precedence import wait_for_phones
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import batch_pay
from gateway.store.batches.batch_pay import AnswerTimes, TopUp, UnsettledPay
from gateway.store.db import Write
from gateway.store.ledger import transfers
from gateway.workers.pay.evenness import gini
from gateway.workers.pay.measured import TimedAnswer, WorkerPay, worker_pay
from gateway.workers.pay.measured import batch_pay as summary
from gateway.workers.pay.top_ups import top_ups

log = structlog.get_logger()

_SLICE = 200


async def settle_pay(rt: Runtime) -> int:
    """Measure and settle the pay of every closed batch, and return the number of batches."""
    due = await batch_pay.unsettled(rt.db)
    for one in due:
        with logs.bound(batch=one.batch):
            await _settle(rt, one)
    return len(due)


async def _settle(rt: Runtime, one: UnsettledPay) -> None:
    if not (one.measured or await _measure(rt, one)):
        return
    await _top_up(rt, one)
    await until_settled(lambda: _give_back(rt, one))


async def _measure(rt: Runtime, one: UnsettledPay) -> bool:
    """Store the pay of each worker in slices, and then that of the batch with all top-ups.

    Return False where the batch was opened again meanwhile. It is measured when it ends.
    """
    workers = await batch_pay.workers_of(rt.db, one.batch)
    for at in range(0, len(workers), _SLICE):
        pays = await _measured(rt, one, workers[at : at + _SLICE])
        async with rt.db.transaction() as db:
            await batch_pay.keep_worker_pay(db, one.batch, pays)
        await wait_for_phones(rt)
    pays = await batch_pay.worker_pays(rt.db, one.batch)
    even = gini(each.earned_minor for each in pays)
    async with rt.db.transaction() as db:
        # From here on, the batch is not opened again before its pay is settled.
        reserve = await batch_pay.lock_ended(db, one.batch)
        if reserve is None:
            return False
        parts = dict[int, int]()
        if pays and one.floor_minor:
            middle = median(each.hourly for each in pays)
            paid = await batch_pay.paid_before(db, one.batch)
            parts = top_ups(pays, middle, one.floor_minor, reserve, paid)
        await batch_pay.keep_measured(db, one.batch, summary(pays), even, parts)
    return True


async def _measured(rt: Runtime, one: UnsettledPay, workers: Sequence[int]) -> list[WorkerPay]:
    began = defaultdict[int, list[datetime]](list)
    for worker, at, _ in await batch_pay.sessions(rt.db, workers, one.started_at):
        began[worker].append(at)
    given = defaultdict[int, list[TimedAnswer]](list)
    for answer in await batch_pay.answer_times(rt.db, one.batch, workers, one.started_at):
        given[answer.worker].append(_timed(answer, began[answer.worker]))
    gap_s = rt.settings.fair_pay.gap_s
    return [worker_pay(worker, given[worker], gap_s) for worker in workers if given[worker]]


def _timed(answer: AnswerTimes, began: Sequence[datetime]) -> TimedAnswer:
    """Return an answer with the beginning of its session, if it was given by USSD."""
    place = bisect_right(began, answer.answered_at) if answer.via == "ussd" else 0
    session = began[place - 1] if place else None
    return TimedAnswer(answer.asked_at, answer.answered_at, answer.price_minor, session)


async def _top_up(rt: Runtime, one: UnsettledPay) -> None:
    """Post the top-ups in slices and tell each worker once."""
    after, channels = 0, set[str]()
    while True:
        after = await until_settled(lambda last=after: _top_up_slice(rt, one, last, channels))
        if not after:
            break
        await wait_for_phones(rt)
    for channel in channels:
        rt.jobs.enqueue("deliver", channel)


async def _top_up_slice(rt: Runtime, one: UnsettledPay, after: int, channels: set[str]) -> int:
    async with rt.db.transaction() as db:
        some = await batch_pay.top_ups_after(db, one.batch, after, _SLICE)
        if not some:
            return 0
        booked = [
            (
                fair_pay_postings.floor_top_up(
                    one.batch, each.worker, each.amount_minor, one.currency, rounds=one.rounds
                ),
                one.hold,
                each.account,
            )
            for each in some
        ]
        await transfers.post_all(db, booked)
        told = [part for each in some if (part := _notice(rt, one, each))]
        if told:
            await db.write(told)
        channels |= {each.channel for each in some}
        return some[-1].worker


def _notice(rt: Runtime, one: UnsettledPay, each: TopUp) -> Write | None:
    to = addressee(rt, each.channel, each.sealed, each.worker)
    if to is None:
        return None
    text = rt.books[each.language].say(
        "pay.topped_up", amount=amount_text(each.amount_minor, one.currency)
    )
    again = f":{one.rounds}" if one.rounds else ""
    return notice_write(rt, to, text, "money", f"topped_up:{one.batch}:{each.worker}{again}")


async def _give_back(rt: Runtime, one: UnsettledPay) -> None:
    """Return the unused reserve to the client, and mark the batch's pay as settled."""
    async with rt.db.transaction() as db:
        locked = await batch_pay.lock_unsettled(db, one.batch)
        if locked is None:
            return
        topped_up, reserve = locked
        rest = reserve - topped_up
        if rest:
            decision = f"pay:{one.rounds}"
            posted = postings.release_part(one.batch, one.client, decision, rest, one.currency)
            await transfers.post(db, posted, one.hold, one.available)
        await batch_pay.settled(db, one.batch)
    log.info("pay settled", batch=one.batch, topped_up_minor=topped_up, released_minor=rest)

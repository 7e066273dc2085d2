"""Each attack tries one way to lose or double money, and asserts that it does not come to that."""

from datetime import timedelta
from uuid import uuid4

from gateway.payments.payout import Resolved, StatusAnswered, SubmitAnswered
from gateway.payments.payouts import LEASE
from gateway.payments.port import PaymentStatus, Status, SubmitAnswer, SubmitOutcome
from gateway.payments.states import PayoutEvent, PayoutState
from gateway.steps.payouts.disburse import called_back, disburse, happened, happened_to_all
from gateway.store.ledger import seals

from .till import SHILLINGS_10, Till, refused

MUCH = 100 * SHILLINGS_10


async def _account(till: Till, kind: str, currency: str = "KES", *, bounded: bool = False) -> int:
    return await till.rt.db.value(
        "select open_account($1, $2, $3, $4)", kind, uuid4().hex, currency, bounded
    )


async def _post(till: Till, debit: int, credit: int, amount: int, key: object = None) -> bool:
    return await till.rt.db.value(
        "select post($1, $2, $3, $4, 'KES', 1::smallint, 'attack')",
        key or uuid4(),
        debit,
        credit,
        amount,
    )


async def a_payout_beyond_the_balance(till: Till) -> None:
    worker = await till.hires(SHILLINGS_10)
    assert await refused(till.asks(worker, SHILLINGS_10 + 100))
    assert await till.balance(worker) == SHILLINGS_10


async def history_rewritten(till: Till) -> None:
    await till.hires(MUCH)
    assert await refused(till.rt.db.execute("update transfer set amount = amount + 1"))


async def history_emptied(till: Till) -> None:
    await till.hires(MUCH)
    assert await refused(till.rt.db.execute("truncate transfer"))


async def a_balance_written_directly(till: Till) -> None:
    worker = await till.hires(MUCH)
    await refused(till.rt.db.execute("update account set balance = balance * 2 where bounded"))
    assert await till.balance(worker) == MUCH


async def an_answer_earned_twice(till: Till) -> None:
    worker = await till.hires(0)
    for _ in range(2):
        await till.earns(worker, 300, nth=7)
    assert await till.balance(worker) == 300


async def an_id_used_for_other_money(till: Till) -> None:
    a, b, key = await _account(till, "client_cash"), await _account(till, "suspense"), uuid4()
    assert await _post(till, a, b, 100, key)
    assert await refused(_post(till, a, b, 101, key))


async def money_that_changes_its_currency(till: Till) -> None:
    shillings, kwacha = await _account(till, "client_cash"), await _account(till, "suspense", "ZMW")
    assert await refused(_post(till, shillings, kwacha, 100))


async def a_negative_transfer(till: Till) -> None:
    a, b = await _account(till, "client_cash"), await _account(till, "suspense")
    assert await refused(_post(till, a, b, -100))


async def a_transfer_to_itself(till: Till) -> None:
    a = await _account(till, "client_cash")
    assert await refused(_post(till, a, a, 100))


async def two_payouts_at_once(till: Till) -> None:
    worker = await till.hires(MUCH)
    await till.asks(worker, SHILLINGS_10)
    assert await refused(till.asks(worker, SHILLINGS_10))


async def one_key_for_two_payouts(till: Till) -> None:
    amina, brian = await till.hires(MUCH), await till.hires(MUCH)
    first = await till.asks(amina, SHILLINGS_10)
    assert await refused(till.asks(brian, SHILLINGS_10, key=first.payout.key))


async def one_receipt_for_two_payouts(till: Till) -> None:
    states = []
    for _ in range(2):
        sent = await till.sends(await till.asks(await till.hires(MUCH), SHILLINGS_10))
        paid = await till.happens(sent, till.says(sent, PaymentStatus.PAID, receipt="SAME"))
        states.append(paid.payout.state)
    assert states == [PayoutState.PAID, PayoutState.MANUAL_REVIEW]


async def two_decisions_on_one_reading(till: Till) -> None:
    worker = await till.hires(MUCH)
    sent = await till.sends(await till.asks(worker, SHILLINGS_10))
    await happened(till.rt, sent, till.says(sent, PaymentStatus.FAILED))
    assert await refused(happened(till.rt, sent, till.says(sent, PaymentStatus.PAID)))
    await till.has_right_books()


async def two_decisions_on_one_reading_among_many(till: Till) -> None:
    worker = await till.hires(MUCH)
    sent = await till.sends(await till.asks(worker, SHILLINGS_10))
    await happened(till.rt, sent, till.says(sent, PaymentStatus.FAILED))
    await happened_to_all(till.rt, [(sent, till.says(sent, PaymentStatus.PAID))])
    await till.has_right_books()
    assert await till.balance(worker) == MUCH - SHILLINGS_10


async def one_person_says_it_was_paid(till: Till) -> None:
    sent = await till.sends(await till.asks(await till.hires(MUCH), SHILLINGS_10))
    stuck = await till.happens(sent, till.says(sent, PaymentStatus.PAID, amount_minor=5))
    assert stuck.payout.state is PayoutState.MANUAL_REVIEW
    assert await refused(till.happens(stuck, Resolved(paid=True, receipt="X")))


async def one_person_approves(till: Till) -> None:
    asked = await till.asks(await till.hires(MUCH), SHILLINGS_10)
    waiting = await till.happens(asked, PayoutEvent.WAIT)
    assert waiting.payout.state is PayoutState.AWAITING_APPROVAL
    assert await refused(till.happens(waiting, PayoutEvent.APPROVE))


async def a_forged_callback(till: Till) -> None:
    sent = await till.sends(await till.asks(await till.hires(MUCH), SHILLINGS_10))
    forged = till.says(sent, PaymentStatus.PAID).status
    await called_back(till.rt, sent, sent.result_token, forged)
    assert (await till.reads(sent)).payout.state is PayoutState.SUBMITTED


async def an_answer_about_another_payment(till: Till) -> None:
    for wrong in ({"key": "other"}, {"amount_minor": 5}, {"msisdn_tail": "999"}):
        sent = await till.sends(await till.asks(await till.hires(MUCH), SHILLINGS_10))
        told = await till.happens(sent, till.says(sent, PaymentStatus.PAID, **wrong))
        assert told.payout.state is PayoutState.MANUAL_REVIEW, wrong


async def not_found_too_soon(till: Till) -> None:
    """The request may still be on its way.

    An operator that does not know a key yet may know it in a minute.
    """
    sent = await till.sends(await till.asks(await till.hires(MUCH), SHILLINGS_10))
    told = await till.happens(sent, StatusAnswered(Status(PaymentStatus.NOT_FOUND)))
    assert told.payout.state is PayoutState.SUBMITTED


async def not_found_by_an_operator_that_pays_twice(till: Till) -> None:
    """It does not refuse a key it has seen: nothing is ever sent to it a second time."""
    till.operator.dedups = False
    sent = await till.sends(await till.asks(await till.hires(MUCH), SHILLINGS_10))
    for _ in range(4):
        till.waits(minutes=10)
        sent = await till.happens(sent, StatusAnswered(Status(PaymentStatus.NOT_FOUND)))
    assert sent.payout.state is PayoutState.MANUAL_REVIEW


async def a_crash_after_the_operator_was_told(till: Till) -> None:
    till.operator.dedups = False
    asked = await till.asks(await till.hires(MUCH), SHILLINGS_10)
    claimed = await till.happens(asked, PayoutEvent.CLAIM)
    till.operator.executed.append(claimed.payout.key)  # and here the process died
    for _ in range(4):
        till.clock.advance(LEASE + timedelta(minutes=2))
        await disburse(till.rt)
    assert till.operator.executed.count(claimed.payout.key) == 1
    await till.has_right_books()


async def a_byte_before_the_commit(till: Till) -> None:
    async def looks_up(key: str) -> str:
        return await till.rt.db.value("select state from payout where key = $1", key)

    till.operator.looks_up = looks_up
    await till.asks(await till.hires(MUCH), SHILLINGS_10)
    await disburse(till.rt)
    assert set(till.operator.seen) == {"submitting"}


async def cancelled_after_it_may_have_left(till: Till) -> None:
    sent = await till.sends(await till.asks(await till.hires(MUCH), SHILLINGS_10))
    for _ in range(3):
        till.waits(minutes=10)
        sent = await till.happens(sent, StatusAnswered(Status(PaymentStatus.NOT_FOUND)))
    assert sent.payout.state is PayoutState.QUEUED
    assert (await till.happens(sent, PayoutEvent.CANCEL)).payout.state is PayoutState.QUEUED


async def refused_now_but_taken_before(till: Till) -> None:
    """The second submit of a key is refused; the first may be paid at any moment."""
    sent = await till.sends(await till.asks(await till.hires(MUCH), SHILLINGS_10))
    for _ in range(3):
        till.waits(minutes=10)
        sent = await till.happens(sent, StatusAnswered(Status(PaymentStatus.NOT_FOUND)))
    again = await till.sends(sent, SubmitOutcome.REJECTED)
    assert again.payout.state is PayoutState.UNKNOWN


async def an_answer_to_an_earlier_try(till: Till) -> None:
    sent = await till.sends(await till.asks(await till.hires(MUCH), SHILLINGS_10))
    for _ in range(3):
        till.waits(minutes=10)
        sent = await till.happens(sent, StatusAnswered(Status(PaymentStatus.NOT_FOUND)))
    again = await till.happens(sent, PayoutEvent.CLAIM)
    late = await till.happens(again, SubmitAnswered(SubmitAnswer(SubmitOutcome.NOT_SENT), 1))
    assert late.payout.state is PayoutState.SUBMITTING


async def failed_without_a_cause(till: Till) -> None:
    """Some operators say a bare "failed" of what they later pay."""
    sent = await till.sends(await till.asks(await till.hires(MUCH), SHILLINGS_10))
    told = await till.happens(sent, till.says(sent, PaymentStatus.FAILED, generic=True))
    assert told.payout.state is PayoutState.SUBMITTED


async def paid_after_it_was_asked_for_again(till: Till) -> None:
    """The worker was told that it failed, and asks again.

    Then the first is paid after all: the second must not go.
    """
    worker = await till.hires(2 * SHILLINGS_10)
    first = await till.sends(await till.asks(worker, SHILLINGS_10))
    first = await till.happens(first, till.says(first, PaymentStatus.FAILED))
    second = await till.asks(worker, SHILLINGS_10)
    await happened_to_all(till.rt, [(first, till.says(first, PaymentStatus.PAID))])
    assert (await till.reads(first)).payout.state is PayoutState.LATE_PAID
    assert (await till.reads(second)).payout.state is PayoutState.CANCELLED
    assert await till.balance(worker) == SHILLINGS_10


async def history_changed_behind_the_database(till: Till) -> None:
    await till.hires(MUCH)
    await seals.seal(till.rt.db, till.clock.now())
    async with till.rt.db.transaction() as db:
        await db.execute("set local session_replication_role = replica")
        await db.execute("update transfer set cause = 'mine' where code = 3")
    assert (await seals.verify(till.rt.db)).faults


async def a_seal_made_anew(till: Till) -> None:
    await till.hires(MUCH)
    await seals.seal(till.rt.db, till.clock.now())
    assert await refused(till.rt.db.execute("delete from seal"))

"""The books: each line of the posting matrix, and the worked example of a whole programme."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.bounds import AMOUNT_MAX_MINOR
from gateway.base.errors import Refused
from gateway.base.ids import AssignmentId, BatchId, ClientId, PayoutId, WorkerId, derived_id
from gateway.payments.ledger import fair_pay_postings, partner_postings, postings
from gateway.payments.ledger.chart_of_accounts import (
    CHART,
    MATRIX,
    Account,
    AccountKind,
    BalanceSide,
    Code,
    balances,
)
from gateway.workers.partners.reinvestment import split_price

ACME, B1, AMINA = ClientId("c_acme"), BatchId("b_1"), WorkerId(7)
P1 = PayoutId(derived_id("payout", 1))


def account(kind: AccountKind, owner: str = "") -> Account:
    return Account(kind, owner, "KES")


def test_the_worked_example_of_a_programme_balances_at_each_line():
    lines = [
        postings.float_top_up("mpesa", "transfer-1", 1_000_000, "KES"),
        postings.top_up(ACME, "bank-1", 1_000_000, "KES"),
        postings.reserve(ACME, B1, 99_000, "KES"),
    ]
    for n in range(280):
        lines.append(postings.earn(AssignmentId(n), B1, AMINA, 300, "KES"))
        lines.append(postings.fee(AssignmentId(n), B1, 30, "KES"))
    lines.append(postings.release_hold(B1, ACME, 6_600, "KES"))
    lines.append(postings.hold_amount(P1, AMINA, 10_300, "KES"))
    lines.append(postings.settle_payout(P1, "mpesa", 10_300, "KES"))
    lines.append(postings.charge(P1, "mpesa", 500, "KES"))
    for n in range(len(lines)):
        assert sum(balances(lines[: n + 1]).values()) == 0
    books = balances(lines)
    assert books[account(AccountKind.CLIENT_AVAILABLE, ACME)] == 1_000_000 - 92_400
    assert books[account(AccountKind.BATCH_HOLD, B1)] == 0
    assert books[account(AccountKind.WORKER_PAYABLE, "7")] == 84_000 - 10_300
    assert books[account(AccountKind.FEE_INCOME)] == 8_400
    assert books[account(AccountKind.PAYOUT_IN_TRANSIT)] == 0
    assert books[account(AccountKind.PROVIDER_FLOAT, "mpesa")] == -(1_000_000 - 10_800)
    assert books[account(AccountKind.FEE_EXPENSE)] == -500


def test_writing_a_cause_twice_is_writing_it_once():
    first, again = (postings.earn(AssignmentId(1), B1, AMINA, 300, "KES") for _ in range(2))
    assert first.id == again.id
    assert balances([first, again]) == balances([first])


def test_each_cause_has_an_id_of_its_own():
    made = [
        postings.top_up(ACME, "1", 5, "KES"),
        postings.reserve(ACME, B1, 5, "KES"),
        postings.reserve(ACME, B1, 5, "KES", nth=2),
        postings.release_hold(B1, ACME, 5, "KES"),
        postings.earn(AssignmentId(1), B1, AMINA, 5, "KES"),
        postings.fee(AssignmentId(1), B1, 5, "KES"),
        postings.bonus("1", B1, AMINA, 5, "KES"),
        postings.correct_down("1", B1, AMINA, 5, "KES"),
        postings.hold_amount(P1, AMINA, 5, "KES"),
        postings.tax(P1, AMINA, "KE", "WHT", 5, "KES"),
        postings.tax_back(P1, AMINA, "KE", "WHT", 5, "KES"),
        postings.reversal_tax(P1, AMINA, "KE", "WHT", 5, "KES"),
        postings.tax_paid("KE", "WHT", "2026-11", "R1", 5, "KES"),
        *postings.late_tax(P1, AMINA, "KE", "WHT", 5, "KES", balance_minor=2),
        postings.worker_fee(P1, AMINA, "mpesa", 5, "KES"),
        postings.fee_back(P1, AMINA, "mpesa", 5, "KES"),
        postings.settle_payout(P1, "mpesa", 5, "KES"),
        postings.charge(P1, "mpesa", 5, "KES"),
        postings.payout_failed(P1, AMINA, 5, "KES"),
        *postings.late_paid(P1, AMINA, "mpesa", 5, "KES", balance_minor=2),
        postings.reversed_by_operator(P1, "mpesa", 5, "KES"),
        postings.float_top_up("mpesa", "1", 5, "KES"),
        postings.unmatched_out("mpesa", "SGX1", 5, "KES"),
        postings.matched_since("mpesa", "SGX1", 5, "KES"),
        postings.float_out("mpesa", "1", 5, "KES"),
        *postings.charge_by_statement(P1, "mpesa", 5, 7, "KES"),
        *postings.charge_by_statement(P1, "mpesa", 7, 5, "KES"),
        postings.unmatched_charge("mpesa", "SGX1", 5, "KES"),
        postings.reassign_charge("mpesa", "SGX1", 5, "KES"),
        postings.reversal_back(P1, AMINA, 5, "KES"),
        postings.reversal_kept(P1, 5, "KES"),
        postings.check_reserve(B1, BatchId("b_2"), 5, "KES"),
        postings.check_return(B1, BatchId("b_2"), 5, "KES"),
        fair_pay_postings.refund_sms("at", "sms-1", AMINA, 5, "KES"),
        fair_pay_postings.floor_top_up(B1, AMINA, 5, "KES"),
        fair_pay_postings.bonus_reserve(ACME, B1, 1, 5, "KES"),
        fair_pay_postings.client_bonus(B1, AMINA, 1, 5, "KES"),
        fair_pay_postings.referral(AMINA, WorkerId(43), 5, "KES"),
        *partner_postings.earn(AssignmentId(1), B1, 3, 5, "KES"),
        partner_postings.release(1, 1, 3, 5, "KES"),
        partner_postings.paid(1, 3, 5, "KES"),
        partner_postings.paid_out(1, 3, 5, "KES"),
        *partner_postings.correct("1", B1, 3, (3, 2), "KES"),
        *postings.paid_before("mpesa", "SGX1", AMINA, 7, "KES", balance_minor=4),
    ]
    assert len({p.id for p in made}) == len(made)
    assert {p.code for p in made} == set(Code)
    assert all((p.debit.kind, p.credit.kind) == MATRIX[p.code] for p in made)
    assert all(p.debit.currency == p.credit.currency == p.currency for p in made)


def test_the_stored_numbers_never_change():
    assert {c.name: c.value for c in Code} == {
        "TOP_UP": 1, "RESERVE": 2, "EARN": 3, "PLATFORM_FEE": 4, "BONUS": 5, "CORRECT_DOWN": 6, "RELEASE": 7,
        "HOLD": 10, "TAX": 11, "WORKER_FEE": 12, "SETTLE": 13, "CHARGE": 14, "PAYOUT_FAILED": 15, "LATE_PAID": 16,
        "LATE_OVERPAID": 17, "REVERSED": 18, "FLOAT_TOP_UP": 20, "UNMATCHED_OUT": 21,
        "REVERSAL_BACK": 22, "REVERSAL_KEPT": 23, "MATCHED_SINCE": 24,
        "FLOAT_OUT": 25, "CHARGE_MORE": 26, "CHARGE_BACK": 27,
        "TAX_BACK": 28, "LATE_TAX": 29, "LATE_TAX_OVERPAID": 30, "REVERSAL_TAX": 31, "FEE_BACK": 32,
        "TAX_PAID": 33,
        "CHECK_RESERVE": 60, "CHECK_RETURN": 61,
        "SMS_REFUND": 50, "FLOOR_TOP_UP": 51, "BONUS_RESERVE": 52, "CLIENT_BONUS": 53, "REFERRAL": 54,
        "PARTNER_EARN": 40, "PARTNER_REINVEST": 41, "REINVEST_RELEASED": 42, "PARTNER_PAID": 43,
        "PARTNER_PAID_OUT": 44, "PARTNER_CORRECTED": 45, "REINVEST_CORRECTED": 46,
        "PAID_BEFORE": 70, "PAID_BEFORE_UNEARNED": 71,
    }  # fmt: skip


def test_each_kind_is_in_the_chart_and_only_what_can_run_dry_is_bounded():
    assert set(CHART) == set(AccountKind)
    assert {k for k in AccountKind if k.bounded} == {
        AccountKind.CLIENT_AVAILABLE,
        AccountKind.WORKER_PAYABLE,
    }
    assert all(k.side is BalanceSide.CREDIT for k in AccountKind if k.bounded)


@pytest.mark.parametrize("amount", [0, -1, AMOUNT_MAX_MINOR + 1])
def test_no_posting_of_nothing_or_of_too_much(amount):
    with pytest.raises(Refused, match="cannot be booked"):
        postings.hold_amount(P1, AMINA, amount, "KES")


def test_no_posting_in_an_unknown_currency():
    with pytest.raises(Refused, match="XXX"):
        postings.hold_amount(P1, AMINA, 5, "XXX")


@given(st.integers(1, 10**9), st.integers(-(10**9), 10**9))
def test_a_late_success_takes_what_is_there_and_books_the_rest_as_overpaid(amount, balance):
    parts = postings.late_paid(P1, AMINA, "mpesa", amount, "KES", balance_minor=balance)
    assert sum(p.amount_minor for p in parts) == amount
    taken = sum(p.amount_minor for p in parts if p.code is Code.LATE_PAID)
    assert taken <= max(0, balance)


@given(st.integers(1, AMOUNT_MAX_MINOR))
def test_a_partners_price_is_split_without_loss_and_never_below_forty_percent(price):
    payable, reinvest = split_price(price)
    assert payable + reinvest == price
    assert payable >= 0
    assert 40 * price <= 100 * reinvest < 40 * price + 100
    made = partner_postings.earn(AssignmentId(1), B1, 3, price, "KES")
    assert sum(p.amount_minor for p in made) == price

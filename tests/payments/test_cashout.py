"""The amount that a worker can take out, and the amount that stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.payments.cashout import CashOutReason, check_cash_out, payable

MIN, MAX = 1_000, 25_000_000


@pytest.mark.parametrize(
    ("asked", "balance", "why", "pay"),
    [
        (None, 10_350, CashOutReason.OK, 10_300),
        (None, 1_000, CashOutReason.OK, 1_000),
        (None, 999, CashOutReason.BELOW_MINIMUM, 0),
        (None, 0, CashOutReason.EMPTY, 0),
        (None, -5, CashOutReason.EMPTY, 0),
        (None, MAX + 5_000, CashOutReason.OK, MAX),
        (5_050, 10_350, CashOutReason.OK, 5_000),
        (500, 10_350, CashOutReason.BELOW_MINIMUM, 0),
        (1_099, 1_099, CashOutReason.OK, 1_000),
        (20_000, 10_350, CashOutReason.MORE_THAN_BALANCE, 0),
        (MAX + 100, MAX * 2, CashOutReason.ABOVE_MAXIMUM, 0),
    ],
)
def test_pay(asked, balance, why, pay):
    out = check_cash_out(asked, balance, "KES", MIN, MAX)
    assert (out.why, out.pay_minor, out.left_minor) == (why, pay, balance - pay)


def test_shillings_without_cents_have_no_residue():
    assert payable(10_350, "UGX", 500, 5_000_000) == 10_350


@given(st.none() | st.integers(1, 10**9), st.integers(-(10**6), 10**9))
def test_never_more_than_there_is_never_cents_never_outside_the_limits(asked, balance):
    out = check_cash_out(asked, balance, "KES", MIN, MAX)
    assert out.pay_minor + out.left_minor == balance
    assert out.pay_minor == 0 or MIN <= out.pay_minor <= min(MAX, balance)
    assert out.pay_minor % 100 == out.could_minor % 100 == 0
    assert (out.pay_minor == 0) == (out.why is not CashOutReason.OK)
    assert asked is None or out.pay_minor <= asked

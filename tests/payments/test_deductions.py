"""Deductions from a withdrawal: to the minor unit, never negative, never lost."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.base.deductions import PPM, Deductions, FeeTable, Tax
from gateway.base.ids import PayoutId, WorkerId
from gateway.payments.ledger.chart_of_accounts import Account, AccountKind, balances
from gateway.payments.payout import Payout, StatusAnswered
from gateway.payments.payout_postings import held, reversal_undone
from gateway.payments.payouts import decide_payout
from gateway.payments.port import PaymentStatus, Status
from gateway.payments.states import PayoutState
from gateway.settings import Country, TaxRow

rates = st.integers(1, 400_000)
taxes = st.builds(
    Tax,
    st.just("WHT"),
    rates,
    st.sampled_from([0, 1, 5_000, 2_400_000]),
    st.booleans(),
    st.booleans(),
)
tables = st.lists(st.tuples(st.integers(1, 20_000), st.integers(0, 700)), max_size=4).map(
    lambda bands: FeeTable(
        tuple(sorted(top for top, _ in bands)), tuple(sorted(fee for _, fee in bands))
    )
)
takes = st.builds(
    Deductions,
    st.just("KE"),
    st.sampled_from([1, 100]),
    st.lists(taxes, max_size=2).map(tuple),
    tables,
    st.integers(0, 5_000_000),
)


@settings(deadline=None, max_examples=60)
@given(takes, st.integers(0, 60_000))
def test_what_is_sent_and_each_deduction_is_what_leaves_her_balance(rules, most):
    found = rules.withdrawal(most)
    assert 0 <= found.taken_minor <= most
    assert found.amount_minor % rules.unit_minor == 0
    assert found.fee_minor == (rules.fees.fee(found.amount_minor) if found.amount_minor else 0)
    assert found.taken_minor == found.amount_minor + found.tax_minor + found.fee_minor
    for one in found.taxes:
        assert 0 < one.amount_minor <= one.base_minor <= found.taken_minor
    if found.amount_minor:
        expected = [(t.base(found.taken_minor, rules.before_minor), t) for t in rules.taxes]
        due = [(2 * base * t.rate_ppm + PPM) // (2 * PPM) for base, t in expected]
        assert [d for d in due if d] == [one.amount_minor for one in found.taxes]
    assert rules.withdrawal(found.taken_minor) == found, "asked for again it is the same"


@settings(deadline=None, max_examples=60)
@given(takes, st.integers(1, 2_000))
def test_no_more_could_have_been_sent(rules, most):
    best = max(rules.withdrawal(less).amount_minor for less in range(most, max(0, most - 100), -1))
    assert rules.withdrawal(most).amount_minor == best


def row(percent, since, name="WHT", **given_):
    return {"name": name, "percent": percent, "since": since, **given_}


def test_the_newest_row_whose_day_has_come_is_in_force():
    kenya = Country(currency="KES", taxes=(
        row("5", "2026-01-01"), row("7.5", "2026-07-01"), row("0", "2027-01-01"), row("1", "2026-07-01", "DST"),
    ))  # fmt: skip

    def on(day):
        return sorted((r.name, str(r.percent)) for r in kenya.taxes_on(date.fromisoformat(day)))

    assert on("2025-12-31") == []
    assert on("2026-06-30") == [("WHT", "5")]
    assert on("2026-07-01") == [("DST", "1"), ("WHT", "7.5")]
    assert on("2027-01-01") == [("DST", "1")]


@pytest.mark.parametrize(
    "rows",
    [
        [row("60", "2026-01-01"), row("40", "2026-01-01", "DST")],
        [row("5", "2026-01-01"), row("6", "2026-01-01")],
        [row("-1", "2026-01-01")],
        [row("100", "2026-01-01")],
    ],
)
def test_a_table_that_leaves_nothing_or_says_two_things_is_refused(rows):
    with pytest.raises(ValidationError):
        Country(currency="KES", taxes=tuple(rows))


def test_a_percent_is_exact_in_millionths():
    assert (
        TaxRow(name="WHT", percent=Decimal("1.2345"), since=date(2026, 1, 1)).percent * PPM / 100
        == 12_345
    )


P = Payout(
    PayoutId(uuid.UUID(int=1)), WorkerId(7), "mpesa", "k", "+254712345678", 9_000, "KES",
    state=PayoutState.SUBMITTED, country="KE", taxes=(("WHT", 500), ("DST", 100)), fee_minor=400,
)  # fmt: skip
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 12_000))
def test_through_every_way_a_payout_can_end_no_tax_is_lost_and_none_is_kept_that_is_not_due(left):
    failed = decide_payout(
        P, StatusAnswered(Status(PaymentStatus.FAILED, key="k", code="2040")), NOON
    )
    assert failed.payout.state is PayoutState.FAILED
    back = balances(failed.postings)
    payable = Account(AccountKind.WORKER_PAYABLE, "7", "KES")
    tax = Account(AccountKind.TAX_WITHHELD, "KE", "KES")
    assert balances([*held(P), *failed.postings]) == dict.fromkeys(balances(held(P)), 0)
    assert back[payable] == P.taken_minor == 10_000

    paid = StatusAnswered(Status(PaymentStatus.PAID, key="k", receipt="R1", amount_minor=9_000))
    late = decide_payout(failed.payout, paid, NOON, worker_balance_minor=left)
    assert late.payout.state is PayoutState.LATE_PAID
    moved = balances(late.postings)
    assert moved[tax] == 600, "due after all"
    assert -min(left, 9_600) == moved.get(payable, 0), "never more than she has"
    assert sum(moved.values()) == 0

    undone = balances([*held(P), *failed.postings, *late.postings, *reversal_undone(P)])
    assert undone[tax] == 0

"""The rules of partners: admission, proposed shares, reinvestment, invoices and corrections."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import Refused
from gateway.workers.partners.corrections import OpenCorrection, collect
from gateway.workers.partners.criteria import (
    CRITERIA,
    GOOD_FOR,
    NEEDED,
    CriterionFinding,
    check_finding,
    missing_for,
)
from gateway.workers.partners.invoices import (
    NEXT,
    InvoiceEvent,
    InvoiceState,
    check_rate,
    converted,
    next_state,
    parse_rate,
)
from gateway.workers.partners.offers import (
    PROVEN_GOLD,
    TRIAL_SHARE,
    Candidate,
    propose_shares,
)
from gateway.workers.partners.reinvestment import (
    CheckedExpense,
    Reinvestment,
    release_parts,
    split_price,
)
from gateway.workers.partners.states import NEXT as STATES
from gateway.workers.partners.states import PartnerState, check_change, state_named

TODAY = date(2026, 11, 30)


def finding(name: str, *, met: bool = True, seen_on: date = TODAY) -> CriterionFinding:
    return CriterionFinding(name, met, "0.8", "interviews", "report 12", seen_on, "Asha")


# --- admission ---


def test_an_applicant_becomes_active_only_by_way_of_screening_and_training():
    assert PartnerState.ACTIVE not in STATES[PartnerState.APPLICANT]
    assert PartnerState.ACTIVE not in STATES[PartnerState.SCREENED]
    assert PartnerState.ACTIVE in STATES[PartnerState.IN_TRAINING]
    assert set(STATES) == set(PartnerState)
    for state in PartnerState:
        with pytest.raises(Refused, match="already"):
            check_change(state, state)


@pytest.mark.parametrize("words", ["in training", "In-Training", " IN_TRAINING "])
def test_a_state_is_understood_as_a_person_types_it(words):
    assert state_named(words) is PartnerState.IN_TRAINING


def test_a_refused_change_names_the_states_that_are_allowed():
    with pytest.raises(Refused, match="it may become applicant, in training, resting"):
        check_change(PartnerState.SCREENED, PartnerState.ACTIVE)
    with pytest.raises(Refused, match="a partner is applicant, screened"):
        state_named("retired")


def test_each_state_needs_its_criteria_and_an_active_partner_needs_all():
    assert NEEDED[PartnerState.ACTIVE] == set(CRITERIA)
    social = {name for name, one in CRITERIA.items() if one.social}
    assert NEEDED[PartnerState.SCREENED] == social != set(CRITERIA)
    found = [finding(name) for name in social]
    assert missing_for(PartnerState.SCREENED, found, TODAY) == []
    missing = missing_for(PartnerState.ACTIVE, found, TODAY)
    assert {line.partition(":")[0] for line in missing} == set(CRITERIA) - social


def test_a_finding_that_is_not_met_or_older_than_a_year_does_not_count():
    all_met = {name: finding(name) for name in CRITERIA}
    refused = {**all_met, "legal_age": finding("legal_age", met=False)}
    assert missing_for(PartnerState.ACTIVE, refused.values(), TODAY) == [
        "legal_age: not met when Asha checked it on 2026-11-30"
    ]
    old = finding("trainers", seen_on=TODAY - GOOD_FOR)
    assert missing_for(PartnerState.ACTIVE, {**all_met, "trainers": old}.values(), TODAY) == []
    older = finding("trainers", seen_on=TODAY - GOOD_FOR - timedelta(days=1))
    (said,) = missing_for(PartnerState.ACTIVE, {**all_met, "trainers": older}.values(), TODAY)
    assert "more than a year ago" in said


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"criterion": "nice"}, "criterion"),
        ({"evidence": ""}, "evidence"),
        ({"checked_by": ""}, "checked_by"),
        ({"seen_on": TODAY + timedelta(days=1)}, "seen_on"),
        ({"figure": ""}, "figure"),
        ({"method": ""}, "method"),
    ],
)
def test_a_finding_without_evidence_date_checker_or_figure_is_refused(change, field):
    from dataclasses import replace

    good = finding("below_living_wage")
    check_finding(good, TODAY)
    with pytest.raises(Refused) as refused:
        check_finding(replace(good, **change), TODAY)
    assert [fault.field for fault in refused.value.faults] == [field]


# --- proposed shares ---


def candidate(code: str, **given) -> Candidate:
    said = {
        "state": PartnerState.ACTIVE, "workers": 20, "answers_day": 1_000, "quota": None, "promised": 0,
        "gold_right": 90, "gold_wrong": 10, **given,
    }  # fmt: skip
    return Candidate(code, **said)


def share_of(answers: int, *candidates: Candidate, keep_h: int = 24) -> dict[str, float]:
    return {one.code: one.share for one in propose_shares(candidates, answers, keep_h)}


def test_only_active_partners_with_workers_and_capacity_are_proposed_a_share():
    found = propose_shares(
        [
            candidate("A", state=PartnerState.RESTING),
            candidate("B", workers=0),
            candidate("C", answers_day=None),
            candidate("D", gold_right=60, gold_wrong=40),
            candidate("E"),
        ],
        100,
        24,
    )
    assert [one.code for one in found if one.share] == ["E"]
    reasons = {one.code: " ".join(one.reasons) for one in found}
    assert "resting: only active" in reasons["A"]
    assert "active workers" in reasons["B"]
    assert "no capacity is recorded" in reasons["C"]
    assert "60 of 100" in reasons["D"]
    assert "can give 1,000 answers in 24 h" in reasons["E"]


def test_a_share_is_what_the_partner_can_answer_beside_what_it_promised():
    assert share_of(4_000, candidate("A", answers_day=1_000)) == {"A": 0.25}
    assert share_of(4_000, candidate("A", answers_day=1_000), keep_h=72) == {"A": 0.75}
    assert share_of(4_000, candidate("A", answers_day=1_000, promised=600)) == {"A": 0.1}
    assert share_of(4_000, candidate("A", answers_day=1_000, promised=5_000)) == {"A": 0.0}


def test_an_unproven_partner_gets_a_trial_and_a_quota_is_never_passed():
    new = candidate("A", gold_right=PROVEN_GOLD - 1, gold_wrong=0)
    assert share_of(100, new) == {"A": TRIAL_SHARE}
    assert share_of(100, candidate("A", quota=0.3)) == {"A": 0.3}
    assert share_of(100, candidate("A", quota=0.3), candidate("B")) == {"A": 0.3, "B": 0.7}


def test_the_better_partner_gets_more():
    shares = share_of(
        1_000, candidate("A", gold_right=99, gold_wrong=1), candidate("B", gold_right=75, gold_wrong=25)
    )  # fmt: skip
    assert shares["A"] > shares["B"] > 0


CANDIDATES = st.lists(
    st.builds(
        Candidate,
        code=st.text("ABCDEF", min_size=1, max_size=4),
        state=st.sampled_from(PartnerState),
        workers=st.integers(0, 3),
        answers_day=st.none() | st.integers(1, 5_000),
        quota=st.none() | st.floats(0.01, 1),
        promised=st.integers(0, 3_000),
        gold_right=st.integers(0, 100),
        gold_wrong=st.integers(0, 40),
    ),
    max_size=6,
    unique_by=lambda one: one.code,
)


@given(CANDIDATES, st.integers(0, 10_000), st.integers(1, 200))
def test_a_proposal_never_promises_more_than_a_batch_or_a_partner_has(found, answers, keep_h):
    proposed = propose_shares(found, answers, keep_h)
    assert [one.code for one in proposed] == sorted(one.code for one in found)
    assert sum(one.share for one in proposed) <= 1 + 1e-9
    assert all(one.reasons for one in proposed), "every partner reads why"
    by_code = {one.code: one for one in found}
    for one in proposed:
        partner = by_code[one.code]
        assert 0 <= one.share <= 1
        if one.share:
            assert partner.state is PartnerState.ACTIVE
            assert partner.workers
            assert partner.answers_day
            free = partner.answers_day * keep_h // 24 - partner.promised
            assert one.share * answers <= free + 1e-6
            assert partner.quota is None or one.share <= partner.quota + 1e-9
    assert proposed == propose_shares(list(reversed(found)), answers, keep_h)


# --- reinvestment ---


@given(
    st.lists(st.tuples(st.integers(1, 500), st.integers(0, 500)), max_size=8), st.integers(0, 2_000)
)
def test_expenses_release_all_that_is_due_and_no_more_than_they_amount_to(spent, due):
    expenses = [
        CheckedExpense(number, amount, min(amount, before), 1)
        for number, (amount, before) in enumerate(spent)
    ]
    parts = release_parts(expenses, due)
    left = {one.id: one.amount_minor - one.released_minor for one in expenses}
    assert all(0 < part.amount_minor <= left[part.expense] for part in parts)
    assert len({part.expense for part in parts}) == len(parts)
    assert sum(part.amount_minor for part in parts) == min(due, sum(left.values()))


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=20))
def test_who_reinvests_what_was_kept_is_never_below_the_rule(prices):
    kept = sum(split_price(price)[1] for price in prices)
    assert not Reinvestment(sum(prices), kept).is_below


def test_a_partner_one_unit_short_is_below_the_rule_and_one_without_revenue_is_not():
    assert Reinvestment(1_000, 399).is_below
    assert not Reinvestment(1_000, 400).is_below
    assert not Reinvestment(0, 0).is_below
    assert not Reinvestment(-50, 0).is_below, "all its answers were taken back"


# --- invoices ---


def test_an_invoice_needs_two_reviews_before_it_can_be_paid():
    state = next_state(InvoiceState.DRAFT, InvoiceEvent.REVIEW)
    with pytest.raises(Refused):
        next_state(state, InvoiceEvent.PAY)
    assert next_state(state, InvoiceEvent.REVIEW) is InvoiceState.READY
    for over in (InvoiceState.PAID, InvoiceState.REJECTED, InvoiceState.CANCELLED):
        assert not [event for state, event in NEXT if state is over]
        with pytest.raises(Refused, match="nothing more"):
            next_state(over, InvoiceEvent.PAY)


def test_a_rate_is_needed_exactly_where_the_currency_changes():
    check_rate("KES", "KES", None, None, TODAY)
    check_rate("KES", "USD", Decimal("0.0077"), TODAY, TODAY)
    for rate, day in ((None, None), (Decimal(1), None), (None, TODAY)):
        with pytest.raises(Refused):
            check_rate("KES", "USD", rate, day, TODAY)
    with pytest.raises(Refused, match="without a rate"):
        check_rate("KES", "KES", Decimal(1), TODAY, TODAY)
    with pytest.raises(Refused, match="not come yet"):
        check_rate("KES", "USD", Decimal(1), TODAY + timedelta(days=1), TODAY)
    with pytest.raises(Refused, match="unknown currency"):
        check_rate("KES", "XYZ", Decimal(1), TODAY, TODAY)


@pytest.mark.parametrize("text", ["", "0", "0.0", "-1", "1e3", "1,5", "nan", "inf", "1" * 20])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(Refused, match="no rate"):
        parse_rate(text)


@pytest.mark.parametrize(
    ("minor", "currency", "rate", "pay", "wanted"),
    [
        (123_456, "KES", "0.0077", "USD", 951),
        (1_000_000, "UGX", "0.00027", "USD", 27_000),
        (50, "KES", "29.1", "UGX", 15),
        (1, "KES", "0.5", "USD", 0),
        (3, "KES", "0.5", "USD", 2),
    ],
)
def test_amounts_are_converted_with_the_digits_of_both_currencies(
    minor, currency, rate, pay, wanted
):
    assert converted(minor, currency, Decimal(rate), pay) == wanted


# --- corrections ---


@given(
    st.lists(st.tuples(st.integers(1, 300), st.floats(0, 1), st.integers(0, 300)), max_size=8),
    st.integers(0, 1_000),
    st.integers(0, 1_000),
)
def test_a_correction_takes_no_more_than_is_there_and_than_is_owed(owed, payable, kept):
    corrections: list[OpenCorrection] = []
    for number, (amount, part, taken) in enumerate(owed):
        reinvest, done = round(amount * part), min(taken, amount)
        corrections.append(OpenCorrection(number, amount, reinvest, done, min(done, reinvest)))
    parts = collect(corrections, payable, kept)
    by_id = {one.id: one for one in corrections}
    assert sum(part.payable_minor for part in parts) <= payable
    assert sum(part.reinvest_minor for part in parts) <= kept
    for part in parts:
        one = by_id[part.correction]
        assert part.payable_minor >= 0
        assert 0 <= part.reinvest_minor <= one.reinvest_minor - one.reinvest_taken_minor
        assert 0 < part.payable_minor + part.reinvest_minor <= one.amount_minor - one.taken_minor
    rest = sum(one.amount_minor - one.taken_minor for one in corrections)
    taken = sum(part.payable_minor + part.reinvest_minor for part in parts)
    assert taken == rest or payable == sum(part.payable_minor for part in parts)

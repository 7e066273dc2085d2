# pyright: basic
"""Records that several workers key: settled by field, in any order, with measured error rates."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.qa.answers import record
from gateway.qa.answers.port import TaskResult
from gateway.qa.judging.overlap import (
    AnswerPrice,
    AnswerPrices,
    DoubleKeying,
    TaskDecision,
    judge,
    parse_policy,
)
from gateway.qa.keying.error_rates import error_limit, error_rate
from gateway.qa.keying.records import fields_of, record_tag, to_record
from gateway.qa.keying.settling import AUDIT_EVERY, record_state, settle
from gateway.qa.keying_report import keying_report
from gateway.qa.skills.skill import Skill

TAG = record_tag("en", [("owner", "name"), ("amount", "exact"), ("note", "text")])
USUAL = Skill(950, 50)
CARELESS = Skill(800, 200)
CAREFUL = Skill(4000, 2)


def keyed(owner="Amina", amount="450.00", note="tall"):
    return to_record({"owner": owner, "amount": amount, "note": note})


def state(*entries, error_max=0.0045):
    return record_state([v for v, _ in entries], [s for _, s in entries], TAG, error_max)


entry = st.tuples(
    st.fixed_dictionaries(
        {},
        optional={
            "owner": st.sampled_from(["Amina", "AMINA", "Brian"]),
            "amount": st.sampled_from(["450.00", "540.00", "45.00"]),
            "note": st.sampled_from(["tall", "Tall.", ""]),
        },
    ).map(to_record),
    st.sampled_from([USUAL, CARELESS, CAREFUL, Skill()]),
)


@given(entries=st.lists(entry, min_size=1, max_size=4))
def test_the_order_of_the_entries_never_matters(entries):
    first = settle([v for v, _ in entries], [s for _, s in entries], TAG)
    for order in permutations(entries):
        again = settle([v for v, _ in order], [s for _, s in order], TAG)
        assert again.keys() == first.keys()
        for name, one in first.items():
            other = again[name]
            assert (one.value, one.confidence, one.entries, one.how) == (
                other.value,
                other.confidence,
                other.entries,
                other.how,
            )


@given(entries=st.lists(entry, min_size=1, max_size=5))
def test_a_field_has_a_value_that_was_keyed_for_this_very_field(entries):
    found = settle([v for v, _ in entries], [s for _, s in entries], TAG)
    for name, one in found.items():
        assert one.value in {fields_of(v)[name] for v, _ in entries if name in fields_of(v)}
        assert 0.0 < one.confidence <= 1.0


def test_two_who_agree_decide_however_they_spell():
    found = state((keyed(), USUAL), (keyed("AMINA", note="Tall."), USUAL))
    assert found.unsure == ()
    assert found.confidence > 0.999


def test_only_the_fields_that_differ_need_a_third_entry():
    found = state((keyed(), USUAL), (keyed(amount="540.00"), USUAL))
    assert found.unsure == ("amount",)
    assert found.disputed
    third = to_record({"amount": "450.00"})
    settled = state((keyed(), USUAL), (keyed(amount="540.00"), USUAL), (third, USUAL))
    assert settled.unsure == ()
    assert fields_of(settled.value)["amount"] == "450.00"


def test_three_different_entries_are_not_settled():
    entries = [(keyed(amount=one), USUAL) for one in ("450.00", "540.00", "405.00")]
    assert state(*entries).unsure == ("amount",)


def test_one_entry_is_enough_for_a_worker_whose_limit_is_low():
    values = [keyed(note=f"note {n}") for n in range(200)]
    alone = [state((value, CAREFUL)).unsure == () for value in values]
    assert 0.8 < sum(alone) / len(alone) < 1.0, "a sample is keyed twice all the same"
    assert len(alone) / AUDIT_EVERY / 2 < alone.count(False)
    assert not any(state((value, USUAL)).unsure == () for value in values)
    few = Skill(100, 0)
    assert error_rate(few) < 0.02
    assert error_limit(few.right, few.wrong) > 0.03, "no error in few fields proves little"
    assert not any(state((value, few)).unsure == () for value in values)


def test_three_entries_where_the_error_rate_is_high():
    two = state((keyed(), CARELESS), (keyed(), CARELESS))
    assert set(two.unsure) == {"owner", "amount", "note"}
    assert not two.disputed
    assert state(*[(keyed(), CARELESS)] * 3).unsure == ()


def test_the_judge_asks_a_better_worker_for_the_fields_that_differ():
    market = AnswerPrices(better=AnswerPrice(0.0, 0.97))
    values, skills = [keyed(), keyed(amount="540.00")], [USUAL, USUAL]
    policy = parse_policy("double")
    assert isinstance(policy, DoubleKeying)
    asked = judge(record, values, skills, (), policy, language=TAG, market=market)
    assert (asked.decision, asked.skill_wanted) == (TaskDecision.ASK_BETTER, 0.97)
    assert asked.fields == ("amount",)
    assert asked.answers_wanted == 3
    anyone = judge(record, values, skills, (), policy, language=TAG)
    assert (anyone.decision, anyone.fields) == (TaskDecision.ASK_MORE, ("amount",))
    first = judge(record, values[:1], skills[:1], (), policy, language=TAG)
    assert (first.decision, first.fields) == (TaskDecision.ASK_MORE, ())


def test_a_reviewer_looks_after_the_last_entry():
    amounts = ("450.00", "540.00", "405.00", "504.00", "45.00")
    values = [keyed(amount=one) for one in amounts]
    last = judge(record, values, [USUAL] * 5, (), DoubleKeying(), language=TAG)
    assert last.decision is TaskDecision.REVIEW


def test_skills_count_fields_and_nothing_that_no_other_worker_keyed():
    decided = TaskResult(keyed(), 0.99, 2)
    assert record.agreements(keyed(amount="540.00"), decided, TAG) == (1.0, 0.0, 1.0)
    assert record.agreements(keyed(), TaskResult(keyed(), 0.99, 1), TAG) == ()


def test_figures_per_field_and_per_worker():
    rows = [
        ("t1", "amina", keyed()),
        ("t1", "brian", keyed(amount="540.00")),
        ("t1", "chege", to_record({"amount": "450.00"})),
        ("t2", "amina", keyed()),
        ("t2", "brian", keyed()),
        ("t3", "amina", keyed()),
        ("gold", "brian", keyed(owner="Bryan")),
    ]
    found = keying_report(rows, {"gold": to_record({"owner": "Brian"})}, TAG)
    amount, owner = found.fields["amount"], found.fields["owner"]
    assert (amount.entries, amount.pairs, amount.agreed) == (6, 2, 1)
    assert (amount.settled.seen, amount.settled.wrong) == (5, 1), "t3 has one entry only"
    assert (owner.gold.seen, owner.gold.wrong) == (1, 1)
    brian = found.workers["brian"]
    assert (brian.settled.wrong, brian.settled.seen, brian.gold.wrong) == (1, 6, 1)
    assert found.cells["brian", "amount"].settled.wrong == 1
    least, most = amount.settled.interval
    assert least < 0.2 < most


@pytest.mark.parametrize("confidence", [0.9, 0.999])
def test_a_client_may_ask_for_fewer_errors(confidence):
    policy = parse_policy("double", confidence=confidence)
    assert policy.error_max == pytest.approx(0.0045 if confidence == 0.9 else 0.001)

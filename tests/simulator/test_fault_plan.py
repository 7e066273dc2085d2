"""A plan of faults does the same every time, and says what it does not understand."""

import pytest

from gateway.simulator.faults import FAULTS, FaultPlan, FaultPlanError, parse_plan

RATES = {"b2c": {"drop_before": 0.3, "drop_after": 0.3, "result_lost": 0.3}}


def drawn(plan: FaultPlan, keys: list[str]) -> list[frozenset[str]]:
    return [plan.draw("b2c", key) for key in keys]


def test_the_same_seed_strikes_the_same_requests():
    keys = [f"k{n}" for n in range(200)]
    first = drawn(parse_plan({"seed": 1, "rates": RATES}), keys)
    assert first == drawn(parse_plan({"seed": 1, "rates": RATES}), keys)
    assert first != drawn(parse_plan({"seed": 2, "rates": RATES}), keys)


def test_the_order_in_which_requests_arrive_does_not_matter():
    keys = [f"k{n}" for n in range(50)]
    forwards = dict(zip(keys, drawn(FaultPlan(rates=RATES), keys), strict=True))
    backwards = dict(zip(keys[::-1], drawn(FaultPlan(rates=RATES), keys[::-1]), strict=True))
    assert forwards == backwards


def test_by_turn_the_keys_do_not_matter():
    one = drawn(FaultPlan(by="turn", rates=RATES), [f"a{n}" for n in range(50)])
    two = drawn(FaultPlan(by="turn", rates=RATES), [f"b{n}" for n in range(50)])
    assert one == two


def test_a_second_try_of_the_same_key_is_drawn_anew():
    plan = FaultPlan(rates={"b2c": {"drop_before": 0.5}})
    assert len({plan.draw("b2c", "k1") for _ in range(50)}) == 2


def test_rates_are_kept():
    plan = FaultPlan(seed=3, rates={"b2c": {"drop_before": 0.1}})
    struck = sum(bool(plan.draw("b2c", f"k{n}")) for n in range(10_000))
    assert 900 < struck < 1100


def test_without_a_plan_nothing_goes_wrong():
    assert not any(FaultPlan().draw(kind, "k") for kind in FAULTS)


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ([], "a fault plan is a JSON object"),
        ({"ratez": {}}, "unknown key 'ratez'"),
        ({"rates": {"b2b": {}}}, "unknown kind 'b2b'"),
        ({"rates": {"b2c": {"explode": 1}}}, "'b2c' knows no fault 'explode'"),
        ({"rates": {"b2c": {"slow": 2}}}, "the rate of b2c.slow is a number from 0 to 1"),
        ({"slow_s": "long"}, "'slow_s' is a number"),
        ({"slow_s": -1}, "'slow_s' is a number from 0 up"),
        ({"by": "chance"}, '"by" is "key" or "turn"'),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_a_word_about_it(plan, says):
    with pytest.raises(FaultPlanError, match=says):
        parse_plan(plan)

"""The rules for every payout control. A file in the folder is tested by being there."""

import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.base import plugins
from gateway.payments import control, controls, holding
from gateway.payments.control import Case, ControlRules
from gateway.phrases import books
from gateway.settings import Controls

KINDS = plugins.kinds(controls)
NOW = datetime(2026, 11, 21, tzinfo=UTC)
HARMLESS = Case(1, "KES", NOW, None, first=False, others_first=0, passed_minor={})


def module(kind):
    return plugins.load(controls, kind)


@pytest.fixture(params=KINDS)
def opened(request):
    return next(one for one in holding.opened() if one.name == request.param)


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_waits_and_the_wait_lies_ahead(kind):
    example = module(kind).EXAMPLE
    wait = module(kind).check(example.case, example.rules, example.now)
    assert wait is not None, "EXAMPLE is a case that this control lets wait"
    assert wait.until.tzinfo is not None, "`until` names its time zone"
    assert wait.until > example.now, "the wait of EXAMPLE lies ahead of its `now`"
    assert wait.until - example.now < timedelta(days=366), "no hold is for ever"


@pytest.mark.parametrize("kind", KINDS)
def test_an_ordinary_payout_does_not_wait_under_the_default_settings(kind):
    assert module(kind).check(HARMLESS, module(kind).Rules(), NOW) is None, (
        "a payout of the least amount waits under the defaults of `Rules`; facts that are None are unknown"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_follows_from_the_case_alone(kind):
    example = module(kind).EXAMPLE
    said = [module(kind).check(example.case, example.rules, example.now) for _ in range(2)]
    assert said[0] == said[1]


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_is_one_of_the_section_controls(kind):
    rules = module(kind).Rules
    assert issubclass(rules, ControlRules), "`Rules` is a class over ControlRules or HoldRules"
    assert holding.rules_of(rules, Controls()) == rules()
    changed = module(kind).EXAMPLE.rules
    assert holding.rules_of(rules, Controls(**changed.model_dump())) == changed


def test_the_worker_is_told_in_every_language_with_values_that_are_known(opened):
    values = {"ref": "P7K2", "amount": "KES 30", "day": "23/11"}
    for book in books().values():
        text = book.say(opened.phrase, **values)
        assert "P7K2" in text, "the phrase names the payout: {ref}"
        assert not [name for _, name, *_ in string.Formatter().parse(text) if name]


def test_the_general_phrase_promises_a_day_and_so_needs_an_end(opened):
    example = module(opened.name).EXAMPLE
    wait = opened.check(example.case, example.rules, example.now)
    assert wait.ends or opened.phrase != control.PHRASE, (
        "the general phrase names a last day, so a wait without an end needs a PHRASE of its own"
    )


def test_a_hold_that_is_over_counts_no_more_but_another_does(opened):
    example = module(opened.name).EXAMPLE
    settings = Controls(**example.rules.model_dump())
    found = holding.first_wait(example.case, settings, {}, example.now)
    assert found is not None
    over = {one.name: True for one in holding.opened()}
    assert holding.first_wait(example.case, settings, over, example.now) is None


def test_an_objection_comes_first_and_the_float_last():
    ranks = [one.rank for one in holding.opened()]
    names = [one.name for one in holding.opened()]
    assert ranks == sorted(ranks)
    assert names.index("objected") < names.index("moved") < names.index("approval")
    assert names.index("approval") < names.index("limit") < names.index("float")


def test_a_payout_without_an_answer_of_the_provider_about_the_name_is_not_held():
    example = module("name").EXAMPLE
    silent = replace(example.case, registered_name=None)
    assert module("name").check(silent, example.rules, NOW) is None


def test_a_reason_whose_control_is_gone_has_the_general_phrase():
    assert holding.phrase_of("gone") == control.PHRASE


def test_a_payout_held_for_a_change_of_number_is_not_released_by_one_operator():
    assert set(holding.not_one_operators()) >= {"moved", "objected"}
    assert "two operators" in holding.release_refused(["quiet", "moved"])
    assert holding.release_refused(["quiet"]) == ""

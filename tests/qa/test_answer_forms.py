# pyright: basic
"""The rules for every form of answers. A module in the folder is tested by being there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base import plugins
from gateway.qa import answers
from gateway.qa.answers.port import BatchRule
from gateway.qa.judging.ties import tied
from gateway.qa.keying.records import to_record
from gateway.qa.skills.skill import Skill

HELPERS = {"ambiguity", "port"}
FORMS = [name for name in plugins.kinds(answers) if name not in HELPERS]
OPTIONS = ("mango", "maize", "beans")

value = st.sampled_from(OPTIONS)
skills = st.builds(Skill, st.floats(0, 200), st.floats(0, 200))
votes = st.lists(st.tuples(value, skills), min_size=1, max_size=7)


TAGS = {"record": "en-x-record:crop=exact"}


def form(name):
    return plugins.load(answers, name)


def tag(name):
    return TAGS.get(name, "en")


def said(name, value):
    """Return an option as an answer of a form: a record has it in its only field."""
    return to_record({"crop": value}) if name == "record" else value


def rule(name):
    return BatchRule(() if name == "record" else OPTIONS, "auto", tag(name))


def test_all_forms_are_here():
    assert {"choice", "typed", "record"} <= set(FORMS)


@pytest.mark.parametrize("name", FORMS)
@given(one=value, other=value)
def test_an_answer_means_the_same_as_itself_and_agreement_is_mutual(name, one, other):
    same = form(name).same
    one, other = said(name, one), said(name, other)
    assert same(one, one, tag(name))
    assert same(one, other, tag(name)) == same(other, one, tag(name)) == (one == other)
    assert list(form(name).marks(one, other, tag(name))) == [one == other]


@pytest.mark.parametrize("name", FORMS)
@given(values=st.lists(value, max_size=7))
def test_answers_share_a_group_exactly_where_they_mean_the_same(name, values):
    values = [said(name, one) for one in values]
    groups = form(name).grouped(values, tag(name))
    assert len(groups) == len(values)
    for one, group in zip(values, groups, strict=True):
        for other, another in zip(values, groups, strict=True):
            assert (group == another) == form(name).same(one, other, tag(name))


@pytest.mark.parametrize("name", FORMS)
@given(given_votes=votes)
def test_a_belief_is_in_an_answer_that_was_given(name, given_votes):
    values = [said(name, one) for one, _ in given_votes]
    workers = [skill for _, skill in given_votes]
    belief = form(name).belief(values, workers, OPTIONS, tag(name))
    assert belief.value in values or belief.value in OPTIONS
    assert 0.0 <= belief.runner_up <= 1.0
    assert 0.0 < belief.leader <= 1.0
    rights = [skill.mean for skill in workers]
    assert 0.0 <= form(name).ambiguous(values, rights, OPTIONS, tag(name)) <= 1.0
    assert form(name).choices(OPTIONS) >= 2


@pytest.mark.parametrize("name", FORMS)
def test_a_tie_is_seen(name):
    mango, maize = said(name, "mango"), said(name, "maize")
    assert tied([mango, maize], form(name), tag(name))
    assert not tied([mango, maize, mango], form(name), tag(name))


@pytest.mark.parametrize("name", FORMS)
def test_every_task_has_a_result_and_every_worker_a_skill(name):
    rows = [
        (f"t{task}", worker, said(name, "mango" if worker != "chege" else "maize"))
        for task in range(4)
        for worker in ("amina", "brian", "chege")
    ]
    found = form(name).estimate(rows, {}, rule(name))
    assert {task: value for task, (value, _) in found.items()} == {
        f"t{task}": said(name, "mango") for task in range(4)
    }
    learnt = form(name).learnt(rows, {}, rule(name)).skills
    assert learnt.keys() == {"amina", "brian", "chege"}
    assert learnt["amina"].mean > learnt["chege"].mean


@pytest.mark.parametrize("name", FORMS)
def test_gold_teaches_no_skill_a_second_time(name):
    rows = [("gold", worker, said(name, "mango")) for worker in ("amina", "brian")]
    real = [("t1", worker, said(name, "maize")) for worker in ("amina", "brian")]
    learnt = form(name).learnt([*rows, *real], {"gold": said(name, "mango")}, rule(name)).skills
    without = form(name).learnt(real, {}, rule(name)).skills
    for worker in ("amina", "brian"):
        one, other = learnt[worker], without[worker]
        assert one.right + one.wrong == pytest.approx(other.right + other.wrong)


def test_a_slip_of_the_thumb_is_forgiven_only_where_words_were_typed():
    assert form("typed").same("Mama Njeri's Shop.", "mama njeris shop", "en")
    assert not form("choice").same("Mango", "mango", "en")

# pyright: basic
"""The rules for every form of answers. A module in the folder is tested by being there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base import plugins
from gateway.qa import answers
from gateway.qa.answers.port import BatchRule
from gateway.qa.judging.ties import tied
from gateway.qa.skills.skill import Skill

HELPERS = {"ambiguity", "port"}
FORMS = [name for name in plugins.kinds(answers) if name not in HELPERS]
OPTIONS = ("mango", "maize", "beans")
RULE = BatchRule(OPTIONS, "auto", "en")

value = st.sampled_from(OPTIONS)
skills = st.builds(Skill, st.floats(0, 200), st.floats(0, 200))
votes = st.lists(st.tuples(value, skills), min_size=1, max_size=7)


def form(name):
    return plugins.load(answers, name)


def test_both_forms_are_here():
    assert {"choice", "typed"} <= set(FORMS)


@pytest.mark.parametrize("name", FORMS)
@given(one=value, other=value)
def test_an_answer_means_the_same_as_itself_and_agreement_is_mutual(name, one, other):
    same = form(name).same
    assert same(one, one, "en")
    assert same(one, other, "en") == same(other, one, "en") == (one == other)


@pytest.mark.parametrize("name", FORMS)
@given(values=st.lists(value, max_size=7))
def test_answers_share_a_group_exactly_where_they_mean_the_same(name, values):
    groups = form(name).grouped(values, "en")
    assert len(groups) == len(values)
    for one, group in zip(values, groups, strict=True):
        for other, another in zip(values, groups, strict=True):
            assert (group == another) == form(name).same(one, other, "en")


@pytest.mark.parametrize("name", FORMS)
@given(given_votes=votes)
def test_a_belief_is_in_an_answer_that_was_given(name, given_votes):
    values, workers = [one for one, _ in given_votes], [skill for _, skill in given_votes]
    belief = form(name).belief(values, workers, OPTIONS, "en")
    assert belief.value in values or belief.value in OPTIONS
    assert 0.0 <= belief.runner_up <= 1.0
    assert 0.0 < belief.leader <= 1.0
    rights = [skill.mean for skill in workers]
    assert 0.0 <= form(name).ambiguous(values, rights, OPTIONS, "en") <= 1.0
    assert form(name).choices(OPTIONS) >= 2


@pytest.mark.parametrize("name", FORMS)
def test_a_tie_is_seen(name):
    assert tied(["mango", "maize"], form(name), "en")
    assert not tied(["mango", "maize", "mango"], form(name), "en")


@pytest.mark.parametrize("name", FORMS)
def test_every_task_has_a_result_and_every_worker_a_skill(name):
    rows = [
        (f"t{task}", worker, "mango" if worker != "chege" else "maize")
        for task in range(4)
        for worker in ("amina", "brian", "chege")
    ]
    found = form(name).estimate(rows, {}, RULE)
    assert {task: value for task, (value, _) in found.items()} == {
        f"t{task}": "mango" for task in range(4)
    }
    learnt = form(name).learnt(rows, {}, RULE).skills
    assert learnt.keys() == {"amina", "brian", "chege"}
    assert learnt["amina"].mean > learnt["chege"].mean


@pytest.mark.parametrize("name", FORMS)
def test_gold_teaches_no_skill_a_second_time(name):
    rows = [("gold", worker, "mango") for worker in ("amina", "brian")]
    real = [("t1", worker, "maize") for worker in ("amina", "brian")]
    learnt = form(name).learnt([*rows, *real], {"gold": "mango"}, RULE).skills
    without = form(name).learnt(real, {}, RULE).skills
    for worker in ("amina", "brian"):
        one, other = learnt[worker], without[worker]
        assert one.right + one.wrong == pytest.approx(other.right + other.wrong)


def test_a_slip_of_the_thumb_is_forgiven_only_where_words_were_typed():
    assert form("typed").same("Mama Njeri's Shop.", "mama njeris shop", "en")
    assert not form("choice").same("Mango", "mango", "en")

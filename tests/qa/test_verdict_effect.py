# pyright: basic
"""A verdict has the same effect on its task whether an answer or a new judgement asked for it."""

from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.qa.answers import choice
from gateway.qa.judging.overlap import (
    DynamicOverlap,
    FixedOverlap,
    PricedOverlap,
    TaskDecision,
    Verdict,
    judge,
)
from gateway.qa.judging.verdict_effect import (
    AMBIGUOUS,
    ONLINE,
    AnswerCounts,
    FoundResult,
    Judgement,
    effect_of,
)
from gateway.qa.skills.skill import Skill

SOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
RECORD = {"best": "yes"}

skills = st.builds(Skill, st.floats(0, 200), st.floats(0, 200))
votes = st.lists(st.tuples(st.sampled_from(["yes", "no", "unsure"]), skills), max_size=9)
policies = (
    st.builds(FixedOverlap, st.integers(1, 9), st.floats(0.5, 0.99))
    | st.builds(DynamicOverlap, st.floats(0.5, 0.99), st.integers(1, 3), st.integers(3, 9))
    | st.builds(PricedOverlap, st.floats(1, 9_999), st.integers(1, 3), st.integers(3, 9))
)


@st.composite
def judged_tasks(draw):
    """Draw a task with some answers, and the judge's verdict on them."""
    given_votes, void = draw(votes), draw(st.integers(0, 3))
    verdict = judge(
        choice,
        [value for value, _ in given_votes],
        [skill for _, skill in given_votes],
        ["yes", "no", "unsure"],
        draw(policies),
    )
    answers = len(given_votes) + void
    spare = draw(st.integers(0, 4))
    return told(verdict), AnswerCounts(answers, void, 0, max(1, answers + spare))


def told(verdict):
    return Judgement(verdict, "r1", RECORD, SOON if verdict.skill_wanted else None)


@given(judged_tasks())
def test_a_task_that_is_judged_again_on_the_same_answers_stays_as_it_is(task):
    judgement, answers = task
    first = effect_of(judgement, answers)
    earlier = None
    if first.state != "open":
        earlier = FoundResult(first.value, first.confidence, first.rule)
    again = effect_of(judgement, answers, earlier=earlier)
    assert (again.state, again.wanted, again.value) == (first.state, first.wanted, first.value)
    if answers.given > answers.void:
        assert again == first


@given(judged_tasks())
def test_an_open_task_wants_an_answer_that_was_paid_for_and_another_wants_none(task):
    judgement, answers = task
    effect = effect_of(judgement, answers)
    if effect.state == "open":
        assert answers.given < effect.wanted <= answers.maximum
        assert (effect.value, effect.confidence, effect.rule, effect.ruling) == (None,) * 4
    else:
        assert effect.wanted == answers.given
        assert (effect.rule, effect.ruling) in ((ONLINE, "r1"), (AMBIGUOUS, "r1"))
        assert (effect.state == "decided") == (judgement.verdict.decision is TaskDecision.ACCEPT)
    assert effect.judged == RECORD


@given(judged_tasks(), st.integers(1, 3))
def test_a_question_that_a_worker_holds_is_never_taken_from_her(task, held):
    judgement, answers = task
    assume(answers.given + held <= answers.maximum)
    asked = AnswerCounts(answers.given, answers.void, held, answers.maximum)
    effect = effect_of(judgement, asked)
    assert effect.state == "open"
    assert answers.given + held <= effect.wanted <= answers.maximum


@given(judged_tasks(), st.integers(0, 3))
def test_no_task_of_a_batch_that_is_over_waits_for_an_answer(task, held):
    judgement, answers = task
    asked = AnswerCounts(answers.given, answers.void, held, answers.maximum + held)
    effect = effect_of(judgement, asked, running=False)
    assert effect.state in ("decided", "review")
    assert effect.wanted == answers.given


def test_only_a_better_worker_is_asked_for_a_while():
    verdict = Verdict(TaskDecision.ASK_BETTER, "yes", 0.8, 3, 0.9)
    open_task = effect_of(told(verdict), AnswerCounts(2, 0, 0, 5))
    assert (open_task.skill_wanted, open_task.better_until) == (0.9, SOON)
    spent = effect_of(told(verdict), AnswerCounts(2, 0, 0, 2))
    assert (spent.state, spent.skill_wanted, spent.better_until) == ("review", None, None)


def test_the_value_of_a_decided_task_stays_and_only_its_state_follows_the_verdict():
    doubt = told(Verdict(TaskDecision.REVIEW, "no", 0.6, 3))
    found = FoundResult("yes", 0.97, "auto")
    effect = effect_of(doubt, AnswerCounts(3, 0, 0, 3), earlier=found)
    assert (effect.state, effect.value, effect.confidence, effect.rule) == (
        "review", "yes", 0.97, "auto",
    )  # fmt: skip


@pytest.mark.parametrize("decision", [TaskDecision.REVIEW, TaskDecision.ACCEPT])
def test_a_task_is_ambiguous_only_as_long_as_the_judge_says_so(decision):
    found = FoundResult("yes", 0.5, AMBIGUOUS)
    effect = effect_of(
        told(Verdict(decision, "yes", 0.7, 4)), AnswerCounts(4, 0, 0, 4), earlier=found
    )
    assert effect.rule == ONLINE


def test_a_decided_task_without_a_counted_answer_loses_its_value():
    verdict = Verdict(TaskDecision.ASK_MORE, None, 0.0, 2)
    found = FoundResult("yes", 0.9, ONLINE)
    effect = effect_of(told(verdict), AnswerCounts(2, 2, 0, 2), earlier=found)
    assert (effect.state, effect.value, effect.confidence) == ("review", None, None)

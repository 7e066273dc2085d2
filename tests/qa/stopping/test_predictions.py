"""A model has to earn its weight, and a bad one only loses its own."""
# pyright: basic

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench._crowds.predictions import planted, read, replay
from gateway.qa.answers import choice
from gateway.qa.judging.overlap import DynamicOverlap, TaskDecision, judge
from gateway.qa.skills.model_trust import (
    NO_PREDICTION,
    RIGHT_MAX,
    combined,
    learned,
    predicted_codes,
    untrusted,
)
from gateway.qa.skills.skill import Skill

SURE = 0.75
"""The chance that the single worker of a task is right, in these tests."""


def crowd(tasks, right, seed, options=2):
    """Return what one worker per task shows, the predictions, and the truths."""
    draw = np.random.default_rng(seed)
    truths = draw.integers(0, options, tasks)
    wrong = (truths + draw.integers(1, options, tasks)) % options
    said = np.where(draw.random(tasks) < SURE, truths, wrong)
    workers = np.full((tasks, options), (1.0 - SURE) / (options - 1))
    workers[np.arange(tasks), said] = SURE
    share = np.array(right)[truths] if isinstance(right, list) else right
    predicted = np.where(draw.random(tasks) < share, truths, wrong)
    return workers, predicted, truths


def test_a_model_of_which_nothing_is_known_says_nothing():
    assert not untrusted(3).evidence(np.array([0, 2, NO_PREDICTION])).any()
    assert learned(np.full((4, 2), 0.5), np.full(4, NO_PREDICTION)).tasks == 0


@pytest.mark.parametrize("right", [0.6, 0.8, 0.95])
def test_its_skill_is_measured_from_single_answers(right):
    found = [learned(*crowd(2_000, right, seed)[:2]).right for seed in range(5)]
    assert np.mean(found) == pytest.approx(right, abs=0.05)


def test_its_skill_is_measured_per_class():
    trust = learned(*crowd(3_000, [1.0, 0.6], 1)[:2])
    first, second = trust.right_of
    assert first == pytest.approx(1.0, abs=0.06)
    assert second == pytest.approx(0.6, abs=0.08)
    # A prediction of the class into which it errs says less than one of the other.
    of_first, of_second = trust.evidence(np.array([0, 1]))
    assert of_first[0] - of_first[1] < of_second[1] - of_second[0]


def test_gold_teaches_more_than_answers_do():
    _, predicted, truths = crowd(20, 0.9, 3)
    gold = np.eye(2)[truths]
    doubtful = gold * (2 * SURE - 1) + (1 - SURE)
    assert (
        learned(gold, predicted).confusion.trace() > learned(doubtful, predicted).confusion.trace()
    )


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(-1, 1)), min_size=1, max_size=40))
@settings(max_examples=100, deadline=None)
def test_trust_keeps_its_bounds_whatever_is_predicted(tasks):
    workers = np.array([[sure, 1.0 - sure] for sure, _ in tasks]).clip(1e-9, 1.0)
    trust = learned(workers, np.array([code for _, code in tasks]))
    diagonal = np.diag(trust.confusion)
    assert (diagonal >= 0.5 - 1e-9).all(), "a liar is taken for a guesser"
    assert (diagonal <= RIGHT_MAX + 1e-9).all(), "no prediction decides alone"
    assert trust.confusion.sum(1) == pytest.approx(np.ones(2))
    assert 0.0 <= trust.right <= 1.0


@pytest.mark.parametrize("right", [0.0, 0.3, 0.5])
def test_a_model_no_better_than_chance_gets_next_to_no_weight(right):
    workers, predicted, _ = crowd(1_000, right, 5)
    evidence = learned(workers, predicted).evidence(np.array([0, 1]))
    assert np.abs(evidence).max() < 0.15


YES_NO = ("yes", "no")
SPEAKS_FOR_YES = (1.0, -1.0)


def judged(values, beside):
    skills = [Skill()] * len(values)
    return judge(choice, values, skills, YES_NO, DynamicOverlap(), beside=beside)


def test_one_answer_is_enough_where_a_trusted_prediction_agrees():
    assert judged(["yes"], SPEAKS_FOR_YES).decision is TaskDecision.ACCEPT
    assert judged(["yes"], ()).decision is TaskDecision.ASK_MORE
    assert judged(["no"], SPEAKS_FOR_YES).decision is TaskDecision.ASK_MORE
    assert judged(["yes"], (0.1, -0.1)).decision is TaskDecision.ASK_MORE


def test_no_prediction_decides_a_task_without_an_answer():
    assert judged([], (5.0, -5.0)).decision is TaskDecision.ASK_MORE


@given(st.floats(0.5, 0.999), st.floats(-3.0, 3.0))
def test_a_result_with_a_prediction_stays_a_probability(sure, said):
    evidence = np.array([said, -said])
    value, confidence = combined(("yes", sure), YES_NO, evidence)
    assert 0.5 <= confidence <= 1.0
    assert value == "yes" or said < 0.0
    assert combined(("yes", sure), YES_NO, np.zeros(2)) == ("yes", pytest.approx(sure))
    assert combined(("merged", sure), YES_NO, evidence) == ("merged", sure)


def test_a_prediction_that_is_no_option_is_none():
    assert predicted_codes(["a", "b", "c"], YES_NO, {"a": "no", "b": "maybe"}).tolist() == [
        1,
        -1,
        -1,
    ]


def test_recorded_answers_need_fewer_with_a_model_that_is_right_for_80_percent():
    answers, truths = read("rte150")
    right = dict.fromkeys(answers.options, 0.8)
    usual = [replay(answers, truths, seed, 20, None) for seed in range(3)]
    with_model = [
        replay(answers, truths, seed, 20, planted(truths, answers.options, right, seed))
        for seed in range(3)
    ]
    asked = sum(one.answers_per_task for one in with_model)
    assert asked <= 0.75 * sum(one.answers_per_task for one in usual)
    assert sum(one.accuracy for one in with_model) >= sum(one.accuracy for one in usual)


def test_a_model_that_is_always_wrong_changes_nothing():
    answers, truths = read("rte150")
    wrong = planted(truths, answers.options, dict.fromkeys(answers.options, 0.0), 0)
    assert replay(answers, truths, 0, 20, wrong) == replace(replay(answers, truths, 0, 20, None))

"""Confidences one can rely on, and certificates that hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.qa import batch, rule
from gateway.qa.calibration import (
    GOLD_MIN,
    Certificate,
    TooLittleGold,
    certificate,
    expected_calibration_error,
    fitted_temperature,
    softened,
)
from gateway.qa.port import UNKNOWN, encode

from .crowd import made_up, recorded


def test_one_answer_is_not_softened_and_many_are() -> None:
    sure = np.array([[0.9, 0.1], [0.9, 0.1]])
    one, ten = softened(sure, np.array([1, 10]))
    assert one == pytest.approx([0.9, 0.1])
    assert 0.5 < ten[0] < 0.75


@given(st.lists(st.floats(1e-9, 1.0), min_size=2, max_size=5), st.integers(1, 40))
def test_softening_never_changes_the_order_of_options(weights: list[float], answers: int) -> None:
    posterior = np.array([weights]) / sum(weights)
    soft = softened(posterior, np.array([answers]))
    assert (np.diff(soft[0][np.argsort(posterior[0])]) >= -1e-12).all()
    assert soft.sum() == pytest.approx(1.0)


def test_gold_that_contradicts_sure_values_makes_confidences_modest() -> None:
    posterior = np.tile([0.99, 0.01], (60, 1))
    answers = np.ones(60, np.intp)
    truth = np.where(np.arange(60) % 4 == 0, 1, 0)  # right three times of four
    temperature = fitted_temperature(posterior, answers, truth)
    assert temperature > 2.0
    assert softened(posterior, answers, temperature)[0, 0] < 0.85


def test_without_gold_the_temperature_stays() -> None:
    unknown = np.array([UNKNOWN])
    assert fitted_temperature(np.array([[0.9, 0.1]]), np.array([3]), unknown) == 1.0


def test_too_little_gold_is_said_so() -> None:
    assert certificate(20, 20, 100) == TooLittleGold(20, GOLD_MIN)


@given(st.integers(GOLD_MIN, 400), st.floats(0, 1), st.integers(0, 5000))
def test_a_certificate_is_an_interval_around_what_was_seen(
    gold: int, share: float, others: int
) -> None:
    found = certificate(round(share * gold), gold, others)
    assert isinstance(found, Certificate)
    assert 0.0 <= found.low <= found.accuracy <= found.high <= 1.0


def test_certificates_hold_in_random_splits() -> None:
    """A recorded crowd of known accuracy, cut into gold and the rest again and again."""
    rows, truths = recorded("rte150")
    answers = encode(rows)
    values = rule("dawid_skene").aggregate(answers).value
    right = np.array([v == truths[t] for t, v in zip(answers.tasks, values, strict=True)])
    random, held = np.random.default_rng(0), 0
    for _ in range(200):
        order = random.permutation(len(right))
        gold, others = right[order[:50]], right[order[50:]]
        found = certificate(int(gold.sum()), len(gold), len(others))
        assert isinstance(found, Certificate)
        held += found.low <= others.mean() <= found.high
    assert held >= 190


def test_calibration_error_is_the_gap_between_said_and_true() -> None:
    said = np.array([0.95, 0.95, 0.55, 0.55])
    assert expected_calibration_error(said, np.array([1.0, 1.0, 1.0, 0.0])) == pytest.approx(0.05)


def test_softening_brings_a_recorded_crowd_closer_to_its_accuracy() -> None:
    rows, truths = recorded("rte150")
    answers = encode(rows)
    found = batch.aggregate(answers)
    right = np.array(
        [v == truths[t] for t, v in zip(answers.tasks, found.estimate.value, strict=True)], float
    )
    raw = expected_calibration_error(found.estimate.confidence, right)
    assert expected_calibration_error(found.confidence, right) < raw


def test_gold_tasks_are_certain_and_certify_the_rest() -> None:
    rows, truths = made_up(tasks=80, skills=[0.8] * 5)
    gold = dict(list(truths.items())[:40])
    answers = encode(rows)
    found = batch.aggregate(answers, "dawid_skene", gold)
    assert isinstance(found.certificate, Certificate)
    assert found.certificate.gold == 40
    assert 0.7 < found.certificate.accuracy <= 1.0
    assert (found.confidence[[task in gold for task in answers.tasks]] == 1.0).all()


def test_a_batch_without_gold_has_no_certificate() -> None:
    rows, _ = made_up(tasks=5, skills=[0.8] * 3)
    assert batch.aggregate(encode(rows), "majority").certificate == TooLittleGold(0)

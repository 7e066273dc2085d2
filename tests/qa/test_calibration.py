"""Confidences one can rely on, and certificates that hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.qa import batch, rule
from gateway.qa.calibration import LAPSE, calibration, softened, usual_confidence
from gateway.qa.calibration_error import debiased_calibration_error, expected_calibration_error
from gateway.qa.certificate import GOLD_MIN, Certificate, TooLittleGold, certificate
from gateway.qa.expected import expected_accuracy
from gateway.qa.gold_splits import gold_splits
from gateway.qa.port import UNKNOWN, encode
from gateway.qa.sums import sums_of

from .crowd import Rows, accuracy, made_up, recorded


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


@given(st.lists(st.floats(1e-9, 1.0), min_size=2, max_size=5), st.integers(1, 40))
def test_calibrating_never_changes_the_order_of_options(weights: list[float], answers: int) -> None:
    posterior = np.array([weights]) / sum(weights)
    given = np.array([answers])
    found = calibration(posterior, given, np.array([UNKNOWN])).apply(posterior, given)
    assert (np.diff(found[0][np.argsort(posterior[0])]) >= -1e-12).all()
    assert found.sum() == pytest.approx(1.0)


def test_gold_that_contradicts_sure_values_makes_confidences_modest() -> None:
    posterior = np.tile([0.99, 0.01], (60, 1))
    answers = np.ones(60, np.intp)
    truth = np.where(np.arange(60) % 4 == 0, 1, 0)  # right three times of four
    found = calibration(posterior, answers, truth)
    assert found.temperature > 1.5
    assert found.apply(posterior, answers)[0, 0] < 0.85


def test_five_gold_tasks_move_confidence_less_than_fifty() -> None:
    posterior = np.tile([0.9, 0.1], (50, 1))
    answers = np.ones(50, np.intp)
    right = np.zeros(50, np.intp)
    few = np.where(np.arange(50) < 5, right, UNKNOWN)
    none, five, fifty = (
        calibration(posterior, answers, truth).apply(posterior, answers)[0, 0]
        for truth in (np.full(50, UNKNOWN), few, right)
    )
    assert none < five < fifty < 1.0


def test_a_crowd_fooled_by_some_questions_is_never_quite_sure() -> None:
    """Nearly certain everywhere, wrong now and then: that is a lapse, not a temperature."""
    posterior = np.tile([1.0 - 1e-9, 1e-9], (200, 1))
    answers = np.full(200, 20)
    truth = np.where(np.arange(200) % 20 == 0, 1, 0)
    found = calibration(posterior, answers, truth)
    assert found.lapse > LAPSE
    assert found.apply(posterior, answers)[0, 0] == pytest.approx(0.95, abs=0.02)


def test_a_batch_like_nothing_before_is_learnt_from_its_gold() -> None:
    """Sure everywhere and right no more often than chance: fifty gold tasks overrule what batches are like."""
    posterior = np.tile([0.95, 0.05], (60, 1))
    answers = np.ones(60, np.intp)
    found = calibration(posterior, answers, np.arange(60) % 2)
    assert found.apply(posterior, answers)[0, 0] < 0.62


def test_luck_is_little_calibration_error() -> None:
    """Perfect confidences on a hundred tasks: all of the raw error is luck, and two fifths of it go."""
    random = np.random.default_rng(0)
    raw: list[float] = []
    debiased: list[float] = []
    for _ in range(200):
        said = random.uniform(0.5, 1.0, 100)
        right = (random.random(100) < said).astype(float)
        raw.append(expected_calibration_error(said, right))
        debiased.append(debiased_calibration_error(said, right))
    assert np.mean(raw) > 0.06
    assert abs(np.mean(debiased)) < 0.65 * np.mean(raw)


def test_a_true_gap_stays_when_luck_is_taken_out() -> None:
    said = np.full(400, 0.9)
    right = (np.arange(400) % 10 < 7).astype(float)
    assert debiased_calibration_error(said, right) == pytest.approx(0.2, abs=0.005)


def test_random_splits_say_what_so_much_gold_is_worth() -> None:
    rows, truths = recorded("rte150")
    ticks: list[None] = []
    few, many = (
        gold_splits(
            encode(rows),
            truths,
            gold=gold,
            splits=5,
            method="dawid_skene",
            tick=lambda: ticks.append(None),
        )
        for gold in (10, 60)
    )
    assert len(ticks) == 10
    assert (few["covered"], few["half_width"]) == (None, None)
    assert many["covered"] is not None
    assert many["covered"] >= 0.8
    assert 0.0 < many["ece"] < 0.12


def test_splits_need_tasks_beside_the_gold() -> None:
    rows, truths = made_up(tasks=30, skills=[0.8] * 3)
    with pytest.raises(Refused, match="30 tasks have answers and a truth"):
        gold_splits(encode(rows), truths, gold=20, splits=1, method="majority", tick=lambda: None)


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


def test_softening_brings_a_crowd_that_errs_together_closer_to_its_accuracy() -> None:
    rows, truths = recorded("valence")
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


def _split_crowd(uneven: float, seed: int = 3) -> tuple[Rows, dict[str, str]]:
    """Seven answers to 300 yes-or-no questions; `uneven` is how far the questions differ in difficulty."""
    random = np.random.default_rng(seed)
    rows: Rows = []
    truths: dict[str, str] = {}
    for task in range(300):
        truth = "ab"[int(random.integers(2))]
        truths[f"t{task}"] = truth
        right = 1.0 / (1.0 + np.exp(-(0.9 + uneven * float(random.normal()))))
        for worker in range(7):
            said = truth if random.random() < right else "ba"["ab".index(truth)]
            rows.append((f"t{task}", f"w{worker}", said))
    return rows, truths


@pytest.mark.parametrize("uneven", [0.0, 0.5, 1.0])
def test_how_votes_split_tells_how_right_they_are(uneven: float) -> None:
    """To about ten points: 300 questions leave open how far they differ."""
    rows, truths = _split_crowd(uneven)
    answers = encode(rows)
    found = dict(zip(answers.tasks, rule("majority").aggregate(answers).value, strict=True))
    expected = expected_accuracy(sums_of(answers).votes())
    assert expected == pytest.approx(accuracy(found, truths), abs=0.12)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("uneven", [0.0, 0.5])
def test_where_questions_are_alike_splits_bring_confidence_closer_to_the_truth(
    uneven: float, seed: int
) -> None:
    """Not where they differ much: a question that fools most workers splits as one of the other class does."""
    rows, truths = _split_crowd(uneven, seed)
    answers = encode(rows)
    found = batch.aggregate(answers)
    right = accuracy(dict(zip(answers.tasks, found.estimate.value, strict=True)), truths)
    usual = usual_confidence(found.estimate.posterior, np.bincount(answers.task))
    assert abs(float(found.confidence.mean()) - right) < abs(usual - right)


def test_confidences_are_unchecked_until_gold_speaks() -> None:
    rows, truths = made_up(tasks=40, skills=[0.8] * 5)
    answers = encode(rows)
    assert not batch.aggregate(answers).checked
    assert batch.aggregate(answers, gold={"t000": truths["t000"]}).checked


@pytest.mark.parametrize("name", ["auto", "majority", "one_coin", "dawid_skene", "ibcc", "ebcc"])
@pytest.mark.parametrize("rows", [
    [("t1", "amina", "yes")],
    [("t1", "amina", "yes"), ("t2", "brian", "yes")],
    [("t1", "amina", "yes"), ("t2", "brian", "no"), ("t2", "chep", "no")],
])  # fmt: skip
def test_no_single_answer_is_certain(name: str, rows: Rows) -> None:
    found = batch.aggregate(encode(rows), name)
    assert 0.5 < found.confidence[0] < 0.9

"""Confidences one can rely on, and certificates that hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import Refused
from gateway.qa import batch, rule
from gateway.qa.confidence.best_workers import agreement_of_best
from gateway.qa.confidence.calibration import USUAL, calibration, softened, temperature_for
from gateway.qa.confidence.calibration_error import (
    debiased_calibration_error,
    expected_calibration_error,
)
from gateway.qa.confidence.certificate import GOLD_MIN, Certificate, TooLittleGold, certificate
from gateway.qa.port import UNKNOWN, encode
from gateway.qa.trials.gold_splits import gold_splits

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
    assert found.lapse > USUAL.lapse
    assert found.apply(posterior, answers)[0, 0] == pytest.approx(0.95, abs=0.02)


def test_a_batch_like_nothing_before_is_learnt_from_its_gold() -> None:
    """The confidences are high everywhere and right no more often than chance.

    Fifty gold tasks overrule the usual shape of batches.
    """
    posterior = np.tile([0.95, 0.05], (60, 1))
    answers = np.ones(60, np.intp)
    found = calibration(posterior, answers, np.arange(60) % 2)
    assert found.apply(posterior, answers)[0, 0] < 0.62


def test_luck_is_little_calibration_error() -> None:
    """Perfect confidences on a hundred tasks: all of the raw error is luck.

    Two fifths of it go.
    """
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


def _tempted(tempted: float, options: int = 4, seed: int = 3) -> tuple[Rows, dict[str, str]]:
    """Return seven answers to each of 300 questions, each with a wrong option that tempts.

    `tempted` is the share of the mistakes that go to it.
    """
    random = np.random.default_rng(seed)
    rows: Rows = []
    truths: dict[str, str] = {}
    for task in range(300):
        truth = int(random.integers(options))
        tempting = (truth + int(random.integers(1, options))) % options
        truths[f"t{task}"] = f"o{truth}"
        for worker in range(7):
            said = truth
            if random.random() > 0.6:
                other = (truth + int(random.integers(1, options))) % options
                said = tempting if random.random() < tempted else other
            rows.append((f"t{task}", f"w{worker}", f"o{said}"))
    return rows, truths


@pytest.mark.parametrize("options", [4, 8])
def test_the_best_workers_agree_less_where_one_wrong_option_tempts(options: int) -> None:
    spread, alike = (
        agreement_of_best(answers, rule("one_coin").aggregate(answers).skill).share
        for answers in (encode(_tempted(share, options)[0]) for share in (0.0, 1.0))
    )
    assert alike < spread - 0.02


def test_confidence_is_lower_where_the_best_workers_disagree() -> None:
    spread, alike = (
        float(batch.aggregate(encode(_tempted(share, 8)[0])).confidence.mean())
        for share in (0.0, 1.0)
    )
    assert alike < spread - 0.03


def test_a_recorded_crowd_of_ambiguous_questions_gets_closer_to_its_accuracy() -> None:
    """The workers of valence call news neutral that their client calls good or bad."""
    rows, truths = recorded("valence")
    answers = encode(rows)
    found = batch.aggregate(answers)
    n = np.bincount(answers.task)
    unaware = calibration(found.estimate.posterior, n, np.full(len(n), UNKNOWN), usual=batch.USUAL)
    usual = float(unaware.apply(found.estimate.posterior, n).max(1).mean())
    right = accuracy(dict(zip(answers.tasks, found.estimate.value, strict=True)), truths)
    assert right < float(found.confidence.mean()) < min(usual - 0.1, right + 0.2)


def test_careless_workers_do_not_lower_the_confidence_in_what_good_ones_agree_on() -> None:
    good, truths = made_up(tasks=200, skills=[0.97] * 4, seed=5)
    careless, _ = made_up(tasks=200, skills=[0.4] * 4, seed=6)
    random = np.random.default_rng(7)
    rows = good + [(task, f"x{who}", str(random.choice(list("abc")))) for task, who, _ in careless]
    answers = encode(rows)
    found = batch.aggregate(answers)
    assert agreement_of_best(answers, found.estimate.skill).share > 0.93
    assert float(found.confidence.mean()) > 0.93
    assert accuracy(dict(zip(answers.tasks, found.estimate.value, strict=True)), truths) > 0.95


def test_neither_the_order_nor_the_names_of_workers_move_the_agreement() -> None:
    rows, _ = recorded("rte150")
    renamed = {
        name: f"{99 - number:02}" for number, name in enumerate(sorted({w for _, w, _ in rows}))
    }
    found = [
        agreement_of_best(answers, rule("majority").aggregate(answers).skill)
        for answers in (encode(rows), encode((t, renamed[w], o) for t, w, o in reversed(rows)))
    ]
    assert found[0].answers == found[1].answers
    assert found[0].share == pytest.approx(found[1].share)


def test_one_answer_per_task_says_nothing_of_the_best_workers() -> None:
    answers = encode([(f"t{n}", f"w{n % 3}", "ab"[n % 2]) for n in range(30)])
    assert agreement_of_best(answers, rule("majority").aggregate(answers).skill).answers == 0


@given(
    right=st.floats(0.0, 1.0),
    rows=st.lists(st.floats(0.5, 1.0 - 1e-9), min_size=1, max_size=20),
    given_answers=st.integers(1, 30),
)
def test_the_temperature_moves_the_mean_confidence_to_what_is_right(
    right: float, rows: list[float], given_answers: int
) -> None:
    posterior = np.array([[sure, 1.0 - sure] for sure in rows])
    n = np.full(len(rows), given_answers)
    found = temperature_for(right, posterior, n, USUAL)
    cooler, hotter = (temperature_for(share, posterior, n, USUAL) for share in (1.0, 0.0))
    assert 0.4 < cooler <= found <= hotter < 10.0


def test_the_core_names_the_tied_tasks_but_not_gold_ones() -> None:
    rows = [("t1", "amina", "yes"), ("t1", "brian", "no"), ("t2", "amina", "yes")]
    rows += [("t3", "amina", "no"), ("t3", "brian", "yes")]
    assert batch.aggregate(encode(rows)).tied == ("t1", "t3")
    assert batch.aggregate(encode(rows), gold={"t3": "yes"}).tied == ("t1",)


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


def test_gold_certifies_the_values_that_gold_has_taught() -> None:
    """Fifty gold tasks find valence right in four of five; without gold it is three of five."""
    rows, truths = recorded("valence")
    answers = encode(rows)
    gold = dict(list(truths.items())[:50])
    found = batch.aggregate(answers, gold=gold)
    rest = np.array([task not in gold for task in answers.tasks])
    right = np.array(
        [value == truths[t] for t, value in zip(answers.tasks, found.estimate.value, strict=True)]
    )
    accuracy_of_rest = float(right[rest].mean())
    assert accuracy_of_rest > 0.7
    assert isinstance(found.certificate, Certificate)
    assert found.certificate.low <= accuracy_of_rest <= found.certificate.high
    assert float(found.confidence[rest].mean()) == pytest.approx(accuracy_of_rest, abs=0.12)


def test_no_gold_task_vouches_for_itself() -> None:
    """A rule that believes whatever gold says would be certified as perfect if it could."""
    rows, truths = made_up(tasks=80, skills=[0.5] * 5, options="ab")
    answers = encode(rows)
    gold = dict(list(truths.items())[:40])
    certified = batch.aggregate(answers, gold=gold).certificate
    assert isinstance(certified, Certificate)
    assert certified.accuracy < 0.75

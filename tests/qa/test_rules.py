"""Every aggregation rule: what must hold for all of them, and what each is there for."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.base.errors import Refused, SettingsError
from gateway.qa import rule, rule_names
from gateway.qa.port import OPTIONS_MAX, encode

from .crowd import Rows, accuracy, made_up, recorded

EVERY_RULE = pytest.mark.parametrize("name", rule_names())


def values(name: str, rows: Rows, gold: dict[str, str] | None = None) -> dict[str, str]:
    answers = encode(rows)
    return dict(zip(answers.tasks, rule(name).aggregate(answers, gold).value, strict=True))


@EVERY_RULE
def test_unanimous_workers_are_believed(name: str) -> None:
    rows = [(t, w, v) for t, v in (("t1", "yes"), ("t2", "no"), ("t3", "yes")) for w in "abc"]
    assert values(name, rows) == {"t1": "yes", "t2": "no", "t3": "yes"}


@EVERY_RULE
def test_one_answer_is_enough_for_a_value_but_not_for_certainty(name: str) -> None:
    estimate = rule(name).aggregate(encode([("t", "amina", "yes")], options=["no", "yes"]))
    assert estimate.value == ("yes",)
    assert 0.5 < estimate.confidence[0] < 0.95


@EVERY_RULE
def test_a_question_that_all_workers_answer_alike_has_one_option(name: str) -> None:
    assert values(name, [("t1", "amina", "yes"), ("t2", "brian", "yes")]) == {
        "t1": "yes",
        "t2": "yes",
    }


@EVERY_RULE
def test_gold_settles_its_task_and_teaches_skills(name: str) -> None:
    rows, truths = made_up(tasks=40, skills=[0.9, 0.9, 0.2, 0.2, 0.2])
    gold = dict(list(truths.items())[:30])
    answers = encode(rows)
    estimate = rule(name).aggregate(answers, gold)
    found = dict(zip(answers.tasks, estimate.value, strict=True))
    assert all(found[task] == truth for task, truth in gold.items())
    skill = dict(zip(answers.workers, estimate.skill, strict=True))
    assert min(skill["w0"], skill["w1"]) > max(skill["w2"], skill["w3"], skill["w4"])


@EVERY_RULE
def test_posteriors_are_probabilities(name: str) -> None:
    rows, _ = recorded("valence")
    estimate = rule(name).aggregate(encode(rows))
    assert np.allclose(estimate.posterior.sum(1), 1.0)
    assert np.allclose(estimate.confusion.sum(2), 1.0)
    assert ((estimate.skill > 0.0) & (estimate.skill <= 1.0)).all()
    assert np.allclose(estimate.posterior.max(1), estimate.confidence, atol=1e-8)


crowds = st.integers(0, 10_000).map(
    lambda seed: made_up(tasks=12, skills=[0.9, 0.7, 0.6, 0.5, 0.4], seed=seed)[0]
)


@EVERY_RULE
@settings(max_examples=25, deadline=None)
@given(rows=crowds, seed=st.integers(0, 1000))
def test_order_of_arrival_changes_nothing(name: str, rows: Rows, seed: int) -> None:
    shuffled = Random(seed).sample(rows, len(rows))
    one, other = (rule(name).aggregate(encode(r)) for r in (rows, shuffled))
    assert one.value == other.value
    assert (one.posterior == other.posterior).all()


@EVERY_RULE
@settings(max_examples=25, deadline=None)
@given(rows=crowds, names=st.permutations("vwxyz"))
def test_workers_names_change_nothing(name: str, rows: Rows, names: list[str]) -> None:
    renamed = [(task, names[int(worker[1:])], answer) for task, worker, answer in rows]
    assert values(name, rows) == values(name, renamed)


@EVERY_RULE
@settings(max_examples=25, deadline=None)
@given(rows=crowds, labels=st.permutations("xyz"))
def test_labels_spelling_changes_nothing(name: str, rows: Rows, labels: list[str]) -> None:
    new = dict(zip("abc", labels, strict=True))
    relabelled = [(task, worker, new[answer]) for task, worker, answer in rows]
    assert {t: new[v] for t, v in values(name, rows).items()} == values(name, relabelled)


@EVERY_RULE
def test_a_perfect_tie_goes_to_the_first_label(name: str) -> None:
    rows = [("t", "amina", "yes"), ("t", "brian", "no")]
    assert values(name, rows) == values(name, rows[::-1]) == {"t": "no"}


def test_a_tied_vote_goes_to_the_better_worker() -> None:
    agreed = [(f"t{i}", worker, "a") for i in range(5) for worker in ("amina", "brian", "chege")]
    outlier = [(f"t{i}", "dinah", "b") for i in range(5)]
    tied = [("tie", "amina", "b"), ("tie", "dinah", "a")]
    assert values("majority", agreed + outlier + tied)["tie"] == "b"


@EVERY_RULE
@pytest.mark.parametrize("seed", range(5))
def test_a_crowd_of_guessers_does_not_turn_labels_around(name: str, seed: int) -> None:
    """The collapse of textbook Dawid-Skene: two experts among noise."""
    rows, truths = made_up(tasks=60, skills=[0.95, 0.95] + 6 * [0.4], seed=seed)
    assert accuracy(values(name, rows), truths) >= 0.65


@EVERY_RULE
@pytest.mark.parametrize(("crowd", "bar"), [("rte150", 0.90), ("valence", 0.53)])
def test_recorded_crowds_are_read_well(name: str, crowd: str, bar: float) -> None:
    rows, truths = recorded(crowd)
    assert accuracy(values(name, rows), truths) >= bar


def test_confusions_by_class_are_what_dawid_skene_is_for() -> None:
    """Three workers who take every c for b outvote two who can tell, unless it is noticed."""
    rows, truths = made_up(tasks=120, skills=[0.95] * 3)
    blind = {"a": "a", "b": "b", "c": "b"}
    rows += [(task, f"blind{n}", blind[truth]) for task, truth in truths.items() for n in range(4)]
    right = {name: accuracy(values(name, rows), truths) for name in ("majority", "dawid_skene")}
    assert right["majority"] < 0.75
    assert right["dawid_skene"] > 0.95


def test_repeated_answers_count_as_they_stand() -> None:
    answers = encode([("t", "amina", "a"), ("t", "amina", "a"), ("t", "brian", "b")])
    assert len(answers) == 3
    assert rule("majority").aggregate(answers).value == ("a",)


def test_an_unknown_rule_names_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="dawid_skene"):
        rule("magic")


def test_free_text_is_not_taken_for_options() -> None:
    rows = [("t", "w", f"answer {n}") for n in range(OPTIONS_MAX + 1)]
    with pytest.raises(Refused, match="transcription"):
        encode(rows)


def test_nothing_to_aggregate_is_said_so() -> None:
    with pytest.raises(Refused, match="no answers"):
        encode([])

"""Replays of stopping early, on recorded crowds."""

import pytest

from gateway.base.errors import Refused
from gateway.qa.port import encode
from gateway.qa.trials import stopping, text_stopping
from gateway.qa.trials.savings import EndOfAsking, savings, steps
from tests.qa.crowd import made_up, recorded


def test_stopping_early_finds_what_five_answers_find_with_three() -> None:
    rows, truths = recorded("rte150")
    answers = encode(rows)
    dynamic = [stopping.dynamic(answers, truths, seed=seed) for seed in range(3)]
    fixed = [stopping.fixed(answers, truths, seed=seed, overlap=5) for seed in range(3)]
    assert sum(one.answers_per_task for one in dynamic) / 3 < 4.0
    assert sum(one.accuracy for one in dynamic) > sum(one.accuracy for one in fixed)


def test_more_confidence_costs_more_answers() -> None:
    rows, truths = recorded("valence")
    answers = encode(rows)
    low, high = (
        stopping.dynamic(answers, truths, seed=0, confidence=confidence).answers_per_task
        for confidence in (0.8, 0.99)
    )
    assert 2.0 <= low < high <= 10.0


def test_a_replay_can_be_repeated() -> None:
    rows, truths = recorded("valence")
    answers = encode(rows)
    assert stopping.dynamic(answers, truths, seed=7) == stopping.dynamic(answers, truths, seed=7)


def test_a_fixed_overlap_takes_what_there_is() -> None:
    rows, truths = made_up(tasks=10, skills=[0.9] * 3)
    replay = stopping.fixed(encode(rows), truths, seed=0, overlap=9)
    assert replay.answers_per_task == 3.0


def test_typed_answers_need_fewer_when_they_agree() -> None:
    rows, truths = recorded("speech60")
    every = text_stopping.fixed(rows, truths, seed=0, overlap=9)
    early = text_stopping.dynamic(rows, truths, seed=0)
    assert early.answers_per_task < 0.85 * every.answers_per_task
    assert early.wer < every.wer + 0.06


def test_savings_put_dynamic_beside_every_fixed_overlap() -> None:
    rows, truths = made_up(tasks=20, skills=[0.8] * 4)
    ticks: list[None] = []
    figures = savings(
        rows, truths, "categorisation", EndOfAsking(0.9), 2, lambda: ticks.append(None)
    )
    assert list(figures["fixed"]) == ["1", "2", "3", "4"]
    assert 2.0 <= figures["answers_per_task"] <= 4.0
    assert 0.0 <= figures["accuracy"] <= 1.0
    assert len(ticks) == steps(rows, 2) == 10


def test_truths_of_another_batch_are_refused() -> None:
    rows, _ = made_up(tasks=5, skills=[0.8] * 2)
    with pytest.raises(Refused, match="belong together"):
        savings(rows, {"other": "a"}, "categorisation", EndOfAsking(0.9), 1, lambda: None)


def test_gold_teaches_skills_and_is_neither_paid_nor_scored() -> None:
    """Three good workers among nine who guess: gold tells them apart before the first question."""
    rows, truths = made_up(tasks=160, skills=[0.95] * 3 + [0.5] * 9, options="ab")
    gold = dict(list(truths.items())[:40])
    answers = encode(rows)
    taught = [stopping.dynamic(answers, truths, seed=n, gold=gold) for n in range(3)]
    cold = [
        stopping.dynamic(answers, {t: v for t, v in truths.items() if t not in gold}, seed=n)
        for n in range(3)
    ]
    assert sum(one.accuracy for one in taught) > sum(one.accuracy for one in cold)
    fixed = stopping.fixed(answers, truths, seed=0, overlap=12, gold=gold)
    assert fixed.answers_per_task == 12.0


def test_a_wrong_truth_on_a_gold_task_is_not_counted_as_an_error() -> None:
    rows, truths = made_up(tasks=30, skills=[0.99] * 5, options="ab")
    first = min(truths)
    swapped = {**truths, first: "ba"["ab".index(truths[first])]}
    replay = stopping.fixed(encode(rows), swapped, seed=0, overlap=5, gold={first: swapped[first]})
    assert replay.accuracy == 1.0


def test_gold_teaches_of_typists_too() -> None:
    rows, truths = recorded("speech60")
    gold = dict(list(truths.items())[:20])
    figures = savings(rows, truths, "transcription", EndOfAsking(0.9), 1, lambda: None, gold=gold)
    cold = savings(rows, truths, "transcription", EndOfAsking(0.9), 1, lambda: None)
    assert figures["gold"] == 20
    assert figures["fixed"] != cold["fixed"], "of forty tasks, not of sixty"


@pytest.mark.parametrize("kind", ["categorisation", "transcription"])
def test_nothing_but_gold_leaves_nothing_to_stop_at(kind: str) -> None:
    rows, truths = made_up(tasks=5, skills=[0.9] * 3)
    with pytest.raises(Refused, match="beside the gold"):
        savings(rows, truths, kind, 0.9, 1, lambda: None, gold=truths)
    replays = text_stopping if kind == "transcription" else stopping
    given = rows if kind == "transcription" else encode(rows)
    for replay in (replays.dynamic, replays.fixed):
        more = {"overlap": 3} if replay is replays.fixed else {}
        with pytest.raises(Refused, match="every task is gold"):
            replay(given, truths, seed=0, gold=truths, **more)

"""Estimating again while answers come in."""

import numpy as np
import pytest

from gateway.qa import rule
from gateway.qa.estimation import em, resume
from gateway.qa.port import encode

from .crowd import accuracy, recorded


@pytest.mark.parametrize("name", ["one_coin", "dawid_skene", "ibcc", "auto"])
def test_a_batch_estimated_as_it_grows_comes_to_what_it_says_at_the_end(name: str) -> None:
    rows, truths = recorded("rte150")
    early = encode(rows[: len(rows) * 9 // 10])
    late = encode(rows)
    begin = resume.start(late, early, rule(name).aggregate(early))
    warm, cold = rule(name).aggregate(late, None, begin), rule(name).aggregate(late)
    differing = sum(a != b for a, b in zip(warm.value, cold.value, strict=True))
    assert differing <= 0.02 * len(cold.value)
    found = dict(zip(late.tasks, warm.value, strict=True))
    assert accuracy(found, truths) >= 0.9


def test_beginning_where_one_stood_is_quicker(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, _ = recorded("rte150")
    answers = encode(rows)
    before = rule("dawid_skene").aggregate(answers)
    rounds: list[int] = []
    logs = em.logs

    def counted(chances: np.ndarray) -> np.ndarray:
        rounds[-1] += 1
        return logs(chances)

    monkeypatch.setattr(em, "logs", counted)
    for begin in (None, resume.start(answers, answers, before)):
        rounds.append(0)
        rule("dawid_skene").aggregate(answers, None, begin)
    assert rounds[1] < rounds[0] / 2


def test_a_new_option_or_a_new_task_is_no_obstacle() -> None:
    before = encode([("t1", "amina", "a"), ("t1", "brian", "b"), ("t0", "amina", "b")])
    estimate = rule("one_coin").aggregate(before)
    after = encode([("t1", "amina", "a"), ("t2", "brian", "c"), ("t2", "amina", "a")])
    begin = resume.start(after, before, estimate)
    assert begin.shape == (2, 2)
    assert begin.sum(1) == pytest.approx([1.0, 1.0])

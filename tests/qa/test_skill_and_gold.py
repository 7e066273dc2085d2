"""The meaning of a worker's record, and the moments when gold is slipped in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.qa.skills.gold import ENTRY_GOLD, Standing, gold_due, standing
from gateway.qa.skills.skill import HALF_LIFE_DAYS, Skill


def test_a_stranger_gets_the_benefit_of_the_doubt() -> None:
    assert Skill().mean == 0.75
    assert Skill().lower < 0.55


def test_gold_teaches_and_narrows_the_doubt() -> None:
    amina = Skill()
    for _ in range(20):
        amina = amina.after_gold(right=True)
    assert amina.mean > 0.9
    assert amina.deviation < Skill().deviation / 2


def test_a_consensus_teaches_less_than_gold() -> None:
    assert Skill().after_consensus(1.0).mean < Skill().after_gold(right=True).mean
    assert Skill().after_consensus(0.0).mean > Skill().after_gold(right=False).mean


def test_old_evidence_fades_towards_the_stranger() -> None:
    brian = Skill(right=10, wrong=30)
    later = brian.decayed(5 * HALF_LIFE_DAYS)
    assert brian.mean < later.mean < Skill().mean
    assert brian.decayed(-1.0) == brian  # a clock that went back forgives nothing


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        (0, 0, Standing.NEW),
        (4, 0, Standing.NEW),
        (4, 1, Standing.TRUSTED),
        (3, 2, Standing.DOUBTFUL),
        (1, 4, Standing.PAUSED),
        (5, 8, Standing.PAUSED),
        (13, 7, Standing.DOUBTFUL),
        (120, 80, Standing.PAUSED),
    ],
)
def test_standings(right: int, wrong: int, expected: Standing) -> None:
    assert standing(right, wrong) is expected


@given(st.integers(0, 60), st.integers(0, 60))
def test_one_more_right_answer_never_lowers_a_standing(right: int, wrong: int) -> None:
    ranks = [Standing.PAUSED, Standing.DOUBTFUL, Standing.TRUSTED]
    if right + wrong >= ENTRY_GOLD:
        before, after = (ranks.index(standing(right + more, wrong)) for more in (0, 1))
        assert after >= before


def gold_among(answers: int, skill: Skill, rate: float = 0.05) -> int:
    seen = 0
    for answered in range(answers):
        seen += gold_due(answered, seen, skill, rate)
    return seen


def test_a_new_worker_sees_gold_soon_and_a_proven_one_at_the_base_rate() -> None:
    assert gold_among(5, Skill()) == 1
    assert gold_among(200, Skill(right=390, wrong=10)) <= 10
    assert 40 <= gold_among(200, Skill()) <= 60


def test_a_worker_in_decline_sees_more_gold() -> None:
    assert gold_among(100, Skill(right=30, wrong=30)) > gold_among(100, Skill(right=55, wrong=5))


@given(st.integers(1, 300), st.floats(0, 100), st.floats(0, 100), st.floats(0, 1))
def test_gold_is_never_more_than_half_of_the_work(
    answers: int, right: float, wrong: float, rate: float
) -> None:
    assert gold_among(answers, Skill(right, wrong), rate) <= answers / 2


def test_no_gold_is_shown_at_rate_zero() -> None:
    assert gold_among(500, Skill(), rate=0.0) == 0

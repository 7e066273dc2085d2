"""Leaked gold, drifting workers, results that may become gold.

The statistics separate what chance explains from what it does not.
"""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.qa.gold_leak import Seen, leaks
from gateway.qa.judging.promotion import Bank, PromotionCandidate, objections
from gateway.qa.significance import EXACT_MAX, at_least, beyond_luck, more_often
from gateway.qa.skills.drift import drift_after, drifting
from gateway.qa.skills.gold import gold_due
from gateway.qa.skills.skill import Skill


def answers_of(random: Random, chance: float, seen: int) -> Seen:
    return Seen(sum(random.random() < chance for _ in range(seen)), seen)


def test_workers_who_know_the_old_gold_by_heart_are_found_and_the_others_are_not() -> None:
    random = Random(1)
    tested = {
        f"honest{n}": (answers_of(random, 0.8, 30), answers_of(random, 0.8, 12)) for n in range(100)
    }
    tested |= {
        f"told{n}": (answers_of(random, 1.0, 30), answers_of(random, 0.5, 12)) for n in range(5)
    }
    found = {leak.who for leak in leaks(tested)}
    assert len([who for who in found if who.startswith("told")]) >= 3
    assert len([who for who in found if who.startswith("honest")]) <= 1


def test_a_partner_leaks_what_no_single_worker_shows() -> None:
    random = Random(2)
    workers = [(answers_of(random, 0.95, 10), answers_of(random, 0.65, 6)) for _ in range(12)]
    assert not leaks({f"w{n}": pair for n, pair in enumerate(workers)})
    old, fresh = (sum((pair[side] for pair in workers), Seen(0, 0)) for side in (0, 1))
    assert [leak.who for leak in leaks({"the cyber in Kibera": (old, fresh)})]


def test_two_answers_to_fresh_gold_prove_nothing() -> None:
    assert not leaks({"amina": (Seen(40, 40), Seen(0, 2))})


def days_until_alarm(before: float, now: float, seed: int) -> int:
    random, skill, drift = Random(seed), Skill(before * 40, (1 - before) * 40), 0.0
    for day in range(1, 300):
        drift = drift_after(drift, skill, right=random.random() < now)
        if drifting(drift):
            return day
    return 300


def test_a_decline_is_noticed_within_weeks_and_steadiness_is_left_alone() -> None:
    fell = [days_until_alarm(0.85, 0.6, seed) for seed in range(40)]
    steady = [days_until_alarm(0.85, 0.85, seed) for seed in range(40)]
    assert sum(fell) / 40 < 40
    assert sum(day == 300 for day in steady) >= 24


def test_a_drifting_worker_sees_more_gold() -> None:
    def gold(drift: float) -> int:
        seen = 0
        for answered in range(100):
            seen += gold_due(answered, seen, Skill(right=190, wrong=10), 0.05, drift)
        return seen

    assert gold(4.0) >= 3 * gold(0.0)


SURE = PromotionCandidate(
    "yes", 0.99, answers=5, dissenting=0, trusted=4, partners=2, appealed=False
)
BANK = Bank(given=10, promoted=2, values={"yes": 6, "no": 6})


@pytest.mark.parametrize(
    ("candidate", "bank", "reason"),
    [
        (replace(SURE, confidence=0.9), BANK, "confidence"),
        (replace(SURE, answers=2), BANK, "2 answers"),
        (replace(SURE, dissenting=1), BANK, "another answer"),
        (replace(SURE, trusted=1), BANK, "trusted"),
        (replace(SURE, partners=1), BANK, "partners"),
        (replace(SURE, appealed=True), BANK, "contested"),
        (SURE, Bank(given=3, promoted=3, values={"yes": 3, "no": 3}), "half"),
        (SURE, Bank(given=20, promoted=0, values={"yes": 15, "no": 5}), "'yes'"),
    ],
)
def test_every_doubt_keeps_a_result_out_of_the_bank(
    candidate: PromotionCandidate, bank: Bank, reason: str
) -> None:
    assert not objections(SURE, BANK)
    assert [reason in objection for objection in objections(candidate, bank)] == [True]


def test_a_hundred_innocents_are_not_accused() -> None:
    random = Random(3)
    accused = sum(any(beyond_luck([random.random() for _ in range(100)], 0.05)) for _ in range(200))
    assert accused <= 20


@given(st.lists(st.floats(0, 1), max_size=8), st.integers(0, 9))
def test_the_chance_of_many_successes_is_what_counting_says(
    chances: list[float], hits: int
) -> None:
    exact = 0.0
    for outcome in range(2 ** len(chances)):
        of_this = 1.0
        for place, p in enumerate(chances):
            of_this *= p if outcome >> place & 1 else 1.0 - p
        exact += of_this * (outcome.bit_count() >= hits)
    assert at_least(hits, chances) == pytest.approx(exact, abs=1e-9)


def test_the_quick_way_for_many_draws_agrees_with_the_exact_one() -> None:
    for hits in (20, 40, 60):
        quick = at_least(hits, [0.1] * (EXACT_MAX + 1))
        assert quick == pytest.approx(at_least(hits, [0.1] * EXACT_MAX), abs=0.02)


def test_more_right_answers_are_less_likely_luck() -> None:
    chances = [more_often(right, 20, 10, 20) for right in range(10, 21)]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] > 0.5

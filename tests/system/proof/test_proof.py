"""The proof in miniature, and that its judge can say no."""

import random

import pytest

from gateway.steps.payouts import replace

from . import episode
from .episode import Episode
from .outage import Silence


@pytest.mark.timeout(1800)
async def test_some_payouts_through_a_bad_day_all_paid_once(new_database):
    verdict = await Episode(60, seed=5).run(await new_database("proof_small"))
    assert (verdict.doubles, verdict.lost, verdict.conservation_breaks) == (0, 0, 0)
    assert verdict.faults == []
    assert verdict.paid > 40
    assert verdict.struck["crash"] > 25


@pytest.mark.timeout(1800)
async def test_the_judge_sees_a_second_payment_and_a_missing_one(new_database):
    def meddles(played: Episode) -> None:
        """The operator pays one key twice, and another not at all."""
        momo = played.operators["momo"]
        momo.payments.append(momo.payments[0])
        del momo.payments[1]

    verdict = await Episode(20, seed=6).run(await new_database("proof_bad"), meddles)
    assert (verdict.doubles, verdict.lost) == (1, 2)
    assert verdict.conservation_breaks >= 0
    assert not verdict.good


@pytest.mark.timeout(1800)
async def test_a_reference_drawn_twice_breaks_nothing_off(new_database, monkeypatch):
    """One long proof of many has to draw one twice: here each tenth draw or so is taken."""
    draws = random.Random(7)  # a made-up world
    monkeypatch.setattr(episode, "new_ref", lambda: f"R{draws.randrange(600)}")
    monkeypatch.setattr(replace, "new_ref", lambda: f"R{draws.randrange(600)}")
    verdict = await Episode(60, seed=7).run(await new_database("proof_refs"))
    assert (verdict.doubles, verdict.lost, verdict.conservation_breaks) == (0, 0, 0)
    assert verdict.faults == []
    assert verdict.paid > 40


@pytest.mark.timeout(1800)
async def test_after_forty_minutes_of_silence_unknown_outcomes_are_settled_soon(new_database):
    """An hour would pass with the usual schedule of questions.

    The measure by itself is `python -m tests.system.proof.outage`.
    """
    played = Silence(120, seed=3, factor=1.0)
    verdict = await played.run(await new_database("proof_silence"))
    assert verdict.good, verdict.faults
    assert len(played.unknown) >= 5
    assert played.share >= 0.9

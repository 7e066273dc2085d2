"""The drill of the safe exit in miniature. `python -m tests.system.proof.exit` is the whole one."""

import pytest

from .exit import Drill


@pytest.mark.timeout(1800)
async def test_everyone_is_paid_once_from_the_backup_of_a_lost_gateway(tmp_path):
    verdict = await Drill(80, seed=3, factor=2.0, folder=tmp_path).play()
    assert verdict.faults == []
    assert verdict.doubled == 0
    assert verdict.paid_whole == verdict.reachable > 50
    assert verdict.virtual_hours <= 24
    assert verdict.kills >= 2
    assert verdict.unreached_listed >= 2
    assert sum(verdict.listed_by_reason.values()) == verdict.unreached_listed
    lost = [n for why, n in verdict.listed_by_reason.items() if "another person" in why]
    assert lost == [2], "two numbers were lost, and all others are owed too little to send"
    left = verdict.unreached_listed - lost[0]
    assert 0 < verdict.too_small_minor < left * 1_000

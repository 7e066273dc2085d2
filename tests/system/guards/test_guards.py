"""The gateway with all its guards stands every attack.

Without any one of them, the attack that it stops succeeds.
"""

from pathlib import Path

import pytest

from . import attacks
from .guards import GUARDS, Guard
from .table import table
from .till import open_till

pytestmark = pytest.mark.timeout(1800)
BY_NAME = {guard.name: guard for guard in GUARDS}


@pytest.fixture(scope="module")
async def whole(new_database):
    """A till with everything in place, for all attacks one after the other."""
    async with open_till(await new_database("guards_whole")) as till:
        yield till


@pytest.mark.parametrize("guard", GUARDS, ids=BY_NAME.keys())
async def test_with_it_nothing_happens(whole, guard: Guard):
    whole.operator.__init__()
    await guard.attack(whole)


@pytest.mark.parametrize("nth", range(len(GUARDS)), ids=BY_NAME.keys())
async def test_without_it_money_is_lost_or_doubled(new_database, nth: int):
    guard = GUARDS[nth]
    async with open_till(await new_database(f"guards_{nth}")) as till:
        await guard.taken_away(till)
        with guard.patch(), pytest.raises(AssertionError):
            await guard.attack(till)


def test_every_attack_is_used():
    tried = {guard.attack.__name__ for guard in GUARDS}
    there = {name for name in vars(attacks) if name in tried or _is_attack(name)}
    assert tried == there


def _is_attack(name: str) -> bool:
    return getattr(vars(attacks)[name], "__module__", "") == attacks.__name__ and name[0] != "_"


def test_the_published_table_is_this_one():
    published = Path(__file__).parents[3] / "docs" / "payout-guards.md"
    assert table() in published.read_text(), "make guard-proof writes it"

"""Every entry of `tests/support/recorded/messaging.json` is played.

None is left out, and none is claimed that is not there.
"""

import pytest

from tests.system.entries import africastalking, doors, others
from tests.system.entries.book import unplayed

READ = [*africastalking.book.entries(), *others.book.entries()]
AT_THE_DOOR = doors.book.entries()


def test_no_entry_is_left_out():
    assert unplayed(africastalking.book, others.book, doors.book) == []


@pytest.mark.parametrize("shelf", [africastalking, others, doors], ids=lambda m: m.__name__)
def test_no_check_is_for_nothing(shelf):
    assert shelf.book.without_entries() == []


@pytest.mark.parametrize("entry", READ, ids=str)
def test_entry(entry):
    entry.play()


@pytest.fixture
async def open_town(town):
    before = dict(town.rt.channels)
    doors.add_channels(town)
    yield town
    town.rt.channels.clear()
    town.rt.channels.update(before)


@pytest.mark.parametrize("entry", AT_THE_DOOR, ids=str)
async def test_entry_at_the_door(open_town, entry):
    await entry.play(open_town)

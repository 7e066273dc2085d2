"""An answer costs two round trips to the database.

One reads all it needs, one writes all it caused.
"""

import pytest

from gateway.payments.ledger.chart_of_accounts import Account, AccountKind
from gateway.steps.messages.deliver import deliver


@pytest.fixture
async def brian(town):
    """Return a worker in the middle of his work: everything a process keeps is kept by now."""
    brian = town.meets("brian")
    await brian.dials("1", "1")
    await brian.presses("KIBERA", "1")
    golds = [{"id": f"g{n}", "text": f"Gold {n}?", "gold": "yes"} for n in range(3)]
    await town.posts_batch(*(f"Is shop {n} open?" for n in range(20)), tasks=golds, gold_rate=0.1)
    await brian.presses("1", "1")
    return brian


async def trips(town, doing):
    before = town.rt.db.round_trips
    await doing
    return town.rt.db.round_trips - before


async def test_a_ussd_answer_takes_two(town, brian):
    assert await trips(town, brian.presses("1")) == 2


async def test_a_repeated_ussd_step_takes_one(town, brian):
    assert await trips(town, brian.steps("*".join(brian.keys))) == 1


@pytest.mark.parametrize("key", ["0", "00", "7", "STOP"])
async def test_any_other_key_takes_no_more_than_two(town, brian, key):
    assert await trips(town, brian.presses(key)) <= 2


async def test_an_sms_answer_takes_two(town, brian):
    await brian.sends("1")
    assert await trips(town, brian.sends("1")) == 2


async def test_an_answer_that_pays_a_partner_takes_two_as_well(town, brian):
    await town.rt.db.execute("update batch set state = 'paused'")
    await town.posts_batch(*(f"Is stall {n} open?" for n in range(9)), partner_price="1.00")
    await brian.dials("1")
    await brian.presses("1", "1")
    assert await trips(town, brian.presses("1")) == 2
    assert await town.count("transfer", "code in (40, 41)") == 4


async def test_an_sms_that_came_before_takes_one(town, brian):
    await brian.sends("1", event="again")
    assert await trips(town, brian.sends("1", event="again")) == 1


async def test_a_cash_out_takes_no_more_than_three(town, brian):
    for _ in range(4):
        await brian.presses("1")
    await town.rt.accounts.get(Account(AccountKind.PAYOUT_IN_TRANSIT, "", "KES"))
    assert await trips(town, brian.sends("PAY")) <= 3


async def test_a_full_outbox_is_drained_in_a_few_round_trips(town):
    people = [await town.enrols(f"p{n}") for n in range(12)]
    for person in people:
        await person.sends("HELP")
    town.jobs.take()
    assert await trips(town, deliver(town.rt, "phone")) <= 3
    assert await town.count("outbox", "state = 'queued'") == 0

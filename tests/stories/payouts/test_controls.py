"""The controls that may make a payout wait: daily limits, and crowds of first payouts.

Nothing fails, every worker is told, all waits end.
"""
# pyright: basic

from dataclasses import replace

import pytest

from gateway.base.errors import Refused
from gateway.payments import holding
from gateway.payments.controls.limit import DayLimit
from gateway.settings import Controls
from gateway.steps.payouts import controls


def ruled(town, **rules):
    """Return the town under these rules."""
    settings = town.rt.settings.model_copy(update={"controls": Controls(**rules)})
    town.rt = replace(town.rt, settings=settings)


async def earned(town, *names):
    """Each has earned KES 30 and asked for it."""
    people = await town.earned(*names)
    for person in people:
        await person.texts("PAY")
    return people


async def test_above_the_limit_of_the_day_the_rest_goes_tomorrow(town):
    ruled(town, limits=(DayLimit(per="all", currency="KES", a_day=50),))
    people = await earned(town, "amina", "brian", "chege")
    await town.ticks()
    await town.ticks()
    assert await town.count("payout_pass") == 1, "thirty of fifty; two times thirty is more"
    assert await town.count("payout", "state = 'queued' and reason = 'waits: limit'") == 2
    told = [
        message
        for person in people
        for message in await person.messages()
        if "today's limit" in message
    ]
    assert len(told) == 2, "once each, however often it was looked at"
    await town.ticks(days=1)
    assert await town.count("payout_pass") == 2, "one a day fits"
    await town.ticks(days=1)
    await town.pays_out()
    assert town.operator_books()["paid_minor"] == 9000


async def test_a_worker_who_must_wait_is_not_told_afterwards_that_it_is_sent_now(town):
    """The reply to PAY waits for the operator.

    The reason why nothing goes is faster, and takes its place.
    """
    ruled(town, limits=(DayLimit(per="all", currency="KES", a_day=20),))
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", price="30.00")
    await amina.texts("WORK")
    assert "You asked for KES 30" in await amina.texts("1 PAY")
    await town.ticks()
    await town.ticks(seconds=60)
    saved, why = (await amina.messages())[-1].split("\n")
    assert saved == "Saved +KES 30. Total KES 30."
    assert "today's limit is reached" in why
    assert not [words for words in await amina.messages() if "You asked for" in words]


async def test_many_first_payouts_of_one_coordinator_wait_for_a_look(town):
    ruled(town, first_payouts_per_day=2)
    await earned(town, "amina", "brian", "chege", "dina")
    await town.ticks()
    held = [
        row["ref"] for row in await town.rt.db.rows("select ref from payout where state = 'queued'")
    ]
    assert len(held) == 2
    assert await controls.release(town.rt, held[0], "Wanjiku") == controls.ReleasedHolds(1, "")
    with pytest.raises(Refused):
        await controls.release(town.rt, held[0], "Wanjiku")
    await town.ticks()
    waiting = await town.rt.db.rows("select ref from payout where state = 'queued'")
    assert [row["ref"] for row in waiting] == [held[1]]
    await town.ticks(hours=49)
    await town.pays_out()
    assert town.operator_books()["paid_minor"] == 12000, "a hold has an end"


async def test_a_number_that_was_quiet_for_weeks_waits_and_is_told(town):
    """Her SIM may have been given to a stranger.

    The SMS reaches the number, and there are two days to say so.
    """
    people = await earned(town, "amina")
    await town.pays_out()
    assert town.operator_books()["paid_minor"] == 3000, "who has just answered is paid at once"
    await town.posts_batch("Is it open now?", price="20.00")
    for words in ("WORK", "1"):
        await people[0].texts(words)
    await town.answers_bells()
    await town.rt.db.execute(
        "update answer set created_at = created_at - interval '31 days'; update payout set settled_at = settled_at - interval '31 days'"
    )
    await people[0].texts("PAY")
    await town.ticks()
    (told,) = [words for words in await people[0].messages() if "quiet for a long time" in words]
    assert told == await people[0].texts("PAY")
    assert await town.count("payout", "state = 'queued' and reason = 'waits: quiet'") == 1
    await town.ticks(hours=49)
    await town.pays_out()
    assert town.operator_books()["paid_minor"] == 5000


async def test_without_rules_nothing_waits(town):
    await earned(town, "amina", "brian")
    await town.pays_out()
    assert await town.count("payout_hold") == 0
    assert town.operator_books()["paid_minor"] == 6000


def test_no_worker_may_ask_for_more_than_her_own_limit_lets_through():
    rules = Controls(limits=(DayLimit(per="worker", currency="KES", a_day=100),))
    assert holding.most_at_once(rules, "KES", 25_000_000) == 10_000
    assert holding.most_at_once(rules, "UGX", 25_000_000) == 25_000_000

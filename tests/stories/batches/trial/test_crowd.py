"""A crowd of simulated workers answers through the real code, each in the way of her kind."""

from dataclasses import replace

import pytest

from gateway.base.errors import SettingsError
from gateway.cli.run.crowd.crowd import SimulatedWorkers
from gateway.settings import ChannelSettings, ChannelSide
from gateway.store.people import crowd as rows

KINDS = {"careful": 3, "careless": 1, "slow": 1, "stopping": 1, "unreachable": 1}
ROUNDS_MAX = 300


async def works(town, members, until, rounds=ROUNDS_MAX):
    """Let the crowd and the gateway take turns until something is true."""
    for second in range(rounds):
        await members.act(second * 1.0)
        await town.ticks()
        if await until():
            return
    raise AssertionError("the crowd did not get there")


def ended(batch):
    async def is_done():
        return (await batch.shows())["state"] == "done"

    return is_done


@pytest.fixture
async def members(town):
    await rows.set_switch(town.rt.db, is_on=True, kinds=KINDS)
    return SimulatedWorkers.of(town.rt, speed=1e6)


async def test_a_batch_gets_its_results_from_the_crowd(town, members):
    texts = [f"Is shop {n} open?" for n in range(30)]
    batch = await town.posts_batch(*texts, policy="fixed:3", pack="auto")
    await works(town, members, ended(batch))
    results = await batch.results()
    assert {one["state"] for one in results.values()} <= {"decided", "review"}
    assert {one["answers"] for one in results.values()} == {3}
    kinds = {one.kind: one for one in await rows.workers(town.rt.db)}
    assert set(kinds) == set(KINDS)
    unreachable = kinds["unreachable"].id
    assert not await town.count("answer", "worker_id = $1", unreachable)
    assert await town.count("consent", "worker_id = $1 and act = 'stopped'", kinds["stopping"].id)
    await town.has_right_books()


async def test_careful_workers_find_the_hidden_truth(town, members):
    await rows.set_switch(town.rt.db, is_on=True, kinds={"careful": 4})
    tasks = [
        {"id": f"k{n}", "text": f"Is shop {n} open?", "truth": "yes" if n % 3 else "no"}
        for n in range(15)
    ]
    batch = await town.posts_batch(tasks=tasks, policy="fixed:3")
    await works(town, members, ended(batch))
    results = await batch.results()
    right = sum(results[one["id"]]["value"] == one["truth"] for one in tasks)
    assert right >= 13, "a majority of careful workers is nearly always right"


async def test_the_same_seed_gives_the_same_answers(town, members):
    await rows.set_switch(town.rt.db, is_on=True, kinds={"careful": 2})

    async def values(seed):
        texts = [f"Is shop {n} open?" for n in range(10)]
        batch = await town.posts_batch(*texts, policy="fixed:2", labels={"seed": seed})
        await works(town, members, ended(batch))
        return {task: one["counts"] for task, one in (await batch.results()).items()}

    first = await values("7")
    assert await values("7") == first
    assert await values("8") != first


async def test_every_kind_of_task_is_answered(town, members):
    await rows.set_switch(town.rt.db, is_on=True, kinds={"careful": 4})
    fields = [{"id": "amount", "type": "money"}, {"id": "day", "type": "date"}]
    batches = [
        await town.posts_batch("Mama Njeri", kind="categorisation", options=["shop", "house"]),
        await town.posts_batch("opp. Toi Mkt", kind="transcription"),
        await town.posts_batch("350", kind="transcription", value="number"),
        await town.posts_batch("How many?", kind="transcription", value="date"),
        await town.posts_batch("receipt 1", kind="entry", fields=fields, policy="double"),
    ]
    for batch in batches:
        await works(town, members, ended(batch))
        assert {one["state"] for one in (await batch.results()).values()} == {"decided"}


async def test_simulated_workers_cash_out_at_the_simulated_operator(town, members):
    await rows.set_switch(town.rt.db, is_on=True, kinds={"careful": 2})
    texts = [f"Is shop {n} open?" for n in range(6)]
    batch = await town.posts_batch(*texts, policy="fixed:2", price="10.00")
    await works(town, members, ended(batch))

    async def asked():
        return await town.count("payout") == 2

    await works(town, members, asked)
    await town.pays_out()
    assert town.operator_books()["payouts"] == 2


async def test_a_language_of_the_batch_brings_workers_who_read_it(town, members):
    await rows.set_switch(town.rt.db, is_on=True, kinds={"careful": 2})
    batch = await town.posts_batch("Duka liko wazi?", policy="fixed:2", languages=["sw"])
    await works(town, members, ended(batch))
    assert {one.language for one in await rows.workers(town.rt.db)} == {"sw"}


async def test_a_crowd_that_is_switched_off_does_nothing(town, members):
    await rows.set_switch(town.rt.db, is_on=False, kinds=KINDS)
    await town.posts_batch("Is it open?")
    assert await members.act(0.0) == 0
    assert await rows.workers(town.rt.db) == []


async def test_no_crowd_works_where_a_channel_or_a_provider_is_real(town):
    side = ChannelSide(kind="africastalking", options={})
    real = {"at": ChannelSettings(secret="s", sms=side), **town.rt.settings.channels}
    settings = town.rt.settings.model_copy(update={"channels": real})
    with pytest.raises(SettingsError, match="only test keys and try-outs"):
        SimulatedWorkers.of(replace(town.rt, settings=settings))

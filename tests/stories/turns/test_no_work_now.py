"""A worker who asks for work and gets none is told the true reason.

Nothing is there, the batch is on pause, her share is done, or she is on pause herself.
"""

from datetime import timedelta

import pytest

from gateway.steps.quality.pauses import Trial, pause


@pytest.fixture
async def amina(town):
    return await town.enrols("amina")


async def dials_for_work(person):
    return (await person.dials("1")).text


async def test_when_there_is_simply_nothing(town, amina):
    assert "No questions now" in await amina.texts("WORK")
    assert "No questions now" in await dials_for_work(amina)


async def test_while_the_client_has_paused_the_batch(town, amina):
    batch = await town.posts_batch("Is it open?")
    await batch.changes("pause")
    assert "The work is paused just now. We text you when it goes on." in await amina.texts("WORK")
    assert "The work is paused just now." in await dials_for_work(amina)
    await batch.changes("start")
    assert "Is it open?" in await amina.texts("WORK")


async def test_another_ones_paused_work_is_not_hers(town, amina):
    brian = await town.enrols("brian")
    his = {"id": "his", "text": "Is it open?", "audience": {"workers": [await brian.pseudonym()]}}
    batch = await town.posts_batch(tasks=[his], policy="all")
    await batch.changes("pause")
    assert "No questions now" in await amina.texts("WORK")
    assert "The work is paused" in await brian.texts("WORK")


async def test_while_her_gold_has_paused_her(town, amina):
    await town.posts_batch("Is it open?", "Is it clean?")
    await amina.texts("WORK")
    await amina.texts("1")
    await town.rt.db.execute(
        "insert into skill (worker_id, kind) values ($1, 'verification') on conflict do nothing",
        await amina.id(),
    )
    await amina.texts("2")
    await town.posts_batch("Is it near?")
    async with town.rt.db.transaction() as db:
        await pause(town.rt, db, Trial(await amina.id(), "verification", 1, 4))
    until = town.clock.now() + timedelta(days=town.rt.settings.pause_days)
    assert f"Your questions pause until {until:%d/%m}." in await amina.texts("WORK")
    assert "Your questions pause until" in await dials_for_work(amina)


async def test_when_she_has_done_her_share(town, amina):
    await town.posts_batch("Is it open?", "Is it clean?", "Is it red?", worker_max=1)
    await amina.texts("WORK")
    await amina.texts("1")
    assert "Your share is done for now." in await amina.texts("WORK")


async def test_how_she_does_stands_behind_the_balance(town, amina):
    await amina.dials()
    assert "4 How I am doing" in await amina.presses("2")
    told = await amina.presses("4")
    assert "Too few of them were check questions" in told
    assert "1 Work" in await amina.presses("00")
    assert "check questions" in await amina.dials("2", "4"), "and dialled at once"

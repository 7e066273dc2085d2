"""STOP always stops, from any state and on every channel; what was earned stays hers."""

import pytest

from gateway.steps.turns.assign import assign


async def test_stop_gives_the_question_to_another_worker_and_the_money_can_still_be_cashed_out(
    town,
):
    amina = await town.enrols("amina")
    brian = await town.enrols("brian")
    batch = await town.posts_batch("Is it open?", "Is it clean?", price="15.00")
    await amina.texts("WORK")
    await amina.texts("1")
    assert "Money you earned stays yours" in await amina.texts("Stop.")
    assert await town.count("assignment", "state = 'held'") == 0
    await brian.texts("WORK")
    await brian.texts("1")
    assert (await batch.shows())["progress"]["answers"] == 2

    assert "send and count nothing" in await amina.texts("1")
    assert "KES 15" in await amina.texts("BAL")
    assert "You asked for KES 15" in await amina.texts("PAY")
    await town.pays_out()
    assert "We sent you KES 15" in (await amina.messages())[-1]
    assert await amina.balance_minor() == 0
    assert (await amina.row())["state"] == "stopped"


@pytest.mark.parametrize("state", ["stranger", "invited", "active", "asked", "typing", "stopped"])
async def test_stop_from_any_state(town, state):
    amina = town.meets("amina")
    if state != "stranger":
        await town["wanjiku"].texts(f"ADD {amina.msisdn} Amina")
    if state not in ("stranger", "invited"):
        await amina.texts("YES")
    if state == "typing":
        await town.posts_batch("Item 7", kind="transcription", instructions="Type it:")
    elif state == "asked":
        await town.posts_batch("Is it open?")
    if state in ("asked", "typing"):
        await amina.texts("WORK")
    if state == "stopped":
        await amina.texts("STOP")
    await amina.texts("STOP")
    await town.posts_batch("Is it near?")
    for _ in range(3):
        await town.ticks(minutes=5)
    sent = await amina.messages()
    assert not any("Is it near?" in words for words in sent)
    assert await town.count("answer") == 0


async def test_stop_takes_back_the_questions_that_wait_to_be_sent(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?")
    town.jobs.take()  # the runner is slow today
    await assign(town.rt)
    assert await town.count("outbox", "purpose = 'question' and state = 'queued'") == 1
    await amina.texts("STOP")
    assert await town.count("outbox", "purpose = 'question' and state = 'queued'") == 0


async def test_stop_by_ussd_in_the_middle_of_a_question(town):
    brian = town.meets("brian")
    await brian.dials()
    await brian.presses("1", "1", "KIBERA", "1")
    await town.posts_batch("Is it open?")
    screen = await brian.presses("1", "STOP")
    assert not screen.open and "no more messages" in screen
    assert (await brian.row())["state"] == "stopped"
    assert "You stopped our messages" in await brian.dials()


async def test_a_worker_who_stopped_comes_back_by_her_own_word_only(town):
    amina = await town.enrols("amina")
    await amina.texts("STOP")
    said = await town["wanjiku"].texts(f"ADD {amina.msisdn} Amina")
    assert "Only the worker can come back" in said
    await town.posts_batch("Is it open?")
    back = await amina.texts("START")
    assert "Welcome back Amina" in back and "Is it open?" in back
    acts = await town.rt.db.rows(
        "select act from consent where worker_id = $1 order by id", await amina.id()
    )
    assert [row["act"] for row in acts] == ["invited", "agreed", "stopped", "restarted"]


async def test_the_rest_of_a_removed_workers_day(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", price="12.00")
    await amina.texts("WORK")
    await amina.texts("1")
    await town["wanjiku"].texts(f"REMOVE {amina.msisdn}")
    assert "You asked for KES 12" in await amina.texts("PAY")
    await town.pays_out()
    assert await amina.balance_minor() == 0

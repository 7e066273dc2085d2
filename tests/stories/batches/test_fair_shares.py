"""The allocation of questions and the client's bill.

There are never more answers than wanted, and never less money than promised.
"""

import asyncio

import pytest

from tests.support.town import eventually


async def crowd(town, size, language="en"):
    """Return workers who joined by dialling, each in a session, at the menu."""
    people = [town.meets(f"p{n}") for n in range(size)]
    for person in people:
        await person.dials("1", "1")
        await person.presses("KIBERA", "1")
    return people


async def works(person):
    """Answers yes as long as she is asked; how often."""
    screen, given = await person.presses("1"), 0
    while "Not sure" in screen:
        screen = await person.presses("1")
        given += "Saved" in screen
    return given


async def test_twenty_phones_at_once_never_give_a_third_answer(town):
    people = await crowd(town, 20)
    batch = await town.posts_batch(*(f"Is shop {n} open?" for n in range(30)), policy="fixed:2")
    assert await town.client.available_minor() == 10_000_00 - 30 * 2 * 300
    given = await asyncio.gather(*map(works, people))
    assert sum(given) == 60, "all the answers that were wanted, and not one more"
    assert await town.count("answer") == 60
    assert (
        await town.value("select max(n) from (select count(*) as n from answer group by task_id) x")
        == 2
    )
    await town.ticks()
    shown = await batch.shows()
    assert shown["state"] == "done"
    assert shown["money"]["spent_minor"] == 18_000
    assert await town.client.available_minor() == 10_000_00 - 18_000


async def test_no_worker_answers_the_same_task_twice(town):
    (amina,) = await crowd(town, 1)
    await town.posts_batch("Is it open?", "Is it clean?", policy="fixed:3")
    assert await works(amina) == 2
    assert "No questions now" in await amina.presses("1")


async def test_a_skipped_question_goes_to_another_worker_and_is_not_asked_of_her_again(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    await town.posts_batch("Is it open?")
    assert "Is it open?" in await amina.texts("WORK")
    assert "Skipped" in await amina.texts("SKIP")
    assert "No questions now" in await amina.texts("WORK")
    assert "Is it open?" in await brian.texts("WORK")
    assert "Saved" in await brian.texts("1")


async def test_a_dynamic_task_stops_early_when_two_agree(town):
    people = await crowd(town, 3)
    batch = await town.posts_batch("Is it open?", policy="dynamic", confidence=0.85)
    assert [await works(person) for person in people] == [1, 1, 0]
    result = (await batch.results())["t1"]
    assert (result["state"], result["value"], result["answers"]) == ("decided", "yes", 2)
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    assert await town.client.available_minor() == 10_000_00 - 600, (
        "the five answers not needed cost nothing"
    )


async def test_a_dynamic_task_asks_more_when_two_disagree(town):
    amina, brian, chege = [await town.enrols(name) for name in ("amina", "brian", "chege")]
    batch = await town.posts_batch("Is it open?", policy="dynamic", confidence=0.85)
    for person, word in ((amina, "1"), (brian, "2")):
        await person.texts("WORK")
        await person.texts(word)
    assert (await batch.results())["t1"]["state"] == "open"
    assert "Is it open?" in await chege.texts("WORK")


async def test_a_dynamic_task_that_stays_in_doubt_is_for_review_and_costs_no_more_than_promised(
    town,
):
    people = [await town.enrols(f"p{n}") for n in range(9)]
    batch = await town.posts_batch("Is it open?", policy="dynamic", confidence=0.99)
    for place, person in enumerate(people):
        if "Is it open?" in await person.texts("WORK"):
            await person.texts("12"[place % 2])
    result = (await batch.results())["t1"]
    assert result["state"] == "review"
    assert result["answers"] == 7


async def test_hidden_gold_is_asked_scored_and_paid_like_any_other(town):
    amina = await town.enrols("amina")
    golds = [{"id": f"g{n}", "text": f"Gold {n}?", "gold": "yes"} for n in range(5)]
    batch = await town.posts_batch(*(f"Task {n}?" for n in range(10)), tasks=golds, gold_rate=0.2)
    reply, asked = await amina.texts("WORK"), []
    while reply and "1 Yes" in reply:
        asked.append("Gold" in reply)
        await town.ticks()  # skills learn while she types
        reply = await amina.texts("1" if len(asked) % 2 else "2")
    assert 0 < sum(asked) <= 5
    assert len(asked) - sum(asked) == 10
    assert await amina.balance_minor() == 300 * len(asked)
    await town.ticks()
    skill = await town.rt.db.row("select * from skill")
    assert skill["gold_right"] + skill["gold_wrong"] == sum(asked)
    assert skill["answers"] == len(asked)
    assert "g1" not in await batch.results(), "gold is no result"
    assert (await batch.shows())["state"] == "done", (
        "gold nobody was asked does not hold the batch up"
    )


async def test_two_batches_run_side_by_side(town):
    other = await town.new_client("Bidco", 100_00)
    first = await town.posts_batch("Is it open?", price="1.00")
    second = await other.posts_batch("Is it clean?", price="2.00")
    (amina,) = await crowd(town, 1)
    assert await works(amina) == 2
    assert await amina.balance_minor() == 300
    await town.ticks()
    assert [(await batch.shows())["state"] for batch in (first, second)] == ["done", "done"]
    assert await town.client.available_minor() == 10_000_00 - 100
    assert await other.available_minor() == 100_00 - 200


async def test_a_paused_batch_asks_nothing_new_but_counts_what_was_asked(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    batch = await town.posts_batch("Is it open?", "Is it clean?", "Is it near?")
    await amina.texts("WORK")
    await batch.changes("pause")
    assert "The work is paused just now" in await brian.texts("WORK")
    reply = await amina.texts("1")
    assert "Saved" in reply
    assert "1 Yes" not in reply
    await batch.changes("start")
    assert "1 Yes" in await brian.texts("WORK")


@pytest.mark.parametrize("answered", [0, 1])
async def test_cancel_gives_the_rest_of_the_money_back_and_keeps_what_was_earned(town, answered):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Is it open?", "Is it clean?", policy="fixed:2")
    assert await town.client.available_minor() == 10_000_00 - 1200
    await amina.texts("WORK")
    if answered:
        await amina.texts("1")
    await batch.changes("cancel")
    await batch.changes("cancel")
    # She holds a question, and may answer what she was asked (decision 0089). Its money waits.
    assert await town.client.available_minor() == 10_000_00 - 300 * (answered + 1)
    assert await amina.balance_minor() == 300 * answered
    await amina.texts("SKIP")
    await town.ticks()
    assert await town.client.available_minor() == 10_000_00 - 300 * answered
    assert "No questions now" in await amina.texts("WORK")


async def test_a_cancel_while_all_workers_answer_keeps_the_books_right(town):
    people = await crowd(town, 12)
    batch = await town.posts_batch(*(f"Is shop {n} open?" for n in range(20)), policy="fixed:3")

    async def ten_answers():
        return await town.count("answer") >= 10

    async def cancels():
        await eventually(ten_answers)
        await batch.changes("cancel")

    await asyncio.gather(cancels(), *map(works, people))
    given = await town.count("answer")
    assert await town.client.available_minor() == 10_000_00 - 300 * given


async def test_policy_all_asks_exactly_the_workers_it_names_in_their_order(town):
    people = await crowd(town, 4)
    ids = [await person.pseudonym() for person in people]
    tasks = [{"id": "t1", "text": "Is it open?", "audience": {"workers": [ids[2], ids[0]]}}]
    batch = await town.posts_batch(tasks=tasks, policy="all")
    assert [await works(person) for person in people] == [1, 0, 1, 0]
    await town.ticks()
    assert (await batch.results())["t1"]["answers"] == 2


async def test_a_batch_in_shillings_of_another_country_is_not_for_her(town):
    ugandan = await town.new_client("Kampala", 1_000_000, currency="UGX")
    await ugandan.posts_batch("Is it open?", price="500")
    amina = await town.enrols("amina")
    assert "No questions now" in await amina.texts("WORK")


async def test_results_are_weighed_by_skill_when_the_batch_closes(town):
    """Three answer; the one who is always alone does not turn the others over."""
    people = [await town.enrols(name) for name in ("amina", "brian", "chege")]
    batch = await town.posts_batch(
        *(f"Task {n}?" for n in range(6)), policy="fixed:3", method="dawid_skene"
    )
    for person, word in zip(people, ("1", "1", "2"), strict=True):
        reply = await person.texts("WORK")
        while "1 Yes" in reply:
            reply = await person.texts(word)
    await town.ticks()
    results = await batch.results()
    assert {r["value"] for r in results.values()} == {"yes"}
    assert {r["rule"] for r in results.values()} == {"dawid_skene"}
    assert all(0.5 < r["confidence"] <= 1 for r in results.values())

"""Dates, numbers and names: read before they are counted, and repeated to the worker.

They are asked back where they are not certain.
"""

import pytest

from gateway.steps.quality.task_history import task_story


async def asks(town, value, *texts, **given):
    return await town.posts_batch(
        *(texts or ("Sign 1", "Sign 2", "Sign 3")),
        kind="transcription",
        value=value,
        instructions="Type what it says",
        **given,
    )


async def test_a_date_by_sms_is_one_day_for_all_workers_who_write_it(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian", "sw")
    batch = await asks(town, "date", "Sign 1", policy="fixed:2")
    assert (await batch.shows())["kind"] == "transcription"
    assert (await batch.shows())["value"] == "date"
    for person in (amina, brian):
        await person.texts("WORK")
    reply = await amina.texts("03/05/2026")
    assert reply == (
        "Do you mean 5 March 2026 or 3 May 2026? Please send it with the month in words."
    )
    assert await amina.answers() == []
    assert (await amina.texts("May 3rd 2026")).startswith("Got: 3 May 2026. Saved +KES 3.")
    assert (await brian.texts("tarehe 3 Mei 2026")).startswith("Tumepata: 3 Mei 2026.")
    await town.answers_bells()
    result = (await batch.results())["t1"]
    assert (result["state"], result["value"], result["answers"]) == ("decided", "2026-05-03", 2)
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    result = (await batch.results())["t1"]
    assert (result["rule"], result["value"], result["tied"]) == ("auto", "2026-05-03", False)
    story = await task_story(town.rt, batch.id, "t1")
    assert {(one["said"], one["value"]) for one in story["answers"]} == {
        ("May 3rd 2026", "2026-05-03"),
        ("tarehe 3 Mei 2026", "2026-05-03"),
    }, "what she said is kept beside the value"
    await town.has_right_books()


async def test_a_number_on_screens_keys_included(town):
    amina = await town.enrols("amina")
    await asks(town, "number")
    screen = await amina.dials("1")
    assert "Type the number." in screen
    assert "Is 98 your answer? Then type it again." in await amina.presses("98")
    assert "Got: 98. Saved +KES 3." in await amina.presses("98")
    assert "Do you mean 1.25 or 1250?" in await amina.presses("1.250")
    assert "Got: 1250. Saved" in await amina.presses("1250")
    assert "Is 0 your answer?\n1 Yes\n2 Skip" in await amina.presses("0")
    assert "Got: 0. Saved" in await amina.presses("1")
    assert sorted(await amina.values()) == ["0", "1250", "98"]
    await town.has_right_books()


async def test_zero_leaves_a_number_out_where_she_says_so(town):
    amina = await town.enrols("amina")
    await asks(town, "number", "Sign 1")
    await amina.dials("1")
    await amina.presses("0")
    assert "Skipped." in await amina.presses("2")
    assert await amina.values() == []


async def test_names_are_one_name_with_and_without_accents(town):
    people = [await town.enrols(name) for name in ("amina", "brian", "chege")]
    batch = await asks(town, "name", "Sign 1", policy="fixed:3")
    for person, words in zip(
        people, ("Jérôme  Otieno", "JEROME OTIENO", "jerome otieno"), strict=True
    ):
        await person.texts("WORK")
        assert "Saved" in await person.texts(words)
    await town.answers_bells()
    await town.ticks()
    result = (await batch.results())["t1"]
    assert (result["state"], result["rule"]) == ("decided", "auto")
    assert result["value"] in ("Jérôme Otieno", "JEROME OTIENO", "jerome otieno")
    assert "Got: " in (await people[0].messages())[-1]


@pytest.mark.parametrize(
    ("value", "words"), [("date", "soon"), ("date", "3/5/2026"), ("number", "many"), ("name", "12")]
)
async def test_it_is_asked_back_once_and_then_not_understood(town, value, words):
    amina = await town.enrols("amina")
    await asks(town, value)
    await amina.texts("WORK")
    unclear = "purpose = 'reply' and cause like 'unclear:%'"
    first = await amina.texts(words)
    assert await town.count("outbox", unclear) == 0
    assert (await amina.row())["ease"] > 0, "asking back is no failure of hers"
    assert await amina.texts(words) == first
    assert await town.count("outbox", unclear) == 1
    assert (await amina.row())["ease"] == 0
    for _ in range(4):
        reply = await amina.texts(words)
    assert "Let us try again." in reply
    assert "Sign " in reply
    assert await town.count("outbox", "text like '%needs your help%'") == 1, (
        "her coordinator is told"
    )
    assert await amina.answers() == []
    assert await amina.balance_minor() == 0, "what could not be read is never paid"


async def test_commands_stay_commands_and_are_no_answers_where_they_cannot_be(town):
    amina = await town.enrols("amina")
    await asks(town, "date")
    await amina.texts("WORK")
    balance = await amina.texts("BAL")
    assert balance.startswith("You have KES 0.")
    assert "ANSWER BAL" not in balance, "it could be no date"
    assert "could not read a date" in await amina.texts("ANSWER BAL")
    await amina.texts("STOP")
    assert (await amina.row())["state"] == "stopped"


async def test_gold_counts_however_it_is_written(town):
    amina = await town.enrols("amina")
    gold = {"id": "g1", "text": "Sign 0", "gold": "3 May 2026"}
    batch = await asks(town, "date", tasks=[gold], gold_rate=0.2)
    await amina.texts("WORK")
    await amina.texts("2026-05-03")
    assert (await task_story(town.rt, batch.id, "g1"))["answers"][0]["value"] == "2026-05-03"
    assert await town.value('select "right" from answer') is True


async def test_what_a_client_declares_wrongly_is_named(town):
    for said, field, why in (
        ({"kind": "verification", "value": "date"}, "value", "must be transcription"),
        ({"kind": "date"}, "kind", "send the kind transcription with the value date"),
        ({"kind": "transcription", "value": "colour"}, "value", "text, date, name, number"),
        ({"kind": "transcription", "value": "date", "options": ["a", "b"]}, "options", "typed"),
    ):
        body = {"name": "x", "instructions": "", "price": "3.00", **said}
        answer = await town.client.asks("POST", "/batches", json={**body, "instructions": "Type"})
        assert answer.status_code == 422, answer.text
        assert why in answer.text
        assert f'"{field}"' in answer.text
    batch = await town.client.drafts(kind="transcription", value="date")
    task = [{"id": "g", "text": "Sign", "gold": "3/5/2026"}]
    answer = await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=task)
    assert answer.status_code == 422
    assert "2026-03-05 or 2026-05-03" in answer.text

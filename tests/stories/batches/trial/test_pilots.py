"""A pilot asks the first tasks, pauses the batch, and tells what was learnt."""

import json

import pytest

TEXTS = tuple(f"Is shop {n} open?" for n in range(8))


async def piloted(town, tasks=3, **given):
    """A batch of eight tasks, started with a pilot."""
    batch = await town.client.drafts(policy="fixed:2", price="5.00", **given)
    listed = [{"id": f"t{n}", "text": text} for n, text in enumerate(TEXTS, 1)]
    added = await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=listed)
    assert added.status_code == 201, added.text
    started = await town.client.asks("POST", f"/batches/{batch.id}/start", json={"pilot": tasks})
    assert started.status_code == 200, started.text
    return batch


async def answers(person, words="1"):
    """Answer every question until there is none; the number of answers."""
    before = len(await person.answers())
    await person.texts("WORK")
    for _ in range(20):
        reply = await person.texts(words)
        await person.town.answers_bells()
        if reply is None or "1 Yes" not in reply:
            break
    return len(await person.answers()) - before


@pytest.fixture
async def pair(town):
    return await town.enrols("amina"), await town.enrols("brian")


async def test_a_pilot_asks_its_tasks_only_and_pauses_the_batch(town, pair):
    amina, brian = pair
    batch = await piloted(town)
    assert await answers(amina) == 3
    assert (await batch.shows())["state"] == "running"
    assert await answers(brian) == 3
    await town.ticks()
    shown = await batch.shows()
    assert (shown["state"], shown["progress"]["answers"]) == ("paused", 6)
    pilot = (await town.client.asks("GET", f"/batches/{batch.id}/pilot")).json()
    assert pilot["state"] == "ended"
    learnt = pilot["learnt"]
    assert (learnt["tasks"], learnt["answers"], learnt["answers_per_task"]) == (3, 6, 2.0)
    assert (learnt["agreement"], learnt["unclear"], learnt["confusing"]) == (1.0, 0, [])
    assert (learnt["tasks_left"], learnt["answers_projected"]) == (5, 16)
    assert (learnt["spent_minor"], learnt["projected_minor"]) == (3000, 8000)
    assert learnt["seconds_projected"] >= 0
    assert await answers(amina) == 0, "nothing more is asked"


async def test_after_the_pilot_the_batch_goes_on_to_its_end(town, pair):
    batch = await piloted(town)
    for person in pair:
        await answers(person)
    await town.ticks()
    resumed = await town.client.asks("POST", f"/batches/{batch.id}/resume")
    assert resumed.json()["state"] == "running"
    again = await town.client.asks("POST", f"/batches/{batch.id}/resume")
    assert again.status_code == 200
    for person in pair:
        assert await answers(person) == 5
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    assert {one["answers"] for one in (await batch.results()).values()} == {2}
    await town.has_right_books()


async def test_texts_that_confused_workers_are_named(town, pair):
    amina, brian = pair
    batch = await piloted(town, tasks=2)
    await amina.texts("WORK")
    await amina.texts("hm hm")  # She does not understand the first question.
    await answers(amina, "1")
    await answers(brian, "2")
    await town.ticks()
    learnt = (await town.client.asks("GET", f"/batches/{batch.id}/pilot")).json()["learnt"]
    assert learnt["agreement"] == 0.5
    assert learnt["unclear"] == 1
    assert len(learnt["confusing"]) == 2
    assert max(one["unclear"] for one in learnt["confusing"]) == 1


async def test_a_question_that_is_open_at_the_pause_is_accepted_and_paid(town, pair):
    amina, brian = pair
    batch = await piloted(town, tasks=1)
    await answers(amina)
    await brian.texts("WORK")
    await town.client.asks("POST", f"/batches/{batch.id}/pause")
    reply = await brian.texts("1")
    assert "KES 5" in reply
    await town.answers_bells()
    assert await brian.balance_minor() == 500
    await town.has_right_books()


async def test_a_question_that_a_worker_holds_at_the_pilots_own_pause_is_paid(town, pair):
    """Brian holds a gold question when the last answer of the pilot's only task comes."""
    amina, brian = pair
    batch = await town.client.drafts(policy="fixed:1", price="5.00", gold_rate=0.5)
    rows = [{"id": f"t{n}", "text": text} for n, text in enumerate(TEXTS, 1)]
    gold = {"id": "g", "text": "Is the sky up?", "gold": "yes"}
    added = await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=[*rows, gold])
    assert added.status_code == 201, added.text
    started = await town.client.asks("POST", f"/batches/{batch.id}/start", json={"pilot": 1})
    assert started.status_code == 200, started.text
    assert "Is the sky up?" in await brian.texts("WORK"), "a new worker is tested first"
    for words in ("WORK", "1", "1"):  # gold, and then the task
        await amina.texts(words)
    await town.ticks()
    assert (await batch.shows())["state"] == "paused", "the pilot has paused it by itself"
    assert "Saved +KES 5" in await brian.texts("1")
    assert await brian.balance_minor() == 500
    assert (await batch.shows())["state"] == "paused"
    await town.has_right_books()


async def test_the_pause_after_a_pilot_is_told_with_its_reason(town, pair):
    hook = {"url": "https://example.org/hook", "events": ["batch.paused"], "description": "x"}
    made = await town.client.asks("POST", "/webhooks", json=hook)
    assert made.status_code == 201, made.text
    batch = await piloted(town)
    for person in pair:
        await answers(person)
    await town.ticks()
    await town.ticks()
    bodies = [
        json.loads(row["body"]) for row in await town.rt.db.rows("select body from webhook_message")
    ]
    assert [one["data"]["reason"] for one in bodies if one["type"] == "batch.paused"] == ["pilot"]
    assert bodies[0]["data"]["batch"] == batch.id


async def test_a_pilot_that_cannot_be_is_refused_with_the_reason(town):
    batch = await town.client.drafts()
    await town.client.asks(
        "POST", f"/batches/{batch.id}/tasks", json=[{"id": "1", "text": "Open?"}]
    )
    for body, status, words in (
        ({"pilot": 5}, 409, "no more than 5 tasks"),
        ({"pilot": 0}, 422, "pilot"),
        ({"trial": 5}, 422, "trial"),
    ):
        answer = await town.client.asks("POST", f"/batches/{batch.id}/start", json=body)
        assert answer.status_code == status, answer.text
        assert words in answer.text
    assert (await batch.shows())["state"] == "draft"
    none = await town.client.asks("GET", f"/batches/{batch.id}/pilot")
    assert none.status_code == 404
    draft = await town.client.asks("POST", f"/batches/{batch.id}/resume")
    assert draft.status_code == 409

# pyright: basic
"""A client changes a batch that runs: more answers, more tasks, a higher price, fewer tasks.

What a worker was told stays true, and each change sets aside or gives back exactly its money.
"""

import pytest


async def changed(batch, path, status=200, headers=None, **body):
    answer = await batch.client.asks(
        "POST", f"/batches/{batch.id}/{path}", json=body, headers=headers or {}
    )
    assert answer.status_code == status, answer.text
    return answer.json()


async def history(batch):
    found = (await batch.client.asks("GET", f"/batches/{batch.id}/history")).json()
    return [(one["what"], one["cost_minor"]) for one in found["changes"]]


async def hold(town, batch):
    """Return the money that is set aside for a batch, by its transfers."""
    return await town.value(
        """select coalesce(sum(case when t.credit = b.account_id then t.amount else -t.amount end), 0)::bigint
           from batch b join transfer t on b.account_id in (t.debit, t.credit) where b.id = $1""",
        batch.id,
    )


async def payable(town, batch):
    """Return what the open tasks of a batch may still cost."""
    return await town.value(
        """select coalesce(sum((t.maximum - t.answered) * b.price), 0)::bigint from task t join batch b on b.id = t.batch_id
           where b.id = $1 and t.state = 'open'""",
        batch.id,
    )


# --- more answers ---


async def test_undecided_tasks_get_more_answers_and_their_money_is_set_aside(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    batch = await town.posts_batch("Is it open?")
    before = await town.client.available_minor()
    told = await changed(batch, "extend", answers=1)
    assert (told["change"]["cost_minor"], told["enough"]) == (300, True)
    assert await town.client.available_minor() == before - 300
    await amina.texts("WORK")
    await amina.texts("1")
    assert (await batch.results())["t1"]["state"] == "open"
    await brian.texts("WORK")
    await brian.texts("1")
    await town.ticks()
    assert (await batch.results())["t1"]["answers"] == 2
    assert await hold(town, batch) == 0
    assert await history(batch) == [
        ("create", 0),
        ("start", 300),
        ("extend", 300),
        ("done", 0),
    ]
    await town.has_right_books()


async def test_a_dry_run_tells_the_price_and_changes_nothing(town):
    batch = await town.posts_batch("Is it open?")
    before = await batch.shows()
    told = await changed(batch, "extend?dry_run=1", answers=2)
    assert (told["dry_run"], told["change"]["cost_minor"]) == (True, 600)
    assert await batch.shows() == before
    assert await history(batch) == [("create", 0), ("start", 300)]


async def test_a_change_that_costs_too_much_names_both_figures(town):
    batch = await town.posts_batch("Is it open?")
    told = await changed(batch, "extend", status=402, answers=9999)
    assert "this change can cost up to KES 29,997" in told["detail"]
    assert "is available; top up first" in told["detail"]
    dry = await changed(batch, "extend?dry_run=1", answers=9999)
    assert (dry["enough"], dry["change"]["cost_minor"]) == (False, 2_999_700)
    assert await history(batch) == [("create", 0), ("start", 300)]
    await town.has_right_books()


async def test_a_repeated_request_with_a_key_changes_once(town):
    batch = await town.posts_batch("Is it open?")
    key = {"Idempotency-Key": "more-1"}
    first = await changed(batch, "extend", headers=key, answers=1)
    again = await changed(batch, "extend", headers=key, answers=1)
    assert again == first
    # The response was lost with its process before it was kept, but the change was made.
    await town.rt.db.execute("delete from idempotency where key = 'more-1'")
    third = await changed(batch, "extend", headers=key, answers=1)
    assert third["change"] == first["change"]
    assert [what for what, _ in await history(batch)] == ["create", "start", "extend"]


# --- tasks opened again ---


async def test_a_decided_task_of_a_finished_batch_is_opened_again(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    batch = await town.posts_batch("Is it open?", "Is it clean?")
    for _ in range(2):
        await amina.texts("WORK")
        await amina.texts("1")
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    free = await town.client.available_minor()
    told = await changed(batch, "reopen", tasks=["t1"], answers=1)
    assert told["batch"]["state"] == "running"
    assert told["change"]["cost_minor"] == 300
    assert await town.client.available_minor() == free - 300
    assert (await batch.results())["t1"]["state"] == "open"
    assert (await batch.results())["t2"]["state"] == "decided"
    await brian.texts("WORK")
    assert "Saved" in await brian.texts("1")
    await town.ticks()
    shown = await batch.shows()
    assert shown["state"] == "done"
    assert (shown["money"]["reserved_minor"], shown["money"]["spent_minor"]) == (900, 900)
    assert (await batch.results())["t1"]["answers"] == 2
    assert await hold(town, batch) == 0
    decision = (await batch.client.asks("GET", f"/batches/{batch.id}/tasks/t1/decision")).json()
    assert [one["value"] for one in decision["earlier"]] == ["yes"]
    await town.has_right_books()


async def test_tasks_that_cannot_be_opened_again_are_named_with_their_rows(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Is it open?", "Is it clean?")
    await amina.texts("WORK")
    await amina.texts("1")
    open_now = next(n for n, r in (await batch.results()).items() if r["state"] == "open")
    told = await changed(batch, "reopen", status=409, tasks=[open_now, "nothing"])
    assert [(one["row"], one["field"]) for one in told["errors"]] == [(1, "tasks"), (2, "tasks")]
    assert "is open already; POST /extend" in told["detail"]


# --- single tasks cancelled ---


async def test_a_cancelled_task_still_takes_the_answer_of_the_worker_who_holds_it(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Is it open?", policy="fixed:3")
    before = await town.client.available_minor()
    await amina.texts("WORK")
    told = await changed(batch, "cancel-tasks", tasks=["t1"])
    assert told["change"]["cost_minor"] == -600
    assert await town.client.available_minor() == before + 600
    await town.ticks()
    assert (await batch.shows())["state"] == "running", "it waits for Amina"
    assert "Saved +KES 3" in await amina.texts("1")
    assert await amina.earned_minor() == 300
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    assert (await batch.results())["t1"]["state"] == "cancelled"
    assert await hold(town, batch) == 0
    await town.has_right_books()


async def test_a_question_of_a_cancelled_task_that_lapses_goes_to_no_other_worker(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Is it open?", lease_s=600)
    await amina.texts("WORK")
    await batch.client.asks("POST", f"/batches/{batch.id}/tasks/t1/cancel")
    town.clock.advance(minutes=16)
    await town.ticks()
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    assert "question has closed" in await amina.texts("1") or await amina.earned_minor() == 0
    assert await hold(town, batch) == 0
    await town.has_right_books()


async def test_a_decided_task_is_not_cancelled(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Is it open?", "Is it clean?")
    await amina.texts("WORK")
    await amina.texts("1")
    done = next(n for n, r in (await batch.results()).items() if r["state"] == "decided")
    told = await changed(batch, "cancel-tasks", status=409, tasks=["t1", "t2"])
    assert f"the task '{done}' is decided" in told["detail"]
    assert {r["state"] for r in (await batch.results()).values()} == {"open", "decided"}


# --- the price ---


async def test_a_higher_price_is_for_workers_who_are_not_asked_yet(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    batch = await town.posts_batch("Is it open?", policy="fixed:2")
    assert "KES 3" in await amina.texts("WORK")
    told = await changed(batch, "price", price="5.00")
    assert told["change"]["cost_minor"] == 400
    assert told["change"]["after"] == {"price": "5", "told_before": 1}
    assert "Saved +KES 3" in await amina.texts("1")
    assert "KES 5" in await brian.texts("WORK")
    assert "Saved +KES 5" in await brian.texts("1")
    assert (await amina.earned_minor(), await brian.earned_minor()) == (300, 500)
    assert (await batch.shows())["money"]["spent_minor"] == 800
    await town.ticks()
    assert await hold(town, batch) == 0
    assert (await batch.shows())["money"]["released_minor"] == 200
    await town.has_right_books()


async def test_a_question_that_is_asked_again_is_asked_at_the_new_price(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Is it open?", lease_s=600)
    await amina.texts("WORK")
    await changed(batch, "price", price="5.00")
    town.clock.advance(minutes=16)
    await town.ticks()
    assert "KES 5" in await amina.texts("WORK")
    assert "Saved +KES 5" in await amina.texts("1")
    await town.has_right_books()


async def test_several_questions_of_one_message_keep_the_price_that_it_told(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Is it open?", "Is it clean?", pack="auto")
    told = await amina.texts("WORK")
    assert "1)" in told and "KES 3" in told
    await changed(batch, "price", price="5.00")
    await amina.texts("1A 2A")
    assert await amina.earned_minor() == 600
    await town.has_right_books()


async def test_a_price_is_never_lowered(town):
    batch = await town.posts_batch("Is it open?")
    told = await changed(batch, "price", status=422, price="2.00")
    assert "can be raised and never lowered" in told["detail"]
    assert told["errors"][0]["field"] == "price"


# --- an open batch ---


async def adds(batch, *texts, query="", name="new"):
    listed = [{"id": f"{name}-{n}", "text": text} for n, text in enumerate(texts, 1)]
    return await batch.client.asks("POST", f"/batches/{batch.id}/tasks{query}", json=listed)


async def test_tasks_are_added_to_an_open_batch_until_it_is_finished(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Is it open?", open=True)
    await amina.texts("WORK")
    await amina.texts("1")
    await town.ticks()
    assert (await batch.shows())["state"] == "running", "an open batch does not close by itself"
    before = await town.client.available_minor()
    priced = (await adds(batch, "Is it clean?", query="?dry_run=1")).json()
    assert (priced["dry_run"], priced["cost_minor"]) == (True, 300)
    assert await town.client.available_minor() == before
    added = await adds(batch, "Is it clean?")
    assert added.status_code == 201, added.text
    assert added.json()["cost_minor"] == 300
    assert await town.client.available_minor() == before - 300
    assert "Is it clean?" in await amina.texts("WORK")
    await amina.texts("2")
    await changed(batch, "finish")
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    assert (await adds(batch, "Is it far?", name="later")).status_code == 409
    assert await hold(town, batch) == 0
    assert await history(batch) == [
        ("create", 0),
        ("start", 300),
        ("add_tasks", 300),
        ("finish", 0),
        ("done", 0),
    ]
    await town.has_right_books()


async def test_tasks_for_which_the_money_is_missing_are_not_added(town):
    poor = await town.new_client("Poor", money_minor=700)
    batch = await poor.posts_batch("Is it open?", open=True)
    refused = await adds(batch, "Is it clean?", "Is it far?")
    assert refused.status_code == 402
    assert "can cost up to KES 6, but only KES 4" in refused.json()["detail"]
    assert (await batch.shows())["progress"]["tasks"] == 1
    assert await town.count("task", "batch_id = $1", batch.id) == 1
    await town.has_right_books()


async def test_a_batch_that_is_not_open_takes_no_tasks_while_it_runs(town):
    batch = await town.posts_batch("Is it open?")
    refused = await adds(batch, "Is it clean?")
    assert refused.status_code == 409
    assert "open: true" in refused.json()["detail"]


async def test_an_open_batch_may_start_without_tasks(town):
    amina = await town.enrols("amina")
    batch = await town.client.drafts(open=True)
    await batch.changes("start")
    await adds(batch, "Is it open?")
    assert "Is it open?" in await amina.texts("WORK")


# --- deadlines ---


async def deadline(town, **ahead):
    from datetime import timedelta

    return (town.clock.now() + timedelta(**ahead)).isoformat()


async def test_at_its_deadline_a_batch_closes_with_what_there_is(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    batch = await town.posts_batch(
        "Is it open?", "Is it clean?", policy="fixed:3", deadline=await deadline(town, hours=2)
    )
    await amina.texts("WORK")
    await amina.texts("1")
    await brian.texts("WORK")
    town.clock.advance(hours=2, minutes=1)
    await town.rt.db.execute("update assignment set lease_until = now() + interval '9 days'")
    await town.ticks()
    shown = await batch.shows()
    assert shown["state"] == "running"
    assert shown["ends_at"]
    assert "No questions now" in (await (await town.enrols("carol")).texts("WORK"))
    assert "Saved +KES 3" in await brian.texts("1")
    assert "Saved +KES 3" in await amina.texts("1"), "she held the next question already"
    await town.ticks()
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    states = {one["state"] for one in (await batch.results()).values()}
    assert "open" not in states
    assert await hold(town, batch) == 0
    assert [what for what, _ in await history(batch)] == ["create", "start", "deadline", "done"]
    await town.has_right_books()


async def test_at_its_deadline_a_batch_may_pause(town):
    batch = await town.posts_batch(
        "Is it open?", deadline=await deadline(town, hours=2), at_deadline="pause"
    )
    town.clock.advance(hours=2, minutes=1)
    await town.ticks()
    assert (await batch.shows())["state"] == "paused"
    refused = await batch.client.asks("POST", f"/batches/{batch.id}/start")
    assert refused.status_code == 409
    assert "POST /extend with a later deadline" in refused.json()["detail"]
    await changed(batch, "extend", deadline=None)
    assert (await batch.changes("start"))["state"] == "running"


async def test_a_deadline_in_the_past_is_refused(town):
    batch = await town.posts_batch("Is it open?")
    told = await changed(batch, "extend", status=422, deadline="2020-01-01T00:00:00Z")
    assert told["errors"][0]["field"] == "deadline"


# --- refusals say the state and what to do ---


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("extend", {"answers": 1}, "the batch is draft: PATCH it instead"),
        ("price", {"price": "9.00"}, "the batch is draft: PATCH it with another price"),
        ("finish", {}, "the batch is draft: PATCH it with open: false"),
        ("reopen", {"tasks": ["t1"]}, "the batch is draft: no task of it is decided"),
        ("cancel-tasks", {"tasks": ["t1"]}, "the batch is draft: no worker is asked yet"),
    ],
)
async def test_a_refused_change_names_the_state_and_the_cure(town, path, body, says):
    draft = await town.client.drafts()
    told = await changed(draft, path, status=409, **body)
    assert told["detail"].startswith(says)
    stranger = await town.new_client("Stranger")
    path = f"/batches/{draft.id}/{path}"
    assert (await stranger.asks("POST", path, json=body)).status_code == 404

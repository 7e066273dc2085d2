# pyright: basic
"""A client edits, copies and deletes drafts.

A change that one of the tasks does not fit is refused with its row, and nothing is changed then.
"""

import pytest

from gateway.api.client.life.order import changed_order, order_of

SHOP = {"id": "1", "text": "Mama Njeri", "gold": "shop", "gold_reason": "it sells flour"}
CLINIC = {"id": "2", "text": "Kibera Drive"}
KINDS = {"kind": "categorisation", "options": ["shop", "clinic"], "gold_rate": 0.1}


async def edits(draft, status=200, **fields):
    answer = await draft.client.asks("PATCH", f"/batches/{draft.id}", json=fields)
    assert answer.status_code == status, answer.text
    return answer.json()


async def fills(draft, *tasks):
    added = await draft.client.asks("POST", f"/batches/{draft.id}/tasks", json=list(tasks))
    assert added.status_code == 201, added.text


async def tasks_of(batch):
    found = (await batch.client.asks("GET", f"/batches/{batch.id}/tasks")).json()
    return [(one["id"], one["text"], one["gold"], one["columns"]) for one in found["tasks"]]


async def copies(batch, status=201, **given):
    answer = await batch.client.asks("POST", f"/batches/{batch.id}/copy", json=given)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_every_field_of_a_draft_can_be_edited(town):
    draft = await town.client.drafts()
    shown = await edits(
        draft,
        name="Clinics",
        kind="categorisation",
        options=["shop", "clinic"],
        instructions="What is it?",
        price="4.50",
        languages=["en"],
        policy="dynamic",
        order="breadth",
        worker_max=7,
        labels={"project": "kibera"},
        deadline="2099-01-01T00:00:00Z",
        at_deadline="pause",
        open=True,
        review={"price": "9.00"},
    )
    assert (shown["name"], shown["kind"], shown["price_minor"]) == (
        "Clinics",
        "categorisation",
        450,
    )
    assert [one["id"] for one in shown["options"]] == ["shop", "clinic"]
    assert (shown["policy"], shown["order"], shown["worker_max"]) == ("dynamic", "breadth", 7)
    assert (shown["labels"], shown["open"], shown["at_deadline"]) == (
        {"project": "kibera"},
        True,
        "pause",
    )
    again = await edits(draft, open=False, deadline=None, worker_max=None)
    assert (again["open"], again["deadline"], again["worker_max"]) == (False, None, None)
    assert again["name"] == "Clinics", "what is left out stays"
    found = (await draft.client.asks("GET", f"/batches/{draft.id}/history")).json()["changes"]
    assert [one["what"] for one in found] == ["create", "edit", "edit"]
    assert found[2]["before"]["worker_max"] == 7


async def test_the_price_of_a_draft_is_quoted_again_after_an_edit(town):
    draft = await town.client.drafts()
    await fills(draft, CLINIC)
    await edits(draft, price="10.00", policy="fixed:3")
    quoted = (await draft.client.asks("GET", f"/batches/{draft.id}/quote")).json()
    assert (quoted["most_minor"], quoted["answers_maximum"]) == (3000, 3)
    assert (await draft.changes("start"))["money"]["reserved_minor"] == 3000
    await town.has_right_books()


async def test_workers_are_asked_what_was_edited_last(town):
    amina = await town.enrols("amina")
    draft = await town.client.drafts()
    await fills(draft, CLINIC)
    await edits(draft, instructions="What is here?", price="7.00")
    await draft.changes("start")
    told = await amina.texts("WORK")
    assert "What is here?" in told
    assert "KES 7" in told
    assert "Saved +KES 7" in await amina.texts("1")


async def test_an_edit_that_a_task_does_not_fit_is_refused_with_its_row(town):
    draft = await town.client.drafts(**KINDS)
    await fills(draft, CLINIC, SHOP)
    told = await edits(draft, 422, options=["house", "clinic"])
    assert [(one["row"], one["field"]) for one in told["errors"]] == [(2, "gold")]
    assert "shop" in told["detail"]
    told = await edits(draft, 422, gold_rate=0)
    assert told["errors"][0]["field"] == "gold"
    assert [one[0] for one in await tasks_of(draft)] == ["2", "1"]
    shown = await draft.shows()
    assert [one["id"] for one in shown["options"]] == ["shop", "clinic"]


async def test_an_edit_keeps_tasks_gold_and_own_columns(town):
    draft = await town.client.drafts(**KINDS)
    await fills(draft, {**SHOP, "ward": "Makina"}, CLINIC)
    before = await tasks_of(draft)
    await edits(draft, options=["shop", "clinic", "house"], policy="fixed:2")
    assert await tasks_of(draft) == before
    assert before[0][2:] == ("shop", {"ward": "Makina"})


async def test_a_field_that_does_not_exist_or_is_wrong_is_named(town):
    draft = await town.client.drafts()
    assert (await edits(draft, 422, prize="3.00"))["errors"][0]["field"] == "prize"
    assert (await edits(draft, 422, price="-3"))["errors"][0]["field"] == "price"
    assert (await edits(draft, 422, name=None))["errors"][0]["field"] == "name"


async def test_only_labels_of_a_batch_that_runs_can_be_edited(town):
    batch = await town.posts_batch("Is it open?")
    shown = await edits(batch, labels={"phase": "two"})
    assert shown["labels"] == {"phase": "two"}
    told = await edits(batch, 409, name="Other")
    assert told["detail"].startswith("the batch is running: POST /price, /extend or /finish")
    await batch.changes("cancel")
    assert (await edits(batch, labels={}))["labels"] == {}
    assert "POST /copy" in (await edits(batch, 409, name="Other"))["detail"]


async def test_a_draft_is_deleted_with_its_tasks(town):
    draft = await town.client.drafts(**KINDS)
    await fills(draft, SHOP, CLINIC)
    path = f"/batches/{draft.id}"
    assert (await draft.client.asks("DELETE", path)).status_code == 204
    assert (await draft.client.asks("GET", path)).status_code == 404
    assert (await draft.client.asks("DELETE", path)).status_code == 404
    assert await town.count("task", "batch_id = $1", draft.id) == 0
    await town.has_right_books()


async def test_a_draft_whose_shares_are_on_record_is_not_deleted(town):
    """The decisions about partners' shares are kept, so the draft is cancelled instead."""
    draft = await town.client.drafts(**KINDS)
    await town.rt.db.execute(
        """insert into batch_share_event (batch_id, shares, proposed, by_whom, reason)
           values ($1, '{}', '{}', 'Ann', 'a trial')""",
        draft.id,
    )
    refused = await draft.client.asks("DELETE", f"/batches/{draft.id}")
    assert (refused.status_code, "POST /cancel ends it" in refused.text) == (409, True)
    assert (await draft.client.asks("GET", f"/batches/{draft.id}")).status_code == 200


@pytest.mark.parametrize("change", ["pause", "cancel"])
async def test_what_has_started_is_not_deleted(town, change):
    batch = await town.posts_batch("Is it open?")
    await batch.changes(change)
    refused = await batch.client.asks("DELETE", f"/batches/{batch.id}")
    assert refused.status_code == 409
    assert "only a draft can be deleted" in refused.json()["detail"]


async def test_a_finished_batch_is_copied_with_its_tasks_and_gold(town):
    amina = await town.enrols("amina")
    chosen = (await town.client.asks("GET", "/audience")).json()["workers"][0]["id"]
    batch = await town.client.posts_batch(
        tasks=[{**SHOP, "ward": "Makina"}, {**CLINIC, "audience": {"workers": [chosen]}}],
        labels={"project": "kibera"},
        needs_lesson=False,
        **KINDS,
    )
    await amina.texts("WORK")
    await batch.changes("cancel")
    plain = await copies(batch)
    assert (plain["state"], plain["progress"]["tasks"]) == ("draft", 0)
    assert plain["labels"] == {"project": "kibera"}
    whole = await copies(batch, tasks=True, name="Again")
    assert (whole["name"], whole["progress"]["tasks"], whole["progress"]["golds"]) == (
        "Again",
        1,
        1,
    )
    copy = type(batch)(batch.client, whole["id"])
    assert await tasks_of(copy) == await tasks_of(batch)
    assert (await copy.changes("start"))["state"] == "running"
    await town.has_right_books()


async def test_a_repeated_copy_with_a_key_is_one_draft(town):
    draft = await town.client.drafts()
    path, key = f"/batches/{draft.id}/copy", {"Idempotency-Key": "copy-1"}
    first = (await draft.client.asks("POST", path, json={}, headers=key)).json()
    again = (await draft.client.asks("POST", path, json={}, headers=key)).json()
    assert first["id"] == again["id"] != draft.id


async def test_a_batch_of_another_client_is_not_there(town):
    draft = await town.client.drafts()
    stranger = await town.new_client("Stranger")
    path = f"/batches/{draft.id}"
    for method, where, body in (
        ("PATCH", path, {"name": "Mine"}),
        ("PATCH", path, {"labels": {"a": "b"}}),
        ("DELETE", path, None),
        ("POST", f"{path}/copy", {}),
        ("GET", f"{path}/history", None),
    ):
        assert (await stranger.asks(method, where, json=body)).status_code == 404, where


# --- the language of the texts ---


async def test_only_workers_of_the_language_of_the_texts_are_asked(town):
    amina, juma = await town.enrols("amina"), await town.enrols("juma", language="sw")
    batch = await town.posts_batch("Duka limefunguliwa?", language="sw")
    shown = await batch.shows()
    assert (shown["language"], shown["languages"]) == ("sw", ["sw"])
    assert "Duka limefunguliwa?" not in await amina.texts("WORK")
    assert "Duka limefunguliwa?" in await juma.texts("WORK")


async def test_the_client_may_ask_workers_of_any_language(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Duka limefunguliwa?", language="sw", any_language=True)
    assert (await batch.shows())["languages"] == []
    assert "Duka limefunguliwa?" in await amina.texts("WORK")


async def test_workers_of_another_language_than_the_texts_are_named_only_on_purpose(town):
    body = {
        "name": "S",
        "kind": "verification",
        "instructions": "?",
        "price": "3",
        "language": "sw",
    }
    refused = await town.client.asks("POST", "/batches", json={**body, "languages": ["en"]})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "languages"
    assert "any_language: true" in refused.json()["detail"]


async def test_the_quote_counts_the_workers_of_the_language(town):
    await town.enrols("amina")
    draft = await town.client.drafts(language="sw")
    await fills(draft, CLINIC)
    quoted = (await draft.client.asks("GET", f"/batches/{draft.id}/quote")).json()
    assert (quoted["can_finish"], quoted["workers"]) == (False, 0)
    await edits(draft, any_language=True)
    quoted = (await draft.client.asks("GET", f"/batches/{draft.id}/quote")).json()
    assert (quoted["can_finish"], quoted["workers"]) == (True, 1)


# --- an order is read back as it was given ---


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"language": "sw", "labels": {"a": "b"}, "open": True},
        {"languages": ["en", "sw"], "policy": "worth:900", "review_price": "2.50"},
        {**KINDS, "rotate": False, "pack": 4, "promote_gold": True, "gold_rate": 0.05},
        {"kind": "transcription", "value": "date", "confidence": 0.97, "lease_s": 900},
        {"audit": {"price": "4.00"}, "review": {"price": "9.00", "share": 0.5}, "accept_h": 9},
        {"gold_rate": 0.1, "qualification": {"min_skill": 0.8}, "worker_day_max": 3},
        {
            "kind": "entry",
            "policy": "double",
            "fields": [{"id": "fee", "type": "money", "min": 10}],
        },
        {"deadline": "2099-01-01T00:00:00Z", "at_deadline": "pause", "any_language": True},
    ],
)
async def test_the_order_of_a_stored_batch_makes_the_same_batch(town, given):
    from gateway.store.batches import plans

    draft = await town.client.drafts(**given)

    async def order(batch_id):
        planned = await plans.of_batch(town.rt.db, batch_id)
        labels = given.get("labels", {})
        batch = await town.rt.batches.fresh(batch_id)
        return order_of(batch, planned.plan if planned else None, labels)

    first = await order(draft.id)
    changed_order(first, {})
    copy = await copies(draft)
    second = await order(copy["id"])
    deadline = first.pop("deadline", None)
    assert first == second
    assert (deadline is None) == ("deadline" not in given)

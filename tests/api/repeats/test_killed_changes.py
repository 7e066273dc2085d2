# pyright: basic
"""A change is made once, although its process is killed before it answers, on every route.

The request is sent again under its `Idempotency-Key`, and gets the answer that it would have got.
"""

import pytest

from tests.api.repeats.test_killed_repeats import is_killed, sent
from tests.stories.messages.test_client_webhooks import receiving
from tests.stories.quality.test_five_steps import KEYS, answered
from tests.stories.quality.test_forgiveness import kiosks
from tests.stories.quality.test_judgement import in_review

WANJIKU = {"by": "Wanjiku", "reason": "a kiosk is a shop here"}


async def rows(town):
    """Return the number of rows of every table."""
    names = await town.rt.db.rows(
        """select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition"""
    )
    return {
        row["name"]: await town.count(row["name"]) for row in names if row["name"] != "idempotency"
    }


async def is_made_once(town, monkeypatch, method, path, **given):
    """Kill the process behind the change, and return the answer to the repeated request."""
    ask = sent(town.client, method, path, key=f"{method} {path}", **given)
    await is_killed(monkeypatch, ask)
    made = await rows(town)
    again = await ask()
    assert again.is_success, (method, path, again.text)
    assert await rows(town) == made, (method, path)
    third = await ask()
    assert third.headers["idempotent-replayed"] == "true"
    assert third.content == again.content or third.json() == again.json()
    return again


@pytest.fixture
def once(town, monkeypatch):
    async def made(method, path, **given):
        return await is_made_once(town, monkeypatch, method, path, **given)

    return made


async def test_a_test_message_and_a_replay_are_sent_once(town, configure, once):
    configure(local_phone=True)
    async with receiving(town) as receiver:
        path = f"/webhooks/{receiver.id}"
        tested = (await once("POST", f"{path}/test")).json()
        await town.answers_bells()
        assert receiver.told == ["webhook.test"]
        replay = f"{path}/deliveries/{tested['id']}/replay"
        assert (await once("POST", replay)).json()["message"] == tested["message"]
        await town.answers_bells()
        assert [message for message, _ in receiver.diary] == [tested["message"]] * 2


async def test_a_replay_that_arrived_is_not_sent_again_by_its_repetition(
    town, configure, monkeypatch
):
    configure(local_phone=True)
    async with receiving(town) as receiver:
        path = f"/webhooks/{receiver.id}"
        tested = (await town.client.asks("POST", f"{path}/test")).json()
        await town.answers_bells()
        ask = sent(town.client, "POST", f"{path}/deliveries/{tested['id']}/replay")
        await is_killed(monkeypatch, ask)
        await town.ticks(minutes=2)
        assert (await ask()).json()["state"] == "delivered"
        await town.ticks(minutes=2)
        assert len(receiver.diary) == 2


async def test_what_was_deleted_is_deleted_for_the_repeated_request(town, once):
    hook = await town.client.asks("POST", "/webhooks", json={"url": "https://example.org/hook"})
    assert (await once("DELETE", f"/webhooks/{hook.json()['id']}")).status_code == 204
    draft = await town.client.drafts()
    assert (await once("DELETE", f"/batches/{draft.id}")).status_code == 204
    assert await town.count("batch") == 0


async def test_a_decision_is_told_to_who_made_it(town, once):
    batch = await in_review(town)
    path = f"/batches/{batch.id}/tasks/t1/decision"
    told = (await once("POST", path, json={"value": "No", "by": "Wanjiku"})).json()
    assert told == (await town.client.asks("GET", path)).json()
    assert (await batch.results())["t1"]["value"] == "no"


async def test_corrections_are_made_once(town, once):
    batch, _ = await kiosks(town, policy="fixed:5")
    path = f"/batches/{batch.id}/options"
    label = {"label": "wooden kiosk", "misled": True, **WANJIKU}
    assert (await once("POST", f"{path}/kiosk/label", json=label)).json()["void"] == 4
    same = await once("POST", f"{path}/house/same", json={"same_as": "school", **WANJIKU})
    assert same.json()["renamed"] == 0


async def test_gold_is_corrected_once(town, once):
    amina = await town.enrols("amina")
    gold = [{"id": "g", "text": "Gold?", "gold": "yes"}]
    batch = await town.posts_batch("Shop?", tasks=gold, gold_rate=0.5, entry_gold=1)
    assert "Gold" in await amina.texts("WORK")
    await amina.texts("2")
    said = {"value": "no", **WANJIKU}
    told = (await once("POST", f"/batches/{batch.id}/gold/g/correct", json=said)).json()
    assert [(one["was_right"], one["is_right"]) for one in told["answers"]] == [(False, True)]


async def test_a_rule_is_tried_and_switched_once(town, once):
    people = [await town.enrols(name) for name in ("amina", "brian")]
    batch = await town.posts_batch("Shop 1?", "Shop 2?", policy="fixed:3")
    for person in people:
        await person.texts("WORK")
        for _ in range(2):
            await person.texts("1")
    path = f"/batches/{batch.id}/rules"
    said = {"policy": "fixed:2", "by": "Wanjiku"}
    tried = (await once("POST", f"{path}/trials", json=said)).json()
    await once("POST", f"{path}/{tried['version']}/switch", json=WANJIKU)
    assert {one["state"] for one in (await batch.results()).values()} == {"decided"}


async def test_an_auditors_judgement_is_stored_once(town, once):
    batch = await answered(town, 6, audit={"promise": 0.5, "half_width": 0.2})
    first = (await town.client.asks("GET", f"/batches/{batch.id}/audit/next")).json()["task"]
    path = f"/batches/{batch.id}/audit/tasks/{first}"
    told = (await once("POST", path, json={"value": "yes", "by": "Wanjiku"})).json()
    assert told["task"] not in (first, None)


async def test_a_repeated_refusal_leaves_what_a_person_decided_since(town, monkeypatch):
    batch = await answered(town, 3)
    said = {"tasks": ["t2"], "reason": "it is closed", "by": "Wanjiku"}
    ask = sent(town.client, "POST", f"/batches/{batch.id}/refuse", json=said)
    await is_killed(monkeypatch, ask)
    decided = f"/batches/{batch.id}/tasks/t2/decision"
    await town.client.asks("POST", decided, json={"value": "no", "by": "Wanjiku"})
    assert (await ask()).json()["tasks"] == ["t2"]
    assert (await batch.results())["t2"]["state"] == "decided"


async def test_changes_of_a_running_batch_are_made_once(town, once):
    await town.enrols("amina")
    batch = await town.posts_batch(*(f"Shop {n}?" for n in range(5)), open=True)
    await town["amina"].texts("WORK")
    await town["amina"].texts("1")
    (done,) = [name for name, one in (await batch.results()).items() if one["value"]]
    worker = await town["amina"].pseudonym()
    path = f"/batches/{batch.id}"
    for method, where, said in (
        ("POST", "/extend", {"answers": 1}),
        ("POST", "/reopen", {"tasks": [done], "answers": 1}),
        ("POST", "/price", {"price": "4.00"}),
        ("POST", "/cancel-tasks", {"tasks": ["t5"]}),
        ("POST", "/tasks/t4/cancel", None),
        ("POST", "/finish", None),
        ("PATCH", "", {"labels": {"town": "Kibera"}}),
        ("POST", "/bonuses", {"worker": worker, "amount": "5.00", "reason": "quick and right"}),
        ("POST", "/pause", None),
        ("POST", "/resume", None),
        ("POST", "/cancel", None),
    ):
        await once(method, path + where, **({"json": said} if said is not None else {}))
    await town.has_right_books()


async def test_an_edit_and_an_acceptance_are_made_once(town, once):
    draft = await town.client.drafts()
    await once("PATCH", f"/batches/{draft.id}", json={"name": "Other shops"})
    shares = {"shares": {}, "by": "Wanjiku", "reason": "all may work"}
    await once("PUT", f"/batches/{draft.id}/shares", json=shares)
    batch = await answered(town, 2)
    await once("POST", f"/batches/{batch.id}/accept", json={"by": "Wanjiku"})
    assert [await town[name].balance_minor() for name in KEYS] == [600, 600]


async def test_a_repeated_start_leaves_a_batch_paused_that_was_paused_since(town, monkeypatch):
    batch = await town.client.drafts()
    tasks = [{"id": "t1", "text": "Is it open?"}]
    await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=tasks)
    ask = sent(town.client, "POST", f"/batches/{batch.id}/start")
    await is_killed(monkeypatch, ask)
    await batch.changes("pause")
    assert (await ask()).json()["state"] == "paused"
    await batch.changes("resume")
    assert (await ask()).headers["idempotent-replayed"] == "true"
    assert (await batch.shows())["state"] == "running"

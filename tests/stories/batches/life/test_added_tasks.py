# pyright: basic
"""Tasks are added to a batch that runs: their money, the key that may commit it, and partners."""

from gateway.steps.people import api_keys
from gateway.steps.people.api_keys import WantedKey
from gateway.tasks.shares import deal_tasks


async def adds(batch, *names, key=None, **query):
    rows = [{"id": name, "text": f"Is shop {name} open?"} for name in names]
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return await batch.client.asks(
        "POST", f"/batches/{batch.id}/tasks", json=rows, params=query, headers=headers
    )


async def a_key(town, scopes):
    return await api_keys.add_key(town.rt, town.client.id, WantedKey(scopes=scopes))


async def test_a_key_that_may_not_commit_money_fills_drafts_only(town):
    filler = await a_key(town, "batches:read,batches:write")
    batch = await town.client.drafts(open=True)
    assert (await adds(batch, "a", key=filler)).status_code == 201
    await batch.changes("start")
    refused = await adds(batch, "b", key=filler)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert "money:write" in refused.json()["detail"]
    assert await town.count("task", "batch_id = $1", batch.id) == 1
    priced = await adds(batch, "b", key=filler, dry_run=1)
    assert (priced.status_code, priced.json()["cost_minor"]) == (201, 300)
    payer = await a_key(town, "batches:write,money:write")
    assert (await adds(batch, "b", key=payer)).status_code == 201


async def kept(town, batch):
    rows = await town.rt.db.rows(
        """select t.name, p.code from task t left join partner p on p.id = t.kept_for
           where t.batch_id = $1 order by t.position""",
        batch.id,
    )
    return {row["name"]: row["code"] for row in rows}


async def test_added_tasks_are_dealt_to_partners_like_the_first_ones(town):
    batch = await town.client.drafts(open=True, shares={"KIBERA": 0.5})
    await adds(batch, "a", "b", "c")
    await batch.changes("start")
    for name in "defgh":
        assert (await adds(batch, name)).status_code == 201
    dealt = await kept(town, batch)
    assert list(dealt.values()) == list(deal_tasks(8, {"KIBERA": 0.5}))
    shown = (await batch.shows())["shares"]
    assert [(one["partner"], one["tasks"]) for one in shown] == [("KIBERA", 4)]


async def test_a_partners_added_tasks_are_asked_of_its_workers_only_and_then_of_all(town):
    amina = await town.enrols("amina")
    await town.opens_centre("MATHARE", "Mathare Youth")
    batch = await town.client.drafts(open=True, shares={"MATHARE": 1.0})
    await batch.changes("start")
    await adds(batch, "a")
    assert "No questions now" in await amina.texts("WORK"), "it is kept for Mathare's workers"
    town.clock.advance(hours=73)
    await town.rt.db.execute("update batch set kept_until = now() - interval '1 hour'")
    await adds(batch, "b")
    assert await kept(town, batch) == {"a": None, "b": "MATHARE"}
    assert "Is shop a open?" in await amina.texts("WORK"), "the time for the first task was over"
    assert "Is shop b open?" not in await amina.texts("1")


async def test_a_dry_run_deals_nothing(town):
    batch = await town.client.drafts(open=True, shares={"KIBERA": 0.5})
    await adds(batch, "a", "b")
    await batch.changes("start")
    before = await town.value("select kept_until from batch where id = $1", batch.id)
    assert (await adds(batch, "c", dry_run=1)).status_code == 201
    assert await town.value("select kept_until from batch where id = $1", batch.id) == before
    assert set(await kept(town, batch)) == {"a", "b"}

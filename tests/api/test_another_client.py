"""Another client's objects do not exist, on every address and with every method."""

import httpx2

from tests.support.operations import operations_of
from tests.support.projects import makes_project

HOOK = {"url": "https://example.org/hook"}
CSV = b"text\nIs it open?\n"


async def objects_of(client) -> dict[str, str]:
    """Return the ids of one object of each kind, all of one client."""
    batch = await client.posts_batch("Is it open?", name="Secret shops")
    hook = (await client.asks("POST", "/webhooks", json=HOOK)).json()
    delivery = (await client.asks("POST", f"/webhooks/{hook['id']}/test")).json()
    project = await makes_project(client, "check-list", "text,gold\nIs it open?,yes\n")
    wanted = {"what": "results", "format": "csv"}
    export = (await client.asks("POST", f"/batches/{batch.id}/exports", json=wanted)).json()
    return {"batch": batch.id, "task": "t1", "option": "yes", "webhook": hook["id"],
            "delivery": str(delivery["id"]), "project": project.id, "job": export["id"]}  # fmt: skip


async def test_every_operation_on_another_clients_object_is_a_404(town, configure):
    configure(requests_per_minute=0)
    mine, spy = await objects_of(town.client), await town.new_client("Spy", 100_000)
    before = await state_of(town)
    tried = 0
    for each in await operations_of(town):
        if not each.names:
            continue
        for key in (None, "k1"):
            answer = await asks(town, spy.key, each, mine, key)
            assert answer.status_code == 404, (each.id, answer.status_code, answer.text)
            assert answer.json()["code"] == "not_found", each.id
            assert "Secret" not in answer.text, "the name is not told either"
            tried += 1
    assert tried > 80
    assert await state_of(town) == before, "and nothing changed"


async def test_another_clients_ids_inside_ones_own_objects_are_a_404(town, configure):
    """The outer object is the caller's own, and an inner one is not."""
    configure(requests_per_minute=0)
    mine, spy = await objects_of(town.client), await town.new_client("Spy", 100_000)
    theirs = await objects_of(spy)
    tried = set[str]()
    for each in await operations_of(town):
        for inner in {"delivery", "job"} & set(each.names):
            answer = await asks(town, spy.key, each, {**theirs, inner: mine[inner]}, None)
            assert answer.status_code == 404, (each.id, answer.text)
            tried.add(each.id)
    assert {"replay_delivery", "get_import", "get_export", "get_export_file"} <= tried


async def asks(town, key, operation, ids, idempotency_key) -> httpx2.Response:
    """Send what the document gives as an example, so that only the object is wrong."""
    headers = {"Authorization": f"Bearer {key}"}
    if idempotency_key:
        headers["Idempotency-Key"] = f"{idempotency_key}-{operation.id}"
    content, given = operation.said.get("requestBody", {}).get("content", {}), {}
    if "application/json" in content:
        given["json"] = content["application/json"].get("example", [])
    elif content:
        given, headers["Content-Type"] = {"content": CSV}, "text/csv"
    path = operation.path(**ids)
    return await town.http.request(operation.method, path, headers=headers, **given)


async def state_of(town) -> list:
    """Return what a change would show in."""
    return [
        [dict(row) for row in await town.rt.db.rows(query)]
        for query in (
            "select id, name, state, labels from batch order by id",
            "select name, state, value from task order by id",
            "select id, url, state, description from webhook order by id",
            "select id, state from project order by id",
            "select count(*) from webhook_delivery",
            "select count(*) from idempotency",
        )
    ]

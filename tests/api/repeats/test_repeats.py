"""A change that is sent again under its `Idempotency-Key` is made once, on every route."""

from gateway.steps.housekeeping.sweep import sweep
from tests.support.operations import CHANGING, operations_of

BATCH = {"name": "Shops", "kind": "verification", "instructions": "Is it true?", "price": "3.00"}
TASKS = b"id,text\n1,Is it open?\n2,Is it clean?\n"
CSV = {"Content-Type": "text/csv"}


async def twice(town, method, path, key, **given):
    headers = {"Idempotency-Key": key, **given.pop("headers", {})}
    first = await town.client.asks(method, path, headers=headers, **given)
    again = await town.client.asks(method, path, headers=headers, **given)
    return first, again


async def test_each_change_of_a_clients_day_is_made_once(town):
    batch = await town.client.drafts()
    hook = {"url": "https://example.org/hook"}
    made = (await town.client.asks("POST", "/webhooks", json=hook)).json()["id"]
    path = f"/batches/{batch.id}"
    for method, where, given in (
        ("POST", "/batches", {"json": BATCH}),
        ("POST", f"{path}/tasks", {"content": TASKS, "headers": CSV}),
        ("POST", f"{path}/start", {}),
        ("POST", f"{path}/pause", {}),
        ("POST", f"{path}/cancel", {}),
        ("POST", "/webhooks", {"json": hook}),
        ("PATCH", f"/webhooks/{made}", {"json": {"description": "ours"}}),
        ("POST", f"/webhooks/{made}/secret", {}),
        ("POST", f"/webhooks/{made}/test", {}),
        ("DELETE", f"/webhooks/{made}", {}),
    ):
        first, again = await twice(town, method, where, f"{method} {where}", **given)
        assert first.is_success, (method, where, first.text)
        assert "idempotent-replayed" not in first.headers
        assert again.status_code == first.status_code, (method, where, again.text)
        assert again.headers["idempotent-replayed"] == "true", (method, where)
        assert again.headers.get("location") == first.headers.get("location")
        assert (again.json() if again.content else b"") == (first.json() if first.content else b"")
    assert await town.count("batch") == 2
    assert await town.count("task") == 2
    assert await town.count("webhook") == 1


async def test_every_changing_route_repeats_its_answer(town, configure):
    """The answer that was kept under a key comes back, whichever route it is."""
    configure(requests_per_minute=0)
    changing = [each for each in await operations_of(town) if each.method in CHANGING]
    assert len(changing) > 25
    for number, each in enumerate(changing):
        key, path = f"walk-{number}", each.path()
        headers = {"Idempotency-Key": key, "Authorization": f"Bearer {town.client.key}"}
        first = await town.http.request(each.method, path, json={}, headers=headers)
        again = await town.http.request(each.method, path, json={}, headers=headers)
        assert again.status_code == first.status_code, each.id
        if first.is_success:
            assert again.headers["idempotent-replayed"] == "true", each.id
            continue
        # As if the same request had succeeded before.
        await town.client.asks("POST", "/batches", json=BATCH, headers={"Idempotency-Key": key})
        other = await town.http.request(each.method, path, json={}, headers=headers)
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused"), each.id


async def test_another_method_query_or_body_is_another_request(town):
    batch = await town.client.drafts()
    path, headers = f"/batches/{batch.id}/tasks", {"Idempotency-Key": "k", **CSV}
    first = await town.client.asks("POST", path, content=TASKS, headers=headers)
    assert first.status_code == 201
    for where, content in ((f"{path}?strict=1", TASKS), (path, TASKS + b"3,a\n")):
        other = await town.client.asks("POST", where, content=content, headers=headers)
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
        assert other.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_a_large_upload_is_repeated_too(town):
    """Its body is held in a file, not in memory."""
    batch = await town.client.drafts()
    rows = b"id,text\n" + b"".join(b"%d,%s\n" % (n, b"x" * 300) for n in range(5000))
    assert len(rows) > 2**20
    first, again = await twice(
        town, "POST", f"/batches/{batch.id}/tasks", "large", content=rows, headers=CSV
    )
    assert first.json()["added"] == again.json()["added"] == 5000
    assert await town.count("task") == 5000


async def test_a_method_that_is_not_taken_stays_a_405_under_a_used_key(town):
    first, again = await twice(town, "POST", "/batches", "used", json=BATCH)
    assert (first.status_code, again.status_code) == (201, 201)
    headers = {"Idempotency-Key": "used"}
    other = await town.client.asks("PUT", "/batches", json=BATCH, headers=headers)
    assert (other.status_code, other.json()["code"]) == (405, "method_not_allowed")


async def test_reading_ignores_the_key_and_a_refusal_is_not_kept(town):
    first, again = await twice(town, "GET", "/account", "reading")
    assert (first.status_code, "idempotent-replayed" in again.headers) == (200, False)
    first, again = await twice(town, "POST", "/batches/b_none/start", "refused")
    assert (again.status_code, "idempotent-replayed" in again.headers) == (404, False)


async def test_answers_are_forgotten_after_a_week(town):
    headers = {"Idempotency-Key": "old"}
    first = await town.client.asks("POST", "/batches", json=BATCH, headers=headers)
    await sweep(town.rt)
    assert await town.count("idempotency") == 1
    town.clock.advance(days=8)
    await sweep(town.rt)
    assert await town.count("idempotency") == 0
    again = await town.client.asks("POST", "/batches", json=BATCH, headers=headers)
    assert again.json()["id"] != first.json()["id"]

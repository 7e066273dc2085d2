"""Keys, money and batches, as a client meets them."""

import asyncio
import csv
import io
import json

BATCH = {"name": "Shops", "kind": "verification", "instructions": "Is it true?", "price": "3.00"}


async def test_without_a_key_nothing_is_told(town):
    for headers in (
        {},
        {"Authorization": "Bearer gw_wrong"},
        {"Authorization": "Basic abc"},
        {"Authorization": "Bearer "},
    ):
        answer = await town.http.get("/api/v1/account", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_revoked_key_is_no_key(town):
    await town.rt.db.execute("update api_key set revoked_at = now()")
    assert (await town.client.asks("GET", "/account")).status_code == 401


async def test_keys_are_not_kept_only_their_hash(town):
    row = await town.rt.db.row("select * from api_key")
    assert town.client.key not in str(dict(row))
    assert len(row["shown"]) <= 8


async def test_another_clients_batch_is_not_there(town):
    batch = await town.posts_batch("Is it open?")
    spy = await town.new_client("Spy")
    for method, path in (
        ("GET", ""), ("GET", "/quote"), ("GET", "/results"), ("POST", "/start"), ("POST", "/pause"), ("POST", "/cancel"),
    ):  # fmt: skip
        answer = await spy.asks(method, f"/batches/{batch.id}{path}")
        assert answer.status_code == 404, path
    answer = await spy.asks("POST", f"/batches/{batch.id}/tasks", json=[{"id": 1, "text": "a"}])
    assert answer.status_code == 404
    assert (await spy.asks("GET", "/batches")).json()["batches"] == []
    assert (await batch.shows())["state"] == "running"


async def test_an_idempotency_key_makes_one_batch(town):
    headers = {"Idempotency-Key": "order-7"}
    first = await town.client.asks("POST", "/batches", json=BATCH, headers=headers)
    again = await town.client.asks("POST", "/batches", json=BATCH, headers=headers)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    other = await town.client.asks("POST", "/batches", json={**BATCH, "name": "x"}, headers=headers)
    assert other.status_code == 409
    assert await town.count("batch") == 1
    spy = await town.new_client("Spy")
    mine = await spy.asks("POST", "/batches", json=BATCH, headers=headers)
    assert mine.json()["id"] != first.json()["id"], "keys belong to their client"


async def test_ten_copies_of_one_request_at_once_make_one_batch(town):
    headers = {"Idempotency-Key": "order-8"}
    async with asyncio.timeout(300):
        answers = await asyncio.gather(
            *(town.client.asks("POST", "/batches", json=BATCH, headers=headers) for _ in range(10))
        )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await town.count("batch") == 1


async def test_a_refused_request_may_be_sent_again_under_its_key(town):
    headers = {"Idempotency-Key": "order-9"}
    bad = await town.client.asks(
        "POST", "/batches", json={**BATCH, "kind": "poetry"}, headers=headers
    )
    assert bad.status_code == 422
    good = await town.client.asks("POST", "/batches", json=BATCH, headers=headers)
    assert good.status_code == 201


async def test_a_batch_that_costs_too_much_does_not_start(town):
    batch = await town.client.drafts(price="1000.00", policy="fixed:3")
    tasks = [{"id": n, "text": "a"} for n in range(5)]
    await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=tasks)
    quote = (await town.client.asks("GET", f"/batches/{batch.id}/quote")).json()
    assert (quote["most_minor"], quote["enough"]) == (15_000_00, False)
    answer = await town.client.asks("POST", f"/batches/{batch.id}/start")
    assert answer.status_code == 402
    assert "KES 15,000" in answer.json()["detail"]
    assert (await batch.shows())["state"] == "draft"
    assert await town.client.available_minor() == 10_000_00


async def test_two_batches_cannot_spend_the_same_money(town):
    drafts = [await town.client.drafts(price="6000.00") for _ in range(2)]
    for batch in drafts:
        await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=[{"id": 1, "text": "a"}])
    answers = await asyncio.gather(
        *(town.client.asks("POST", f"/batches/{b.id}/start") for b in drafts)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 402]
    assert await town.client.available_minor() == 4000_00


async def test_the_quote_is_what_is_reserved_and_the_account_shows_it(town):
    batch = await town.client.drafts(policy="dynamic", confidence=0.9)
    await town.client.asks(
        "POST", f"/batches/{batch.id}/tasks", json=[{"id": n, "text": "a"} for n in range(4)]
    )
    quote = (await town.client.asks("GET", f"/batches/{batch.id}/quote")).json()
    assert (quote["least_minor"], quote["most_minor"]) == (4 * 2 * 300, 4 * 7 * 300)
    started = await batch.changes("start")
    assert started["money"]["reserved_minor"] == quote["most_minor"]
    account = (await town.client.asks("GET", "/account")).json()
    assert account["available_minor"] == 10_000_00 - quote["most_minor"]
    assert account["reserved_minor"] == quote["most_minor"]


async def test_starting_twice_reserves_once(town):
    batch = await town.client.drafts()
    await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=[{"id": 1, "text": "a"}])
    await asyncio.gather(*(batch.changes("start") for _ in range(5)))
    await batch.changes("start")
    assert await town.client.available_minor() == 10_000_00 - 300


async def test_an_empty_batch_does_not_start(town):
    batch = await town.client.drafts()
    answer = await town.client.asks("POST", f"/batches/{batch.id}/start")
    assert answer.status_code == 409
    assert "no tasks" in answer.json()["detail"]


async def test_what_is_over_does_not_start_again(town):
    batch = await town.posts_batch("Is it open?")
    await batch.changes("cancel")
    for change in ("start", "pause"):
        answer = await town.client.asks("POST", f"/batches/{batch.id}/{change}")
        assert answer.status_code == 409, change


async def test_an_unknown_batch_or_an_unknown_change(town):
    batch = await town.client.drafts()
    assert (await town.client.asks("GET", "/batches/b_nothing")).status_code == 404
    assert (await town.client.asks("POST", f"/batches/{batch.id}/explode")).status_code in (
        404,
        422,
    )
    assert (
        await town.client.asks("GET", f"/batches/{batch.id}/results?format=xml")
    ).status_code == 422


async def test_results_in_three_formats_tell_the_same(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Is it open?", 'Is "Mama, Njeri" clean?')
    await amina.texts("WORK")
    await amina.texts("1")
    await amina.texts("1")
    await town.ticks()

    async def read(form):
        return (await town.client.asks("GET", f"/batches/{batch.id}/results?format={form}")).text

    listed = json.loads(await read("json"))
    lines = [json.loads(line) for line in (await read("jsonl")).splitlines()]
    table = list(csv.DictReader(io.StringIO(await read("csv"))))
    assert listed == lines
    assert [row["task"] for row in listed] == ["t1", "t2"], "in the client's order"
    assert [(row["task"], row["value"], row["answers"]) for row in table] == [
        ("t1", "yes", "1"),
        ("t2", "yes", "1"),
    ]
    assert [row["state"] for row in listed] == ["decided", "decided"]


async def test_progress_counts_answers(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Is it open?", policy="fixed:2")
    await amina.texts("WORK")
    assert (await batch.shows())["progress"]["asked_now"] == 1
    await amina.texts("1")
    progress = (await batch.shows())["progress"]
    assert (progress["answers"], progress["answers_wanted"], progress["percent"]) == (1, 2, 50.0)


async def test_the_api_documents_itself(town):
    paths = (await town.http.get("/openapi.json")).json()["paths"]
    assert "/api/v1/batches/{batch}/results" in paths
    assert (await town.http.get("/docs")).status_code == 200
    heads = [one["summary"] for methods in paths.values() for one in methods.values()]
    assert "Make a batch" in heads and "List your batches, newest first" in heads
    assert not {"Listed", "Shown", "Found", "Changed", "Create"} & set(heads), (
        "no names of functions"
    )


async def test_health_and_readiness(town):
    assert (await town.http.get("/healthz")).text == "ok"
    assert (await town.http.get("/readyz")).json() == {"ready": True}
    assert (await town.http.get("/metrics")).status_code == 200

"""Bonuses: a client thanks a worker with money and a reason that she reads."""

import pytest


async def pays(batch, worker, **given):
    body = {"worker": worker, "amount": "50.00", "reason": "very careful answers", **given}
    return await batch.client.asks("POST", f"/batches/{batch.id}/bonuses", json=body)


@pytest.fixture
async def work(town):
    """Amina has answered the one question of a batch."""
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Is it open?", price="3.00")
    await amina.texts("WORK")
    await town.answers_bells()
    await amina.texts("1")
    return amina, batch


async def test_a_bonus_comes_from_the_clients_money_and_she_reads_why(town, work):
    amina, batch = work
    await town.ticks()
    before = await town.client.available_minor()
    answer = await pays(batch, await amina.pseudonym())
    assert answer.status_code == 201, answer.text
    assert answer.json()["amount_minor"] == 5000
    await town.answers_bells()
    assert await amina.balance_minor() == 300 + 5000
    assert await town.client.available_minor() == before - 5000
    told = (await amina.messages())[-1]
    assert "KES 50" in told
    assert "very careful answers" in told
    assert (await batch.client.asks("GET", f"/batches/{batch.id}/bonuses")).json() == [
        answer.json()
    ]


async def test_the_same_bonus_is_paid_once_and_a_named_one_is_another(town, work):
    amina, batch = work
    worker = await amina.pseudonym()
    for _ in range(2):
        assert (await pays(batch, worker)).status_code == 201
    assert (await pays(batch, worker, id="second")).status_code == 201
    assert (await pays(batch, worker, id="second")).status_code == 201
    other = await pays(batch, worker, id="second", amount="60.00")
    assert other.status_code == 409
    assert await amina.balance_minor() == 300 + 2 * 5000


async def test_a_bonus_is_refused_where_it_cannot_be_right(town, work):
    amina, batch = work
    brian = await town.enrols("brian")
    stranger = await town.new_client("Other", 10_000)
    worker = await amina.pseudonym()
    cases = [
        ({"worker": await brian.pseudonym()}, 422, "worker"),
        ({"amount": "0"}, 422, "amount"),
        ({"amount": "9999999.00"}, 402, "amount"),
        ({"reason": "call 0712345678 for more"}, 422, "reason"),
    ]
    for given, status, field in cases:
        answer = await pays(batch, given.pop("worker", worker), **given)
        assert answer.status_code == status, answer.text
        assert answer.json()["errors"][0]["field"] == field
    body = {"worker": worker, "amount": "1.00", "reason": "thanks"}
    taken = await stranger.asks("POST", f"/batches/{batch.id}/bonuses", json=body)
    assert taken.status_code == 404
    assert await amina.balance_minor() == 300

"""A client can show where every shilling of its batch went, and of no other client's."""

import csv
import io


async def proof(client, batch) -> list[dict[str, str]]:
    answer = await client.asks("GET", f"/batches/{batch}/proof.csv")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_each_paid_answer_names_its_payout_and_receipt(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    batch = await town.posts_batch("Is it open?", "Is it clean?", price="15.00", policy="fixed:2")
    for person in (amina, brian):
        for words in ("WORK", "1", "1"):
            await person.texts(words)
    await town.answers_bells()
    await amina.texts("PAY 20")
    await town.pays_out()
    rows = await proof(town.client, batch.id)
    assert sum(int(row["amount_minor"]) for row in rows) == 6000, "all that was spent is there"
    paid = [row for row in rows if row["fate"] == "paid"]
    receipt = await town.value("select receipt from payout")
    assert {row["receipt"] for row in paid} == {receipt}
    assert sum(int(row["amount_minor"]) for row in paid) == 2000
    assert not any("amina" in str(row).lower() or "2547" in str(row) for row in rows)

    other = await town.new_client("Beta")
    answer = await other.asks("GET", f"/batches/{batch.id}/proof.csv")
    assert answer.status_code == 404


async def test_the_forecast_follows_the_work_and_the_rest_comes_back(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Is it open?", "Is it clean?", price="5.00", policy="fixed:1")
    before = (await town.client.asks("GET", f"/batches/{batch.id}")).json()["money"]
    assert (before["forecast_minor"], before["spent_minor"]) == (1000, 0)
    for words in ("WORK", "1", "SKIP"):
        await amina.texts(words)
    await town.client.asks("POST", f"/batches/{batch.id}/cancel")
    after = (await town.client.asks("GET", f"/batches/{batch.id}")).json()["money"]
    assert (after["spent_minor"], after["forecast_minor"], after["released_minor"]) == (
        500,
        500,
        500,
    )

"""A preview shows what workers really receive, and stores nothing."""

TEXTS = ("Is Mama Njeri open?", "Is Toi Market clean?", "Is [KCB] near?")
ORDER = {
    "name": "Shops",
    "kind": "verification",
    "instructions": "Is it true?",
    "price": "3.00",
    "policy": "fixed:2",
    "pack": "off",
    "languages": ["en"],
}
TASKS = [{"id": f"t{n}", "text": text} for n, text in enumerate(TEXTS, 1)]
STORED = ("batch", "task", "account", "transfer", "outbox", "client_event")


async def previewed(client, **given):
    answer = await client.asks("POST", "/preview", json={**ORDER, "tasks": TASKS, **given})
    assert answer.status_code == 200, answer.text
    return answer.json()


def sms_of(preview, place, moment):
    (found,) = (
        s for s in preview["languages"][0]["questions"][place]["sms"] if s["moment"] == moment
    )
    return found


def texts_of(preview, moment):
    """The texts of all previewed questions: which one a worker gets first is not known before."""
    return {sms_of(preview, place, moment)["text"] for place in range(len(TEXTS))}


async def test_the_previewed_messages_are_those_that_workers_receive(town):
    preview = await previewed(town.client)
    new, used = await town.enrols("amina", new=True), await town.enrols("brian")
    batch = await town.posts_batch(*TEXTS, policy="fixed:2", languages=["en"])
    assert await new.texts("WORK") in texts_of(preview, "first")
    assert await used.texts("WORK") in texts_of(preview, "later")
    # The previewed balance is a busy worker's; Brian's is that of his first answer.
    receipts = {text.replace("1,002.50", "3") for text in texts_of(preview, "next")}
    assert await used.texts("1") in receipts
    shown = (await batch.client.asks("GET", f"/batches/{batch.id}/preview")).json()
    assert shown["languages"] == preview["languages"]


async def test_the_previewed_screens_are_those_that_phones_show(town):
    preview = await previewed(town.client)
    amina = await town.enrols("amina")
    await town.posts_batch(*TEXTS, policy="fixed:2", languages=["en"])
    groups = [
        group
        for question in preview["languages"][0]["questions"]
        for group in question["screens"]
        if "default" in group["networks"]
    ]
    dialled = await amina.dials("1")
    assert dialled.text in [group["screens"][0]["text"] for group in groups]
    assert all(
        screen["units"] <= screen["units_max"] == 160 for g in groups for screen in g["screens"]
    )
    assert {group["input_characters"] for group in groups} == {80}


def bare(text):
    return sorted(line.lstrip("123) ") if line[1:2] == ")" else line for line in text.splitlines())


async def test_a_preview_with_several_questions_is_the_message_of_a_used_worker(town):
    preview = await previewed(town.client, pack="auto")
    (several,) = preview["languages"][0]["several"]
    assert several["tasks"] == ["t1", "t2", "t3"]
    amina = await town.enrols("amina")
    await town.posts_batch(*TEXTS, policy="fixed:2", pack="auto", languages=["en"])
    received = await amina.texts("WORK")
    assert bare(received) == bare(several["text"]), "only the order of the questions may differ"


async def test_a_preview_stores_nothing(town):
    before = [await town.count(table) for table in STORED]
    await previewed(town.client)
    assert [await town.count(table) for table in STORED] == before


async def test_every_previewed_reply_is_understood_by_the_gateway(town):
    preview = await previewed(town.client)
    replies = preview["languages"][0]["replies"]
    assert {"yes", "no", "unsure"} == set(replies["means"])
    assert {"1", "Yes"} <= set(replies["means"]["yes"])
    assert "skip" in replies["skip"]
    batch = await town.posts_batch(
        *(f"Is shop {n} open?" for n in range(len(replies["means"]["no"]))), policy="fixed:1"
    )
    amina = await town.enrols("amina")
    await amina.texts("WORK")
    for words in replies["means"]["no"]:
        await amina.texts(words)
    await town.answers_bells()
    assert {value for _, value in await amina.answers()} == {"no"}
    assert (await batch.shows())["progress"]["tasks_done"] == len(replies["means"]["no"])


async def test_costly_characters_are_named_with_their_places(town):
    plain = await previewed(town.client, tasks=[{"id": "1", "text": "Is [KCB] near?"}])
    sms = sms_of(plain, 0, "later")
    assert [(c["character"], c["why"]) for c in sms["costly"]] == [
        ("[", "counts_twice"),
        ("]", "counts_twice"),
    ]
    assert all(sms["text"][at] == c["character"] for c in sms["costly"] for at in c["at"])
    dear = await previewed(
        town.client, tasks=[{"id": "1", "text": "Soko liko wazi \u2013 sasa? " * 5}]
    )
    sms = sms_of(dear, 0, "later")
    assert (sms["encoding"], sms["costly"][0]["name"]) == ("UCS2", "EN DASH")
    assert sms["segments"] > 1
    (advice,) = dear["warnings"]
    assert advice["segments_then"] < advice["segments"]


async def test_every_language_of_the_workers_is_shown(town):
    everyone = await previewed(town.client, languages=[])
    assert {"en", "sw", "fr"} <= {one["language"] for one in everyone["languages"]}
    swahili = await previewed(town.client, languages=["sw"])
    assert "Ndiyo" in swahili["languages"][0]["questions"][0]["sms"][0]["text"]


async def test_the_price_is_that_of_the_tasks_without_messages(town):
    price = (await previewed(town.client, policy="dynamic", partner_price="1.00"))["price"]
    assert price["least_minor"] == price["answers_least"] * 300
    assert price["most_minor"] == price["answers_most"] * 400
    assert price["segments"][0]["country"] == "KE"


async def test_records_and_typed_answers_have_previews_too(town):
    fields = [{"id": "amount", "type": "money", "labels": {"en": "Amount"}}]
    entry = {"kind": "entry", "fields": fields, "policy": "double"}
    record = await previewed(town.client, **entry)
    assert "Amount" in sms_of(record, 0, "first")["text"]
    assert any(
        "Amount" in screen["text"]
        for group in record["languages"][0]["questions"][0]["screens"]
        for screen in group["screens"]
    )
    typed = await previewed(town.client, kind="transcription", value="date")
    assert typed["languages"][0]["replies"]["means"] == {}
    assert typed["languages"][0]["replies"]["how"]


async def test_a_wrong_preview_names_the_field_and_the_row(town):
    async def refused(**given):
        answer = await town.client.asks("POST", "/preview", json={**ORDER, "tasks": TASKS, **given})
        assert answer.status_code == 422, answer.text
        return answer.json()

    assert (await refused(kind="poem"))["errors"][0]["field"] == "kind"
    assert (await refused(tasks=[]))["errors"][0]["field"].startswith("tasks")
    twice = (await refused(tasks=[TASKS[0], TASKS[0]]))["errors"][0]
    assert (twice["row"], twice["field"]) == (2, "id")


async def test_another_clients_batch_has_no_preview(town):
    batch = await town.posts_batch("Is it open?")
    other = await town.new_client("Other")
    answer = await other.asks("GET", f"/batches/{batch.id}/preview")
    assert answer.status_code == 404
    empty = await town.client.drafts()
    refused = await town.client.asks("GET", f"/batches/{empty.id}/preview")
    assert refused.status_code == 409
    assert "no tasks yet" in refused.json()["detail"]

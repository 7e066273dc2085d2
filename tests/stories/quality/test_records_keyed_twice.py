"""Records that two workers key: several values per SMS, one per screen, and a third who settles."""

from gateway.steps.quality.task_history import task_story

FIELDS = [
    {"id": "owner", "type": "name", "labels": {"en": "Name", "sw": "Jina"}},
    {"id": "amount", "type": "money", "labels": {"en": "Amount"}, "min": 1, "max": 5000},
    {"id": "day", "type": "date", "labels": {"en": "Date"}, "min": "2020-01-01"},
]


async def asks(town, *texts, fields=FIELDS, **given):
    return await town.posts_batch(
        *(texts or ("Form 1",)),
        **(
            {"kind": "entry", "instructions": "Copy the form", "fields": fields, "policy": "double"}
            | given
        ),
    )


async def test_two_agree_and_the_record_is_decided(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    batch = await asks(town)
    assert (await batch.shows())["policy"] == "double"
    question = await amina.texts("WORK")
    assert "Form 1\n1 Name 2 Amount 3 Date" in question
    reply = await amina.texts("Amina Otieno, 450, 3 May 2026")
    assert reply.startswith("Got: Amina Otieno; KES 450; 3 May 2026. Saved +KES 3.")
    await brian.texts("WORK")
    await brian.texts("1 AMINA OTIENO 2 KES 450/= 3 2026-05-03")
    result = (await batch.results())["t1"]
    assert (result["state"], result["answers"], result["tied"]) == ("decided", 2, False)
    assert {name: one["value"] for name, one in result["fields"].items()} == {
        "owner": "AMINA OTIENO",
        "amount": "450.00",
        "day": "2026-05-03",
    }
    assert {one["settled"] for one in result["fields"].values()} == {"agreed"}
    await town.has_right_books()


async def test_a_third_worker_keys_only_the_field_that_differs(town):
    people = [await town.enrols(name) for name in ("amina", "brian", "chege")]
    batch = await asks(town)
    amina, brian, chege = people
    await amina.texts("WORK")
    await amina.texts("Amina Otieno; 450; 3 May 2026")
    await brian.texts("WORK")
    await brian.texts("Amina Otieno; 540; 3 May 2026")
    question = await chege.texts("WORK")
    assert "2 Amount" in question
    assert "Name" not in question
    assert (await chege.texts("450")).startswith("Got: KES 450.")
    result = (await batch.results())["t1"]
    assert result["state"] == "decided"
    fields = result["fields"]
    assert fields["amount"]["value"] == "450.00"
    assert (fields["amount"]["settled"], fields["amount"]["entries"]) == ("settled", 3)
    assert (fields["owner"]["settled"], fields["owner"]["entries"]) == ("agreed", 2)
    story = await task_story(town.rt, batch.id, "t1")
    assert story["fields"]["amount"]["settled_by"] == story["answers"][2]["worker"]
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    assert (await batch.results())["t1"]["fields"]["amount"]["value"] == "450.00"
    await town.has_right_books()


async def test_only_the_unclear_field_is_asked_for_again(town):
    amina = await town.enrols("amina")
    await asks(town)
    await amina.texts("WORK")
    reply = await amina.texts("Amina Otieno, 9000, 3 May 2026")
    assert reply == (
        "Amount must be from KES 1 to KES 5,000. Please look again. Send only that: we kept the rest."
    )
    assert await amina.answers() == []
    reply = await amina.texts("45x")
    assert "Amount: We could not read a number." in reply
    assert "Got: Amina Otieno; KES 450; 3 May 2026." in await amina.texts("450")
    assert await amina.values() == ['{"owner":"Amina Otieno","amount":"450.00","day":"2026-05-03"}']
    await town.has_right_books()


async def test_one_field_per_screen_with_an_echo_before_it_is_saved(town):
    amina = await town.enrols("amina")
    await asks(town)
    screen = await amina.dials("1")
    assert "1 of 3: Name" in screen
    assert "Form 1" in screen
    screen = await amina.presses("Amina Otieno")
    assert "Name: Amina Otieno" in screen
    assert "2 of 3: Amount" in screen
    assert "must be from KES 1 to KES 5,000" in await amina.presses("9000")
    assert "3 of 3: Date" in await amina.presses("450")
    screen = await amina.presses("3 May 2026")
    assert "Is this right?\nName: Amina Otieno\nAmount: KES 450\nDate: 3 May 2026" in screen
    assert "Which one is wrong?\n1 Name: Amina Otieno" in await amina.presses("2")
    assert "2 of 3: Amount" in await amina.presses("2")
    assert "Amount: KES 540" in await amina.presses("540")
    assert await amina.answers() == []
    assert "Saved +KES 3" in await amina.presses("1")
    assert await amina.values() == ['{"owner":"Amina Otieno","amount":"540.00","day":"2026-05-03"}']
    await town.has_right_books()


async def test_a_dropped_session_keeps_what_was_typed(town):
    amina = await town.enrols("amina")
    await asks(town)
    await amina.dials("1")
    await amina.presses("Amina Otieno")
    assert "2 of 3: Amount" in await amina.dials("1")
    await amina.presses("450")
    reply = await amina.texts("WORK")
    assert "3 Date" in reply
    assert "Amount" not in reply
    assert "Got: Amina Otieno; KES 450; 3 May 2026." in await amina.texts("3 May 2026")
    await town.has_right_books()


async def test_gold_and_figures_are_by_field_and_results_have_a_column_per_field(town):
    people = [await town.enrols(name) for name in ("amina", "brian")]
    draft = {"name": "Forms", "kind": "entry", "instructions": "Copy", "price": "3.00", "fields": FIELDS, "gold_rate": 0.5}  # fmt: skip
    batch = (await town.client.asks("POST", "/batches", json=draft)).json()
    assert batch["policy"] == "double"
    where = f"/batches/{batch['id']}"
    tasks = "id,text,gold.amount\ng1,Form 0,450\nt1,Form 1,\n"
    added = await town.client.asks(
        "POST", f"{where}/tasks", content=tasks, headers={"Content-Type": "text/csv"}
    )
    assert added.status_code == 201, added.text
    assert (await town.client.asks("POST", f"{where}/start")).status_code == 200
    for person in people:
        await person.texts("WORK")
        for _ in range(2):
            await person.texts("Amina; 450; 3 May 2026")
    await town.answers_bells()
    found = (await town.client.asks("GET", f"{where}/fields")).json()
    assert found["error_max"] == 0.0045
    assert found["fields"]["amount"]["gold"]["seen"] == 2
    assert found["fields"]["owner"]["gold"]["seen"] == 0
    assert (found["fields"]["day"]["keyed_twice"], found["fields"]["day"]["agreed"]) == (1, 1)
    told = await town.client.asks("GET", f"{where}/results?format=csv")
    header, row = told.text.split()[0], told.text.splitlines()[1]
    assert "amount,amount.confidence,amount.settled,amount.settled_by" in header
    assert "450.00" in row
    await town.has_right_books()


async def test_a_wrong_field_is_named_with_its_rule(town):
    async def refused(*fields, **given):
        draft = {"name": "Forms", "kind": "entry", "instructions": "Copy", "price": "3.00"}
        answer = await town.client.asks(
            "POST", "/batches", json={**draft, "fields": list(fields), **given}
        )
        assert answer.status_code == 422, answer.text
        first = answer.json()["errors"][0]
        return first["field"], first["message"]

    assert (await refused())[0] == "fields"
    age = {"id": "age", "type": "number", "min": 10, "max": 5}
    assert await refused(age) == ("fields.0.max", "field 1 (age): max 5 is below the min 10")
    code = {"id": "code", "type": "text", "check": "crc"}
    assert (await refused(FIELDS[0], code))[0] == "fields.1.check"
    assert (await refused({"id": "owner", "type": "name", "min": 1}))[0] == "fields.0.min"
    assert (await refused(FIELDS[0], FIELDS[0]))[0] == "fields.1.id"
    assert (await refused({"id": "state", "type": "text"}))[0] == "fields.0.id"
    assert (await refused(FIELDS[0], policy="dynamic"))[0] == "policy"
    assert (await refused(FIELDS[0], kind="verification"))[0] == "fields"

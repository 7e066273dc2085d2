# pyright: basic
"""A correction goes all the way.

A decision that was based on it is open again, or goes to a person; no worker loses money.
"""

from gateway.steps.quality.corrections.correct_gold import Correction, correct_gold

OPTIONS = ["shop", "kiosk", "house", "school"]


async def expert(town, name, right, wrong):
    """Return a worker whose skill is known already."""
    person = await town.enrols(name)
    await town.rt.db.execute(
        'insert into skill (worker_id, kind, "right", wrong) values ($1, $2, $3, $4)',
        await person.id(), "verification", float(right), float(wrong),
    )  # fmt: skip
    return person


async def misjudged(town, *rest):
    """Return a task that was decided with Brian's word.

    Gold that was wrong made Amina look bad and Brian good.
    """
    golds = [{"id": f"g{n}", "text": f"Gold {n}?", "gold": "no"} for n in range(4)]
    golds += rest
    batch = await town.posts_batch(
        "Is it open?", "Is it clean?", tasks=golds, gold_rate=0.5, entry_gold=4,
        policy="dynamic", confidence=0.95,
    )  # fmt: skip
    brian, chege = await expert(town, "brian", 2, 0), await expert(town, "chege", 2, 0)
    await town.rt.db.execute("update worker set reach = 'ussd'")
    for person in (brian, chege):
        reply = await person.texts("WORK")
        while "1 Yes" in reply:
            reply = await person.texts("2")
            await town.answers_bells()
        await town.ticks()
    return batch, (brian, chege)


async def states(batch):
    return [result["state"] for result in (await batch.results()).values()]


async def test_what_was_decided_by_misjudged_workers_is_asked_again(town):
    others = {"id": "fr", "text": "C'est ouvert?", "audience": {"languages": ["fr"]}}
    batch, people = await misjudged(town, others)  # so that it goes on
    before = [await person.balance_minor() for person in people]
    assert await states(batch) == ["decided", "decided", "open"]
    moved = []
    for n in range(4):
        said = Correction(batch.id, f"g{n}", "yes", "Wanjiku", "the sheet was old")
        moved += (await correct_gold(town.rt, said))["moved"]
    assert {(m["was"], m["becomes"]) for m in moved} == {("decided", "open")}
    assert await states(batch) == ["open", "open", "open"]
    kept = await town.rt.db.rows("select diff from correction")
    assert [one for row in kept for one in row["diff"]["moved"]] == moved, "it is kept"
    assert [await person.balance_minor() for person in people] == before
    doris, esther = await expert(town, "doris", 20, 0), await expert(town, "esther", 20, 0)
    for person in (doris, esther):
        reply = await person.texts("WORK")
        while "1 Yes" in reply:
            reply = await person.texts("1")
    assert await states(batch) == ["decided", "decided", "open"]
    assert [r["value"] for r in (await batch.results()).values()] == ["yes", "yes", None]
    await town.has_right_books()


async def test_in_a_batch_that_is_over_a_person_looks_instead(town):
    batch, _ = await misjudged(town)
    assert (await batch.shows())["state"] == "done"
    for n in range(4):
        await correct_gold(town.rt, Correction(batch.id, f"g{n}", "yes", "Wanjiku", "old"))
    results = await batch.results()
    assert {r["state"] for r in results.values()} == {"review"}
    assert all(r["value"] for r in results.values()), "with the best guess"
    await town.has_right_books()


async def kiosks(town, **given):
    """Two say shop, two say kiosk."""
    people = [await town.enrols(f"p{n}") for n in range(4)]
    batch = await town.posts_batch(
        "Mama Njeri", "Baba Otis", kind="categorisation", options=OPTIONS, **given
    )
    for person, said in zip(people, ("shop", "kiosk", "kiosk", "shop"), strict=True):
        reply = await person.texts("WORK")
        while "kiosk" in (reply or ""):
            reply = await person.texts(said)
    return batch, people


async def says_same(town, batch, option, same_as):
    said = {"same_as": same_as, "by": "Wanjiku", "reason": "a kiosk is a shop here"}
    return await town.client.asks("POST", f"/batches/{batch.id}/options/{option}/same", json=said)


async def test_two_options_that_mean_the_same_become_one_and_what_was_torn_is_decided(town):
    batch, people = await kiosks(town, policy="dynamic", confidence=0.97)
    before = [await person.balance_minor() for person in people]
    assert {r["state"] for r in (await batch.results()).values()} == {"open"}
    diff = (await says_same(town, batch, "kiosk", "shop")).json()
    assert diff["renamed"] == 4
    assert {(m["was"], m["becomes"]) for m in diff["moved"]} == {("open", "decided")}
    assert {r["value"] for r in (await batch.results()).values()} == {"shop"}
    assert [await person.balance_minor() for person in people] == before, "no money moves"
    row = await town.rt.db.row("select * from correction")
    assert (row["was"], row["becomes"], row["batch_id"], row["by"]) == (
        "kiosk", "shop", batch.id, "Wanjiku",
    )  # fmt: skip
    await town.has_right_books()


async def test_a_worker_who_chooses_the_old_option_afterwards_means_the_other(town):
    batch, _ = await kiosks(town, policy="fixed:5")
    amina = await town.enrols("amina")
    asked = await amina.texts("WORK")
    assert "kiosk" in asked
    assert (await says_same(town, batch, "kiosk", "shop")).status_code == 200
    reply = await amina.texts("kiosk")
    assert "Saved" in reply
    assert await amina.values() == ["shop"], "and the menu she had in her hands stays what it was"
    assert "kiosk" in reply


async def test_results_of_a_batch_that_is_over_are_renamed_too(town):
    batch, _ = await kiosks(town, policy="fixed:4")
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    diff = (await says_same(town, batch, "shop", "kiosk")).json()
    assert {r["value"] for r in (await batch.results()).values()} == {"kiosk"}
    assert all(d["becomes"] == "kiosk" for d in diff["decisions"])
    assert (await says_same(town, batch, "shop", "kiosk")).status_code == 409


async def test_gold_follows_its_option_and_so_do_the_workers_who_answered_it(town):
    amina = await town.enrols("amina")
    gold = {"id": "g", "text": "Gold", "gold": "shop"}
    batch = await town.posts_batch(
        "Mama Njeri",
        tasks=[gold],
        gold_rate=0.5,
        entry_gold=1,
        kind="categorisation",
        options=OPTIONS,
    )
    assert "Gold" in await amina.texts("WORK")
    await amina.texts("kiosk")
    await town.ticks()
    (answer,) = (await says_same(town, batch, "kiosk", "shop")).json()["answers"]
    assert (answer["was_right"], answer["is_right"]) == (False, True)
    row = await town.rt.db.row("select gold_right, gold_wrong from skill")
    assert (row["gold_right"], row["gold_wrong"]) == (1, 0)


# --- a wrong label ---


async def labels(town, batch, option, label, **given):
    said = {"label": label, "by": "Wanjiku", "reason": "it said duka, which is a shop", **given}
    return await town.client.asks("POST", f"/batches/{batch.id}/options/{option}/label", json=said)


async def test_a_badly_put_label_is_corrected_and_what_was_answered_stays(town):
    batch, _ = await kiosks(town, policy="fixed:5")
    amina = await town.enrols("amina")
    assert "kiosk" in await amina.texts("WORK")
    diff = (await labels(town, batch, "kiosk", "small kiosk")).json()
    assert (diff["void"], diff["moved"], diff["decisions"]) == (0, [], [])
    assert "small kiosk" in await amina.texts("WORK"), "the question she holds has the new words"
    assert "small kiosk" in await amina.texts("small kiosk")
    assert await amina.values() == ["kiosk"], "the id stays"
    row = await town.rt.db.row("select * from correction")
    assert (row["was"], row["becomes"]) == ("kiosk (en): kiosk", "kiosk (en): small kiosk")
    assert row["by"] == "Wanjiku"


async def test_what_was_chosen_under_a_label_that_said_something_else_is_asked_again(town):
    batch, people = await kiosks(town, policy="dynamic", confidence=0.85)
    assert {r["value"] for r in (await batch.results()).values()} == {"kiosk"}
    before = [await person.balance_minor() for person in people]
    diff = (await labels(town, batch, "kiosk", "wooden kiosk", misled=True)).json()
    assert diff["void"] == 4
    assert {(m["was"], m["becomes"]) for m in diff["moved"]} == {("decided", "open")}
    assert [await person.balance_minor() for person in people] == before, "what is paid stays paid"
    doris = await town.enrols("doris")
    assert "wooden kiosk" in await doris.texts("WORK")
    while "kiosk" in (await doris.texts("shop")):
        pass
    results = (await batch.results()).values()
    assert {(r["value"], r["state"]) for r in results} == {("shop", "decided")}
    story = (await town.client.asks("GET", f"/batches/{batch.id}/tasks/t1/decision")).json()
    assert [one["void"] for one in story["answers"]] == [False, True, True, False]
    assert len(story["answers"][-1]["judged"][0]["skills"]) == 2, "judged without them"
    await town.ticks()
    results = (await batch.results()).values()
    assert {r["value"] for r in results} == {"shop"}, (
        "the whole batch is estimated without them, too"
    )
    await town.has_right_books()


async def test_in_a_batch_that_is_over_a_person_decides_what_a_wrong_label_leaves_open(town):
    batch, _ = await kiosks(town, policy="fixed:4")
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    assert {r["state"] for r in (await batch.results()).values()} == {"review"}, "two against two"
    await labels(town, batch, "kiosk", "wooden kiosk", misled=True)
    assert {r["state"] for r in (await batch.results()).values()} == {"review"}
    assert {r["value"] for r in (await batch.results()).values()} == {"shop"}, "the best guess"


async def test_a_worker_who_missed_gold_because_of_a_label_is_not_blamed(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch(
        "Mama Njeri", tasks=[{"id": "g", "text": "Gold", "gold": "shop"}], gold_rate=0.5,
        entry_gold=1, kind="categorisation", options=OPTIONS,
    )  # fmt: skip
    assert "Gold" in await amina.texts("WORK")
    await amina.texts("kiosk")
    await town.ticks()
    diff = (await labels(town, batch, "kiosk", "wooden kiosk", misled=True)).json()
    assert [(one["was_right"], one["is_right"]) for one in diff["answers"]] == [(False, True)]
    row = await town.rt.db.row("select gold_right, gold_wrong from skill")
    assert (row["gold_right"], row["gold_wrong"]) == (1, 0)


async def test_only_workers_who_read_the_wrong_label_were_misled(town):
    batch, people = await kiosks(town, policy="fixed:5")
    await town.rt.db.execute(
        "update worker set language = 'sw' where id = $1", await people[2].id()
    )
    diff = (await labels(town, batch, "kiosk", "kibanda", language="sw", misled=True)).json()
    assert diff["void"] == 2, "the one of two whose language it is, to two questions"


async def test_a_label_that_cannot_be_is_refused(town):
    batch, _ = await kiosks(town, policy="fixed:5")
    assert (await labels(town, batch, "kiosk", "kiosk")).status_code == 409
    assert (await labels(town, batch, "palace", "palace")).status_code == 404
    assert (await labels(town, batch, "kiosk", "shop")).status_code == 422
    other = await town.new_client("Bidco", 100_00)
    said = {"label": "x", "by": "me", "reason": "because"}
    path = f"/batches/{batch.id}/options/kiosk/label"
    assert (await other.asks("POST", path, json=said)).status_code == 404

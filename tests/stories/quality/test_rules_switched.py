# pyright: basic
"""The rule that decides a batch is known by its version.

It is tried on past answers first, and switched with a reason.
"""

import pytest

GOLD = [{"id": f"g{n}", "text": f"Gold {n}?", "gold": "yes"} for n in range(3)]


async def works(person, said="1", most=100):
    reply, count = await person.texts("WORK"), 0
    while "1 Yes" in (reply or "") and count < most:
        reply = await person.texts(said)
        count += 1


async def tries(town, batch, **wanted):
    said = {"by": "Wanjiku", **wanted}
    answer = await town.client.asks("POST", f"/batches/{batch.id}/rules/trials", json=said)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def switches(town, batch, version):
    said = {"by": "Wanjiku", "reason": "three are too many"}
    path = f"/batches/{batch.id}/rules/{version}/switch"
    return await town.client.asks("POST", path, json=said)


@pytest.fixture
async def people(town):
    return [await town.enrols(name) for name in ("amina", "brian", "chege")]


@pytest.fixture
async def batch(town, people):
    """Return a batch of three answers per task, in which no worker is asked now.

    Two of ten tasks have three answers, the others two that agree.
    """
    batch = await town.posts_batch(
        *(f"Shop {n}?" for n in range(10)),
        tasks=GOLD,
        gold_rate=0.1,
        entry_gold=3,
        policy="fixed:3",
    )
    await works(people[0])
    await works(people[1])
    await works(people[2], most=5)
    await people[2].texts("SKIP")
    await town.rt.db.execute(
        "select release_task(id, 'expired') from assignment where state = 'held'"
    )
    return batch


async def test_every_decision_keeps_the_version_of_its_rule(town, batch):
    (rule,) = (await town.client.asks("GET", f"/batches/{batch.id}/rules")).json()["used"]
    assert (rule["by"], rule["data"]["policy"], rule["decided"]) == (town.client.id, "fixed:3", 2)
    rows = await town.rt.db.rows("select state, ruling from task where gold is null")
    assert {(row["state"], row["ruling"]) for row in rows} == {
        ("decided", rule["version"]), ("open", None),
    }  # fmt: skip
    story = (await town.client.asks("GET", f"/batches/{batch.id}/tasks/t1/decision")).json()
    assert story["ruling"] in (rule["version"], None)


async def test_a_rule_is_tried_on_the_answers_there_are_and_nothing_changes(town, batch):
    before = await town.rt.db.rows("select * from task order by id")
    said = await tries(town, batch, policy="dynamic")
    assert (said["tasks"], said["gold"], said["changed"]) == (10, 3, 0)
    assert (said["now"]["answers"], said["now"]["short"]) == (22, 8)
    assert (said["new"]["answers"], said["new"]["short"]) == (20, 0)
    assert said["now"]["cost_minor"] - said["new"]["cost_minor"] == 2 * 300
    assert said["now"]["accuracy"] == said["new"]["accuracy"] == 1.0
    now, new = (said[which]["segments"] for which in ("now", "new"))
    assert now > new >= 20, "questions by SMS, one by one, some asked again"
    cost = said["now"]["messages_minor"]["KES"]
    assert 80 * (now - 1) < cost <= 80 * now, "segments are rounded up, and the money apart"
    assert await town.rt.db.rows("select * from task order by id") == before
    listed = (await town.client.asks("GET", f"/batches/{batch.id}/rules")).json()
    assert [(t["version"], t["by"]) for t in listed["tried"]] == [(said["version"], "Wanjiku")]
    assert len(listed["used"]) == 1, "tried is not switched on"


async def test_a_switched_rule_settles_what_it_is_content_with_and_judges_what_comes(
    town, batch, people
):
    paid = [await person.balance_minor() for person in people]
    said = await tries(town, batch, policy="dynamic", confidence=0.85)
    answer = await switches(town, batch, said["version"])
    assert answer.status_code == 200, answer.text
    assert {one["becomes"] for one in answer.json()["moved"]} == {"decided"}
    assert len(answer.json()["moved"]) == 8
    used = (await town.client.asks("GET", f"/batches/{batch.id}/rules")).json()["used"]
    assert [(u["decided"], u["reason"]) for u in used] == [
        (2, "the client started the batch"), (8, "three are too many"),
    ]  # fmt: skip
    assert used[1]["trial"]["new"]["answers"] == 20, "what it was switched on by is kept with it"
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    assert {r["value"] for r in (await batch.results()).values()} == {"yes"}
    assert [await person.balance_minor() for person in people] == paid, "no money is taken back"
    await town.has_right_books()
    assert (await switches(town, batch, said["version"])).status_code == 409


async def test_what_a_switched_rule_settled_tells_both_judgements(town, batch):
    said = await tries(town, batch, policy="dynamic")
    await switches(town, batch, said["version"])
    (old,) = await town.rt.db.rows(
        "select name from task where gold is null and answered = 2 order by position limit 1"
    )
    path = f"/batches/{batch.id}/tasks/{old['name']}/decision"
    story = (await town.client.asks("GET", path)).json()
    (again,) = story["answers"][-1]["judged"]
    assert (again["ruling"], again["verdict"]) == (said["version"], "accept")
    assert len(again["skills"]) == 2


async def test_a_question_that_a_worker_holds_is_not_closed_under_her(town, people):
    batch = await town.posts_batch("Shop?", policy="fixed:3")
    await works(people[0])
    await works(people[1])
    assert "Shop?" in await people[2].texts("WORK")
    said = await tries(town, batch, policy="dynamic", confidence=0.85)
    assert (await switches(town, batch, said["version"])).json()["moved"] == []
    assert "Saved" in await people[2].texts("1")
    assert (await batch.results())["t1"]["state"] == "decided"
    assert await town.value("select ruling from task") == said["version"]
    await town.has_right_books()


async def test_what_was_not_tried_is_not_switched_on(town, batch):
    assert (await switches(town, batch, "0123456789ab")).status_code == 409
    other = await town.new_client("Bidco", 100_00)
    said = await tries(town, batch, policy="dynamic")
    path = f"/batches/{batch.id}/rules/{said['version']}/switch"
    answer = await other.asks("POST", path, json={"by": "me", "reason": "mine"})
    assert answer.status_code == 404


@pytest.mark.parametrize("wanted", [{}, {"policy": "most"}, {"policy": "all"}, {"method": "guess"}])
async def test_a_rule_that_cannot_be_is_refused(town, batch, wanted):
    said = {"by": "Wanjiku", **wanted}
    answer = await town.client.asks("POST", f"/batches/{batch.id}/rules/trials", json=said)
    assert answer.status_code == 422


async def test_a_rule_tried_before_the_options_changed_is_tried_again_first(town, people):
    options = ["shop", "kiosk", "house"]
    batch = await town.posts_batch(
        "Mama Njeri", kind="categorisation", options=options, policy="fixed:3"
    )
    await people[0].texts("WORK")
    await people[0].texts("kiosk")
    said = await tries(town, batch, policy="dynamic")
    same = {"same_as": "shop", "by": "Wanjiku", "reason": "a kiosk is a shop"}
    path = f"/batches/{batch.id}/options/kiosk/same"
    assert (await town.client.asks("POST", path, json=same)).status_code == 200
    assert (await switches(town, batch, said["version"])).status_code == 409
    again = await tries(town, batch, policy="dynamic")
    assert (await switches(town, batch, again["version"])).status_code == 200
    await people[1].texts("WORK")
    await people[1].texts("shop")
    used = (await town.client.asks("GET", f"/batches/{batch.id}/rules")).json()["used"]
    assert [len(one["data"]["options"]) for one in used] == [3, 2, 2]
    assert used[-1]["decided"] == 1, "decisions name a rule that is kept"

"""A client's model is one more fallible answer: it saves answers once it has shown to be right."""
# pyright: basic

import json
import re

CSV = {"Content-Type": "text/csv"}
TASKS = 30
"""Shops with an odd number are open. The model is wrong about the last two."""


def truth(n: int) -> str:
    return "yes" if n % 2 else "no"


async def sends(client, batch, body, kind="text/csv"):
    path = f"/batches/{batch.id}/predictions"
    return await client.asks("POST", path, content=body, headers={"Content-Type": kind})


async def shows(client, batch):
    return (await client.asks("GET", f"/batches/{batch.id}/predictions")).json()


async def shops(town, **given):
    texts = [f"Shop {n} is open." for n in range(1, TASKS + 1)]
    return await town.client.posts_batch(*texts, policy="dynamic", pack="off", **given)


def predicted(n: int) -> str:
    return truth(n) if n <= TASKS - 2 else truth(n + 1)


async def answers_all(town, people):
    """Let the workers answer truly, one after the other, until none of them is asked any more."""
    idle = 0
    for turn in range(6 * TASKS):
        person = people[turn % len(people)]
        asked = re.search(r"Shop (\d+)", await person.texts("WORK") or "")
        idle = 0 if asked else idle + 1
        if idle == len(people):
            return
        if asked:
            await person.texts("1" if truth(int(asked[1])) == "yes" else "2")
        await town.ticks(seconds=2)
    raise AssertionError("the batch does not end")


async def test_a_model_that_proves_right_saves_answers_and_is_never_shown_or_paid(town):
    people = [await town.enrols(name) for name in ("Amina", "Brian", "Grace")]
    batch = await shops(town, use_predictions=True)
    body = "task,value,score\n" + "".join(f"t{n},{predicted(n)},0.9\n" for n in range(1, TASKS + 1))
    assert (await sends(town.client, batch, body)).json() == {"stored": TASKS}
    before = await shows(town.client, batch)
    assert before == {"use_predictions": True, "stored": TASKS, "used": 0, "skill": None}
    await answers_all(town, people)

    results = await batch.results()
    assert {name: row["value"] for name, row in results.items()} == {
        f"t{n}": truth(n) for n in range(1, TASKS + 1)
    }
    asked = {name: row["answers"] for name, row in results.items()}
    order = await town.rt.db.rows(
        "select t.name from answer a join task t on t.id = a.task_id group by t.name order by min(a.id)"
    )
    first = [row["name"] for row in order]
    assert [asked[name] >= 2 for name in first[:2]] == [True, True], (
        "nothing was known of the model"
    )
    assert sum(asked[name] == 1 for name in first[-12:]) >= 6, asked
    assert min(asked[f"t{TASKS}"], asked[f"t{TASKS - 1}"]) >= 2, "the model was contradicted"
    after = await shows(town.client, batch)
    assert after["used"] == TASKS
    assert 0.8 < after["skill"]["right"] < 1.0
    assert results["t20"]["prediction"] == "no"
    spent = (await batch.shows())["money"]["spent_minor"]
    assert spent == 300 * sum(asked.values())
    assert await town.count("answer") == sum(asked.values())
    await town.has_right_books()


async def test_predictions_do_nothing_unless_the_batch_asks_for_them(town):
    people = [await town.enrols(name) for name in ("Amina", "Brian")]
    batch = await shops(town)
    body = "task,value\n" + "".join(f"t{n},{truth(n)}\n" for n in range(1, TASKS + 1))
    assert (await sends(town.client, batch, body)).status_code == 201
    for person in people:
        await person.texts("WORK")
        await person.texts("1")
    await town.ticks()
    assert await shows(town.client, batch) == {"use_predictions": False, "stored": TASKS, "used": 0, "skill": None}  # fmt: skip
    assert all("prediction" not in row for row in (await batch.results()).values())


async def test_label_studio_predictions_are_taken(town):
    batch = await shops(town, use_predictions=True)
    result = {"from_name": "l", "to_name": "t", "type": "choices", "value": {"choices": ["Yes"]}}
    tasks = [{"id": 5, "data": {"id": "t1"}, "predictions": [{"score": 0.7, "result": [result]}]}]
    answer = await sends(town.client, batch, json.dumps(tasks), "application/json")
    assert answer.json() == {"stored": 1}
    assert await town.value("select value from prediction") == "yes"


async def test_what_is_wrong_is_named_and_nothing_is_stored(town):
    batch = await shops(town)
    for body, row, field in (
        ("task,value\nt1,yes\nt2,maybe\n", 2, "value"),
        ("task,value\nt1,yes\nt99,yes\n", 2, "task"),
        ("task,value\nt1,yes\nt1,no\n", 2, "task"),
        ("task,value,score\nt1,yes,1.5\n", 1, "score"),
        ("task,label\nt1,yes\n", 0, "value"),
    ):
        answer = await sends(town.client, batch, body)
        assert answer.status_code == 422, body
        assert (answer.json()["errors"][0]["row"], answer.json()["errors"][0]["field"]) == (row, field)  # fmt: skip
    body = json.dumps([{"task": "t\u0000", "value": "yes"}])
    nul = await sends(town.client, batch, body, "application/json")
    assert (nul.status_code, nul.json()["errors"][0]["field"]) == (422, "task")
    assert await town.count("prediction") == 0
    typed = await town.client.drafts(kind="transcription")
    assert (await sends(town.client, typed, "task,value\n1,a\n")).status_code == 422
    fixed = await town.client.asks(
        "POST",
        "/batches",
        json={"name": "x", "kind": "verification", "instructions": "?", "price": "3", "use_predictions": True},
    )  # fmt: skip
    assert fixed.json()["errors"][0]["field"] == "use_predictions"


async def test_another_clients_predictions_do_not_exist(town):
    batch = await shops(town)
    stranger = await town.new_client("Stranger")
    assert (await sends(stranger, batch, "task,value\nt1,yes\n")).status_code == 404
    assert (await stranger.asks("GET", f"/batches/{batch.id}/predictions")).status_code == 404
    await batch.changes("cancel")
    assert (await sends(town.client, batch, "task,value\nt1,yes\n")).status_code == 409

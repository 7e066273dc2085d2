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


def guess(value, score=0.9, **more):
    result = {"from_name": "l", "to_name": "t", "type": "choices", "value": {"choices": [value]}}
    return {"score": score, "result": [result], **more}


def shop(n, *predictions):
    return {"id": n, "data": {"text": f"Is shop {n} open?"}, "predictions": list(predictions)}


async def stored(town):
    rows = await town.rt.db.rows(
        "select t.name, p.value, p.score, t.own from prediction p join task t on t.id = p.task_id order by t.id"
    )
    return [(row["name"], row["value"], round(row["score"], 3), row["own"]) for row in rows]


async def test_predictions_in_a_file_of_tasks_are_taken_and_never_shown(town):
    ours = guess("no", model_version="gateway:auto")
    tasks = [shop(1, guess("Yes", 0.75)), shop(2, ours), shop(3), shop(4, ours, guess("no", 1))]
    draft = await town.client.drafts(policy="dynamic", use_predictions=True)
    made = await town.client.asks("POST", f"/batches/{draft.id}/tasks", json=tasks)
    assert (made.json()["added"], made.json()["predictions"], made.json()["columns"]) == (4, 2, [])
    expected = [("1", "yes", 0.75, None), ("4", "no", 1.0, None)]
    assert await stored(town) == expected
    edited = await town.client.asks("PATCH", f"/batches/{draft.id}", json={"price": "4.00"})
    assert edited.status_code == 200, edited.text
    assert await stored(town) == expected, "an edited draft keeps them"
    copied = await town.client.asks("POST", f"/batches/{draft.id}/copy", json={"tasks": True})
    assert copied.status_code == 201, copied.text
    assert await stored(town) == expected * 2
    await draft.changes("start")
    amina = await town.enrols("Amina")
    assert "0.75" not in (await amina.texts("WORK") or "")
    assert (await shows(town.client, draft))["stored"] == 2


async def test_a_bad_prediction_in_a_file_of_tasks_is_a_bad_row(town):
    draft = await town.client.drafts(policy="dynamic", use_predictions=True)
    bad = [
        shop(1, guess("yes")),
        shop(2, guess("maybe")),
        shop(3, guess("yes", 93)),
        shop(4, guess("yes"), guess("no")),
        shop(5, {"result": []}),
        {**shop(6), "predictions": "yes"},
        shop(7, {"result": [{"value": {"choices": ["yes", "no"]}}]}),
        shop(8, {"result": [{"value": {"rectanglelabels": ["yes"]}}]}),
    ]
    answer = await town.client.asks("POST", f"/batches/{draft.id}/tasks", json=bad)
    faults = answer.json()["errors"]
    assert [(one["row"], one["field"]) for one in faults] == [(n, "predictions") for n in range(2, 9)]  # fmt: skip
    assert "a prediction must be one of" in faults[0]["message"]
    assert "from 0 to 1" in faults[1]["message"]
    path, headers = f"/batches/{draft.id}/imports", {"Content-Type": "application/json"}
    job = (await town.client.asks("POST", path, content=json.dumps(bad), headers=headers)).json()
    await town.answers_bells()
    done = (await town.client.asks("GET", f"{path}/{job['id']}")).json()
    assert (done["state"], done["problems_total"]) == ("failed", 7)
    assert await town.count("prediction") == await town.count("task") == 0


async def test_predictions_in_a_file_of_typed_tasks_are_left_out(town):
    """Label Studio writes them into each export. A model of typed values cannot be weighed."""
    typed = await town.client.drafts(kind="transcription")
    made = await town.client.asks(
        "POST", f"/batches/{typed.id}/tasks", json=[shop(1, guess("yes"))]
    )
    assert made.status_code == 201, made.text
    assert (made.json()["added"], made.json()["predictions"], made.json()["columns"]) == (1, 0, [])
    assert await stored(town) == []
    strict = f"/batches/{typed.id}/tasks?strict=1"
    refused = await town.client.asks("POST", strict, json=[shop(2, guess("yes"))])
    assert refused.json()["errors"][0]["field"] == "predictions"


async def test_an_import_tells_how_many_predictions_its_file_had(town):
    draft = await town.client.drafts(policy="dynamic", use_predictions=True)
    body = "\n".join(json.dumps(shop(n, guess("no"))) for n in range(1, 4))
    path, headers = f"/batches/{draft.id}/imports", {"Content-Type": "application/jsonl"}
    job = (await town.client.asks("POST", path, content=body, headers=headers)).json()
    await town.answers_bells()
    done = (await town.client.asks("GET", f"{path}/{job['id']}")).json()
    assert (done["state"], done["predictions"], done["columns"]) == ("ready", 3, [])
    assert [value for _, value, _, _ in await stored(town)] == ["no"] * 3

"""A programmer who made a mistake reads which field it was, what was given, and what is taken."""

import re

import pytest

BATCH = {"name": "Shops", "kind": "verification", "instructions": "Is it true?", "price": "3.00"}

WRONG = {
    "a wrong kind": ({"kind": "verify"}, ("kind", "there is no kind of task 'verify'; there is: categorisation, date, entry, name, number, transcription, verification")),
    "a field that does not exist": ({"prize": 3}, ("prize", "there is no such field; did you mean 'price'? known: name, labels")),
    "a field of an option": ({"options": [{"id": "a", "label": "x"}]}, ("options[0].label", "there is no such field; did you mean 'labels'? known: id, labels")),
    "an option without its id": ({"options": [{"labels": {}}]}, ("options[0].id", "is missing")),
    "a number for a boolean": ({"rotate": 0}, ("rotate", "must be true or false, not 0")),
    "text for a list": ({"languages": "sw"}, ("languages", 'must be codes of languages in a list, like ["sw"], not \'sw\'')),
    "a language by its name": ({"languages": ["kiswahili"]}, ("languages[0]", "must be codes of languages in a list")),
    "a language nobody speaks here": ({"languages": ["xx"]}, ("languages", "no language 'xx'; there is: am, en, fr, ha, sw")),
    "a policy": ({"policy": "3"}, ("policy", "must be all, dynamic, double, fixed:N")),
    "an amount with a comma": ({"price": "5,00"}, ("price", "'5,00' is not an amount in KES; write it like 3.50")),
    "no amount": ({"price": None}, ("price", 'must be an amount in major units, like 3.00 or "3.00", not null')),
    "a list for an amount": ({"price": [1]}, ("price", "not a list")),
    "a percentage for a share": ({"confidence": 95}, ("confidence", "must be below 1.0, not 95")),
    "a word that is none": ({"order": "wide"}, ("order", "must be 'depth' or 'breadth', not 'wide'")),
    "too many in one SMS": ({"pack": 20}, ("pack", "must be auto, off, or a whole number from 2 to 9, not 20")),
    "a partner nobody knows": ({"shares": {"NOWHERE": 0.5}}, ("shares", "no partner 'NOWHERE'; GET /audience lists the partners")),
    "too long a name": ({"name": "x" * 201}, ("name", "has more than 200 characters")),
    "an empty name": ({"name": ""}, ("name", "must not be empty")),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
async def test_a_wrong_field_is_named_with_what_is_taken(town, what):
    given, (field, said) = WRONG[what]
    answer = await town.client.asks("POST", "/batches", json={**BATCH, **given})
    assert answer.status_code == 422
    told = answer.json()
    first = told["errors"][0]
    assert first["field"] == field
    assert said in first["message"]
    assert said in told["detail"]


async def test_a_missing_field_is_named(town):
    given = {name: value for name, value in BATCH.items() if name != "kind"}
    told = (await town.client.asks("POST", "/batches", json=given)).json()
    assert told["detail"] == "kind: is missing"


async def test_all_wrong_fields_are_told_at_once_each_once(town):
    wrong = {"rotate": 0, "price": None, "order": 1, "options": [{"label": "x"}]}
    told = (await town.client.asks("POST", "/batches", json={**BATCH, **wrong})).json()
    fields = [one["field"] for one in told["errors"]]
    assert sorted(fields) == ["options[0].id", "options[0].label", "order", "price", "rotate"]
    assert told["detail"].endswith("(and 4 more)")
    for one in told["errors"]:
        assert not re.search(r"pydantic|constrained|function-|Input should|String should|literal\[", one["message"] + one["field"])  # fmt: skip


BODIES = {
    "not JSON": (b"{name: 1}", "application/json", "the body is not JSON"),
    "nothing": (b"", "application/json", "the body is missing; send JSON"),
    "a list": (b"[1]", "application/json", "the body must be a JSON object"),
    "a form": (b"name=x", "application/x-www-form-urlencoded", "Content-Type: application/json"),
}


@pytest.mark.parametrize("what", BODIES)
async def test_a_body_that_is_no_object_says_what_to_send(town, what):
    content, kind, said = BODIES[what]
    headers = {"Content-Type": kind}
    answer = await town.client.asks("POST", "/batches", content=content, headers=headers)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


async def test_an_unknown_query_parameter_is_refused_on_every_route(town):
    """An ignored parameter looks like an answer: ?state=done would list every batch."""
    paths = (await town.http.get("/openapi.json")).json()["paths"]
    tried = 0
    for path, operations in paths.items():
        filled = re.sub(r"{\w+}", "start" if path.endswith("{change}") else "x", path)
        for method in operations:
            answer = await town.client.asks(
                method.upper(), filled.removeprefix("/api/v1"), params={"colour": "red"}
            )
            assert answer.status_code == 422, (method, path, answer.text)
            told = answer.json()
            assert [one["field"] for one in told["errors"]] == ["colour"]
            known = [
                p["name"] for p in operations[method].get("parameters", ()) if p["in"] == "query"
            ]
            for name in known:
                assert name in told["detail"]
            assert known or "takes none" in told["detail"]
            tried += 1
    assert tried > 15


async def test_a_parameter_misspelt_or_given_twice_is_named(town):
    batch = await town.posts_batch("Is it open?")
    wrong = await town.client.asks("GET", f"/batches/{batch.id}/results?fromat=csv")
    assert "did you mean 'format'?" in wrong.json()["detail"]
    twice = await town.client.asks("GET", f"/batches/{batch.id}/results?format=csv&format=json")
    assert (twice.status_code, twice.json()["detail"]) == (422, "format: is given twice")
    none = await town.client.asks("GET", f"/batches/{batch.id}/results?format=xml")
    assert none.json()["detail"] == "format: must be 'json', 'csv' or 'jsonl', not 'xml'"


async def test_an_id_that_is_there_is_named(town):
    batch = await town.client.drafts()
    csv = {"Content-Type": "text/csv"}
    path = f"/batches/{batch.id}/tasks"
    for rows in (b"id,text\n7 (b),a\n", b"id,text\n1,x\n7 (b),a\n"):
        answer = await town.client.asks("POST", path, content=rows, headers=csv)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")
    said = "the id '7 (b)' is in this batch already; nothing of this upload was taken"
    assert answer.json()["detail"] == said


async def test_deciding_what_is_not_in_doubt_says_why_not(town):
    batch = await town.posts_batch("Is it open?")
    decide = f"/batches/{batch.id}/tasks"
    given = {"value": "yes", "by": "Wanjiku"}
    nowhere = await town.client.asks("POST", f"{decide}/77/decision", json=given)
    assert (nowhere.status_code, nowhere.json()["detail"]) == (404, "no task '77' in this batch")
    still_open = await town.client.asks("POST", f"{decide}/t1/decision", json=given)
    assert still_open.status_code == 409
    assert "the task 't1' is open; only a task in review" in still_open.json()["detail"]
    perhaps = await town.client.asks("POST", f"{decide}/t1/decision", json={**given, "value": "x"})
    assert perhaps.json()["errors"][0]["field"] == "value"


async def test_an_address_that_is_none_leads_to_the_documentation(town):
    told = (await town.client.asks("GET", "/batch")).json()
    assert told["detail"] == "there is nothing at /api/v1/batch; /docs lists what there is"


async def test_a_new_batch_says_where_it_is_and_a_repeated_answer_that_it_is_one(town):
    headers = {"Idempotency-Key": "order-1"}
    first = await town.client.asks("POST", "/batches", json=BATCH, headers=headers)
    again = await town.client.asks("POST", "/batches", json=BATCH, headers=headers)
    assert first.headers["location"] == f"/api/v1/batches/{first.json()['id']}"
    assert again.headers["location"] == first.headers["location"]
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"

# pyright: basic
"""A client lists its batches and tasks, and reads every single answer."""

import csv
import io
import itertools

from gateway.base.pseudonyms import PSEUDONYM
from tests.support.operations import operations_of
from tests.support.town import Batch


async def three_answer(town, **given):
    """Three workers answer two tasks; the third is of another opinion about the second."""
    people = [await town.enrols(name) for name in ("amina", "brian", "cate")]
    rows = [
        {"id": "t1", "text": "Is it open?", "ward": "Kibera", "state": "x"},
        {"id": "t2", "text": "Is it clean?", "ward": "Mathare"},
    ]
    batch = await town.posts_batch(tasks=rows, policy="fixed:3", **given)
    for person, of_the_second in zip(people, "112", strict=True):
        asked = await person.texts("WORK")
        for _ in rows:
            asked = await person.texts(of_the_second if "clean" in asked else "1")
    await town.ticks()
    return batch, people


async def reads(batch, path, **headers):
    answer = await batch.client.asks("GET", f"/batches/{batch.id}{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


async def test_every_answer_is_there_with_its_worker_time_price_and_the_clients_columns(town):
    batch, people = await three_answer(town)
    answers = (await reads(batch, "/answers")).json()
    assert len(answers) == 6
    first = answers[0]
    assert {k: first[k] for k in ("task", "answer", "channel", "said", "value")} == {
        "task": "t1",
        "answer": 1,
        "channel": "sms",
        "said": "1",
        "value": "yes",
    }
    assert (first["price"], first["currency"], first["counted"], first["gold"]) == ("3", "KES", True, False)  # fmt: skip
    assert first["options_order"] == ["yes", "no", "unsure"]
    assert first["lead_time_s"] >= 0
    assert first["columns"] == {"ward": "Kibera", "state": "x"}
    assert {one["worker"] for one in answers} == {await one.pseudonym() for one in people}
    assert all(PSEUDONYM.fullmatch(one["worker"]) for one in answers)


async def test_another_client_knows_the_same_worker_by_another_id(town):
    amina = await town.enrols("amina")
    other = await town.new_client("Other", 10_000)
    assert await amina.pseudonym() != await amina.pseudonym(other)
    names = town.rt.vault.pseudonyms(other.id)
    assert names.worker(await amina.pseudonym()) is None
    hers = {"id": "t1", "text": "Is it open?", "audience": {"workers": [await amina.pseudonym()]}}
    draft = await other.drafts(policy="all")
    answer = await other.asks("POST", f"/batches/{draft.id}/tasks", json=[hers])
    assert answer.status_code == 422
    assert "there is no worker" in answer.json()["detail"]


async def test_answers_come_in_pages_and_since_a_time(town):
    batch, _ = await three_answer(town)
    found, after = [], ""
    for _ in range(10):
        page = await reads(batch, f"/answers?limit=4{after}")
        found += [(one["task"], one["answer"]) for one in page.json()]
        if "Next-After" not in page.headers:
            break
        after = f"&after={page.headers['Next-After']}"
    assert found == [(task, n) for task in ("t1", "t2") for n in (1, 2, 3)]
    answers = (await reads(batch, "/answers")).json()
    last = max(one["answered_at"] for one in answers).replace("+00:00", "Z")
    (newest,) = (await reads(batch, f"/answers?answered_after={last}")).json()
    assert newest["answered_at"].replace("+00:00", "Z") == last


async def test_answers_as_csv_and_lines_say_the_same(town):
    batch, _ = await three_answer(town)
    answers = (await reads(batch, "/answers")).json()
    lines = (await reads(batch, "/answers?format=jsonl")).text.splitlines()
    assert len(lines) == len(answers)
    rows = list(csv.DictReader(io.StringIO((await reads(batch, "/answers?format=csv")).text)))
    assert [row["worker"] for row in rows] == [one["worker"] for one in answers]
    assert rows[0]["ward"] == "Kibera"
    assert rows[0]["options_order"] == "yes no unsure"
    assert (rows[0]["counted"], rows[0]["right"]) == ("true", "")


async def test_results_count_the_answers_for_each_option_and_carry_the_clients_columns(town):
    batch, _ = await three_answer(town)
    result = (await batch.results())["t2"]
    assert result["counts"] == {"yes": 2, "no": 1, "unsure": 0}
    assert result["columns"] == {"ward": "Mathare"}
    (row, _) = csv.DictReader(io.StringIO((await reads(batch, "/results?format=csv")).text))
    assert (row["count_yes"], row["count_no"], row["ward"]) == ("3", "0", "Kibera")
    assert (row["state"], row["columns.state"]) == ("decided", "x"), "a name of ours stays ours"


async def test_results_in_pages_by_state_and_since_a_decision(town):
    batch, _ = await three_answer(town, confidence=0.9)
    states = {name: one["state"] for name, one in (await batch.results()).items()}
    assert states == {"t1": "decided", "t2": "review"}
    page = await reads(batch, "/results?limit=1")
    assert ([one["task"] for one in page.json()], page.headers["Next-After"]) == (["t1"], "t1")
    page = await reads(batch, "/results?limit=1&after=t1")
    assert [one["task"] for one in page.json()] == ["t2"]
    assert "Next-After" not in page.headers
    assert [o["task"] for o in (await reads(batch, "/results?state=review")).json()] == ["t2"]
    assert (await reads(batch, "/results?decided_after=2099-01-01T00:00:00Z")).json() == []
    unknown = await batch.client.asks("GET", f"/batches/{batch.id}/results?after=nowhere")
    assert unknown.status_code == 422


async def test_batches_are_listed_by_state_and_label_in_pages(town):
    made = [
        await town.client.drafts(name=f"b{n}", labels={"project": "shops" if n % 2 else "roads"})
        for n in range(5)
    ]
    found, after = [], ""
    while True:
        page = (await town.client.asks("GET", f"/batches?limit=2{after}")).json()
        found += [one["id"] for one in page["batches"]]
        assert page["total"] == 5
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert found == [one.id for one in reversed(made)]
    shops = (await town.client.asks("GET", "/batches?label=project:shops&state=draft")).json()
    assert ([one["name"] for one in shops["batches"]], shops["total"]) == (["b3", "b1"], 2)
    assert shops["batches"][0]["labels"] == {"project": "shops"}
    assert (await town.client.asks("GET", "/batches?state=done")).json()["batches"] == []
    for wrong in ("?state=ended", "?label=shops", "?limit=0", "?colour=red"):
        assert (await town.client.asks("GET", f"/batches{wrong}")).status_code == 422, wrong


async def test_tasks_are_listed_by_state_in_pages_and_one_by_one(town):
    batch, _ = await three_answer(town)
    page = (await reads(batch, "/tasks?limit=1")).json()
    assert ([one["id"] for one in page["tasks"]], page["next"], page["total"]) == (["t1"], "t1", 2)
    page = (await reads(batch, "/tasks?limit=1&after=t1")).json()
    assert ([one["id"] for one in page["tasks"]], page["next"]) == (["t2"], None)
    one = (await reads(batch, "/tasks/t1")).json()
    assert (one["text"], one["answers"], one["columns"]["ward"]) == ("Is it open?", 3, "Kibera")
    missing = await batch.client.asks("GET", f"/batches/{batch.id}/tasks/nowhere")
    assert missing.status_code == 404
    assert (await reads(batch, "/tasks?state=open")).json() == {
        "tasks": [],
        "next": None,
        "total": 0,
    }


async def test_a_page_that_did_not_change_is_not_sent_again(town):
    batch, _ = await three_answer(town)
    for path in ("/batches", f"/batches/{batch.id}/tasks", f"/batches/{batch.id}/tasks/t1"):
        first = await town.client.asks("GET", path)
        headers = {"If-None-Match": first.headers["ETag"]}
        again = await town.client.asks("GET", path, headers=headers)
        assert (again.status_code, again.content) == (304, b""), path
        assert (await town.client.asks("GET", path, headers={"If-None-Match": '"x"'})).is_success


async def test_a_cursor_of_nothing_is_refused_on_every_list(town):
    """An empty page would look like the end of the list."""
    batch, _ = await three_answer(town)
    tried = set[str]()
    for each in await operations_of(town):
        given = {one["name"]: one["schema"] for one in each.said.get("parameters", [])}
        if "after" not in given or any(is_place(form) for form in forms(given["after"])):
            continue
        path = each.path(batch=batch.id).removeprefix("/api/v1")
        answer = await batch.client.asks("GET", f"{path}?after=x_nothing")
        assert answer.status_code == 422, (each.id, answer.text)
        assert [one["field"] for one in answer.json()["errors"]] == ["after"], each.id
        tried.add(each.id)
    assert {"list_batches", "list_tasks", "list_results", "list_imports", "list_exports"} <= tried


def forms(schema: dict) -> list[dict]:
    return schema.get("anyOf", [schema])


def is_place(form: dict) -> bool:
    """Return whether a cursor is a place in an order, which holds also where nothing is there."""
    return form.get("type") == "integer" or form.get("pattern", "").startswith("^[0-9]")


async def test_another_clients_lists_do_not_exist(town):
    batch, _ = await three_answer(town)
    stranger = await town.new_client("Stranger")
    for path in ("/answers", "/tasks", "/tasks/t1", "/results"):
        assert (await stranger.asks("GET", f"/batches/{batch.id}{path}")).status_code == 404
    for client, path in (
        (stranger, f"/batches?after={batch.id}"),
        (batch.client, "/batches?after=b_nothing"),
        (batch.client, f"/batches/{batch.id}/tasks?after=nowhere"),
    ):
        unknown = await client.asks("GET", path)
        assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "after"), path


CSV = {"Content-Type": "text/csv"}


async def test_a_field_is_taken_from_a_column_of_another_name(town):
    draft = await town.client.drafts()
    path = f"/batches/{draft.id}/tasks?map=text:Question,id:Shop no."
    body = "Shop no.;Question;Ward\n17;Is it open?;Kibera\n"
    answer = await town.client.asks("POST", path, content=body, headers=CSV)
    assert answer.status_code == 201, answer.text
    assert answer.json()["columns"] == ["Ward"]
    (one,) = (await reads(draft, "/tasks")).json()["tasks"]
    assert (one["id"], one["text"], one["columns"]) == ("17", "Is it open?", {"Ward": "Kibera"})


async def test_json_tasks_are_renamed_too_and_keep_any_value(town):
    draft = await town.client.drafts()
    given = [{"id": 1, "q": "Is it open?", "text": "mine", "at": {"lat": -1.3}, "n": 7, "no": None}]
    path = f"/batches/{draft.id}/tasks?map=text:q"
    answer = await town.client.asks("POST", path, json=given)
    assert answer.status_code == 201, answer.text
    (one,) = (await reads(draft, "/tasks")).json()["tasks"]
    assert one["text"] == "Is it open?"
    assert one["columns"] == {"text": "mine", "at": {"lat": -1.3}, "n": 7}


async def test_strict_refuses_columns_that_are_no_fields(town):
    draft = await town.client.drafts()
    body = "id,text,glod\n1,Is it open?,yes\n"
    path = f"/batches/{draft.id}/tasks"
    loose = await town.client.asks("POST", f"{path}?strict=1", content=body, headers=CSV)
    assert loose.status_code == 422
    (fault,) = loose.json()["errors"]
    assert (fault["row"], fault["field"]) == (1, "glod")
    assert (await town.client.asks("POST", path, content=body, headers=CSV)).is_success


async def test_own_columns_have_limits_that_name_the_row(town):
    draft = await town.client.drafts()
    many = {f"c{n}": n for n in range(101)}
    for own in (many, {"c": "x" * 8_001}, {"c" * 101: 1}, {"a\nb": 1}):
        given = [{"id": 1, "text": "Is it open?", **own}]
        answer = await town.client.asks("POST", f"/batches/{draft.id}/tasks", json=given)
        assert answer.status_code == 422, own
        assert answer.json()["errors"][0]["row"] == 1
    for wrong in ("text", "text:", ":q", "colour:q", "text:a,text:b"):
        path = f"/batches/{draft.id}/tasks?map={wrong}"
        assert (await town.client.asks("POST", path, json=[{"id": 1}])).status_code == 422, wrong
    assert (await reads(draft, "/tasks")).json()["total"] == 0


async def test_columns_of_several_uploads_are_all_there_in_order(town):
    draft = await town.client.drafts()
    for n, own in enumerate(({"b": 1, "a": 2}, {"c": 3, "a": 4})):
        given = [{"id": n, "text": "Is it open?", **own}]
        assert (await town.client.asks("POST", f"/batches/{draft.id}/tasks", json=given)).is_success
    header = (await reads(draft, "/results?format=csv")).text.splitlines()[0].split(",")
    assert header[-3:] == ["b", "a", "c"]
    assert isinstance(draft, Batch)
    assert len(list(itertools.chain(header))) == len(set(header))

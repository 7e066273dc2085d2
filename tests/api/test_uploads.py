"""Faulty uploads of clients are refused by row and column: taken whole or not at all."""

import io
import json

import openpyxl
import pytest


@pytest.fixture
async def draft(town):
    return await town.client.drafts()


async def upload(batch, body, kind="text/csv"):
    return await batch.client.asks(
        "POST", f"/batches/{batch.id}/tasks", content=body, headers={"Content-Type": kind}
    )


CSV = "text/csv"
JSON = "application/json"
WRONG = {
    "no text column": (CSV, "id,words\n1,Is it open?\n", "no column 'text'", "text", 0),
    "a cell too many": (CSV, "id,text\n1,a\n2,b,c\n", "row 2: 3 columns", None, 2),
    "a quote not closed": (CSV, 'id,text\n1,"a\n2,b\n', "row 1, column text: a quote is opened and not closed", None, 1),
    "an empty text": (CSV, "id,text\n1,a\n2,\n", "row 2, text", "text", 2),
    "a blank text": (CSV, "id,text\n1,   \n", "row 1, text", "text", 1),
    "an id twice": (CSV, "id,text\n1,a\n2,b\n1,c\n", "'1' is there twice", "id", 3),
    "a wrong truth": (CSV, "id,text,gold\n1,a,perhaps\n", "row 1, gold", "gold", 1),
    "nothing": (CSV, "", "empty", None, None),
    "only a header": (CSV, "id,text\n", "no task", None, None),
    "not JSON": (JSON, "[{", "not JSON", None, None),
    "a list of words": (JSON, '["a"]', "row 1", None, 1),
    "a text of 10,000 letters": (JSON, json.dumps([{"id": 1, "text": "x" * 10_000}]), "row 1, text", "text", 1),
    "a text that is a number": (JSON, '[{"id": 1, "text": 1.5}]', "row 1, text", "text", 1),
    "nobody's worker": (JSON, '[{"id": 1, "text": "a", "audience": {"workers": ["w_aaaaaaaaaaaaaaaaaaaaaaaaaa"]}}]', "there is no worker", "audience.workers", 1),
    "a NUL": (CSV, "id,text\n1,a\n2,b\0\n", "row 2, column text: there is a NUL", None, 2),
    "a NUL in JSON": (JSON, '[{"id": 1, "text": "a\\u0000b"}]', "row 1", None, 1),
    "half a line of JSON lines": ("application/jsonl", '{"id": 1, "text": "a"}\n{"id"', "row 2", None, 2),
}  # fmt: skip


READ = {
    "semicolons": "id;text\n1;Toi Market, Kibera\n",
    "tabs, capitals and blanks": "ID\t Text \n1\tToi Market, Kibera\n",
    "a line that names the separator": "sep=;\nid;text\n1;Toi Market, Kibera\n",
    "empty columns and rows": 'id,text,,\n,,,\n1,"Toi Market, Kibera",,\n,,,\n',
}


@pytest.mark.parametrize("what", READ)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_what_spreadsheets_write_is_read(town, draft, what, encoding):
    answer = await upload(draft, READ[what].encode(encoding), "")
    assert answer.json()["added"] == 1, answer.text
    assert await town.value("select text from task") == "Toi Market, Kibera"


async def test_a_spreadsheet_itself_is_read_and_its_rows_keep_their_numbers(town, draft):
    book = openpyxl.Workbook()
    for row in (["ID", "Text"], [254711000031.0, "Is it open?"], [], [3, "  "]):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    answer = await upload(draft, file.getvalue(), "application/octet-stream")
    assert "row 3, text" in answer.json()["detail"]
    book.active.cell(4, 2, "Is it clean?")
    file = io.BytesIO()
    book.save(file)
    assert (await upload(draft, file.getvalue(), "")).json()["added"] == 2
    names = await town.rt.db.rows("select name from task order by id")
    assert [row["name"] for row in names] == ["254711000031", "3"]


async def test_json_lines_end_at_a_line_feed_only(town, draft):
    body = '{"id": "1", "text": "a\u2028b"}\n\n{"id": "2", "text": "a\u2029b"}\n'
    answer = await upload(draft, body.encode(), "application/jsonl")
    assert answer.json()["added"] == 2, answer.text


@pytest.mark.parametrize("what", WRONG)
async def test_a_wrong_upload_is_refused_by_row_and_column_and_nothing_is_kept(town, draft, what):
    kind, body, said, field, row = WRONG[what]
    answer = await upload(draft, body, kind)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert said in problem["detail"]
    if field or row:
        (fault,) = problem["errors"]
        assert fault["row"] == row
        assert not field or fault["field"] == field
    assert await town.count("task") == 0


async def test_windows_1252_is_read_and_broken_utf8_is_refused_with_advice(town, draft):
    answer = await upload(draft, "id,text\n1,Caf\u00e9 ouvert?\n".encode("cp1252"))
    assert answer.json()["added"] == 1
    answer = await upload(draft, "id,text\n2,Caf\u00e9\n3,x".encode() + b"\xc3\n")
    assert answer.status_code == 422
    assert "line 3: this is not UTF-8" in answer.json()["detail"]
    assert "CSV UTF-8" in answer.json()["detail"]


async def test_every_wrong_row_is_named_at_once(town, draft):
    answer = await upload(draft, "id,text\n1,a\n1,b\n2,\n")
    assert [(e["row"], e["field"]) for e in answer.json()["errors"]] == [(2, "id"), (3, "text")]


@pytest.mark.parametrize("body", [
    'id,text\r\n1,Is it open?\r\n2,"Is it, well, clean?"\r\n',
    "\N{BOM}id,text\n1,Is it open?\n\n2,Je, ni safi? \N{GRINNING FACE}\n".replace("Je, ", "Je "),
    "text,id\nIs it open?,1\nNi safi?,2\n",
])  # fmt: skip
async def test_csv_as_spreadsheets_write_it_is_taken(town, draft, body):
    answer = await upload(draft, body)
    assert (answer.status_code, answer.json()["added"]) == (201, 2), answer.text
    assert await town.count("task") == 2


async def test_a_file_in_a_form_is_taken(town, draft):
    answer = await town.client.asks(
        "POST", f"/batches/{draft.id}/tasks", files={"file": ("t.csv", b"id,text\n1,a\n")}
    )
    assert answer.json()["added"] == 1


async def test_an_id_that_is_there_from_an_earlier_upload_is_refused(town, draft):
    await upload(draft, "id,text\n1,a\n")
    answer = await upload(draft, "id,text\n2,b\n1,c\n")
    assert answer.status_code == 409
    assert await town.count("task") == 1


async def test_tasks_cannot_be_added_to_a_running_batch(town):
    batch = await town.posts_batch("Is it open?")
    answer = await upload(batch, "id,text\n9,a\n")
    assert answer.status_code == 409
    assert "before the start" in answer.json()["detail"]


GOOD = {"name": "Shops", "kind": "verification", "instructions": "Is it true?", "price": "3.00"}
BAD_BATCHES = {
    "an unknown kind": ({"kind": "poetry"}, "verification"),
    "an unknown language": ({"languages": ["xx"]}, "no language 'xx'"),
    "an unknown method": ({"method": "dice"}, "no method 'dice'"),
    "an unknown policy": ({"policy": "sometimes"}, "policy"),
    "a policy of nothing": ({"policy": "fixed:0"}, "policy"),
    "an unknown field": ({"colour": "red"}, "colour"),
    "no name": ({"name": ""}, "name"),
    "a price that is none": ({"price": "three"}, "price"),
    "a negative price": ({"price": "-3"}, "price"),
    "a price of half a cent": ({"price": "0.005"}, "price"),
    "long instructions": ({"instructions": "x" * 161}, "instructions"),
    "too sure": ({"policy": "dynamic", "confidence": 1.5}, "confidence"),
    "one option": ({"kind": "categorisation", "options": ["a"]}, "options"),
    "ten options": ({"kind": "categorisation", "options": list("abcdefghij")}, "options"),
    "an option twice": ({"kind": "categorisation", "options": ["a", "a"]}, "a"),
    "options for a yes or no": ({"options": ["a", "b"]}, "options"),
    "a NUL in its name": ({"name": "a\0b"}, ""),
    "a NUL in its instructions": ({"instructions": "a\0b"}, ""),
    "only blanks for a name": ({"name": "   "}, "name"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_BATCHES)
async def test_a_wrong_batch_is_refused_with_its_reason(town, what):
    change, said = BAD_BATCHES[what]
    answer = await town.client.asks("POST", "/batches", json={**GOOD, **change})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.text
    assert await town.count("batch") == 0


async def test_a_task_for_all_needs_its_workers(town):
    batch = await town.client.drafts(policy="all")
    answer = await upload(batch, "id,text\n1,a\n")
    assert answer.status_code == 422
    assert "audience.workers" in answer.text


async def test_a_workers_formula_is_no_formula_in_the_clients_files(town):
    """JSON and files for programs show her words as they are."""
    amina = await town.enrols("amina")
    batch = await town.client.posts_batch("Type the sign", kind="transcription", policy="fixed:1")
    await amina.texts("WORK")
    await amina.texts("=1+1 shops \u200b")
    await town.answers_bells()
    formats = {}
    for query in ("format=csv", "format=csv&raw=true", "format=json"):
        answer = await town.client.asks("GET", f"/batches/{batch.id}/results?{query}")
        formats[query] = answer.text
    assert ",'=1+1" in formats["format=csv"]
    assert ",=1+1" in formats["format=csv&raw=true"]
    assert '"=1+1' in formats["format=json"]

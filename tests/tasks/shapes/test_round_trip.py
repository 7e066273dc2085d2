"""A file that is exported in the shape of another service can be uploaded again."""
# pyright: basic

import csv
import io
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.base import plugins
from gateway.base.tabular import restored
from gateway.tasks import shapes
from gateway.tasks.exports import formats
from gateway.tasks.exports.port import Content, ExportedBatch, ExportRow
from gateway.tasks.question import Field, Option
from gateway.tasks.shaping.rows import ReadingAsked
from gateway.tasks.uploaded import read_rows

WRITTEN = [name for name in plugins.kinds(shapes) if name in plugins.kinds(formats)]
BATCH = ExportedBatch(
    id="b_1",
    name="Shops",
    kind="categorisation",
    instructions="What is it?",
    content=Content.RESULTS,
    columns=("task", "value"),
    options=(Option("shop"), Option("stall")),
    own=("ward", "label", "id", "_ip"),
    method="auto",
)
RECORDS = replace(
    BATCH,
    kind="entry",
    options=(),
    own=("ward",),
    fields=(Field("fee", "money", 1), Field("owner", "name", 2)),
)


def answer(value, slot=1, **change):
    return {
        "answer": slot,
        "worker": f"w_{slot}",
        "channel": "sms",
        "said": "1",
        "value": value,
        "asked_at": "2026-11-30T11:59:00+00:00",
        "answered_at": "2026-11-30T12:00:00+00:00",
        "lead_time_s": 60.0,
        "counted": True,
        "gold": False,
        "right": None,
        **change,
    }


def task(name, text, value, *answers, gold=None, reason=None, **own):
    told = {
        "task": name,
        "state": "decided",
        "value": value,
        "confidence": 0.9709,
        "rule": "auto",
        "decided_at": "2026-11-30T12:00:00+00:00",
        "columns": own,
    }
    return ExportRow(told, text, gold, answers, reason)


ROWS = [
    task("007", "What is this? Duka", "shop", answer("shop"), answer("stall", 2, counted=False), ward="Kibera", label="mine", id="x"),
    task("8", "Und dies?", None, ward="Kibera; east", _ip="1.2.3.4"),
    task("9", "And that?", "stall", answer("shop", right=False), gold="stall", reason="It has no walls"),
]  # fmt: skip


def written(name, batch, rows, *, raw=False):
    writer = plugins.load(formats, name).open_writer(batch, raw=raw)
    return b"".join([writer.header(), *map(writer.row, rows), writer.end()])


def read(file, record=()):
    return list(read_rows(file, "", ReadingAsked(record=record)))


def own(row, name):
    """Return a column of the client's own, which Mechanical Turk has as a variable."""
    return row.own.get(name) or row.own.get(f"Input.{name}") or None


def test_each_shape_that_is_read_is_written_too():
    assert plugins.kinds(shapes) == WRITTEN == ["appen", "labelstudio", "mturk", "toloka"]


@pytest.mark.parametrize("name", WRITTEN)
def test_results_are_the_same_tasks_again_with_gold_and_decisions(name):
    rows = read(written(name, BATCH, ROWS))
    assert [(row["id"], row["text"], row.get("gold")) for row in rows] == [
        ("007", "What is this? Duka", None),
        ("8", "Und dies?", None),
        ("9", "And that?", "stall"),
    ]
    assert [own(row, "ward") for row in rows] == ["Kibera", "Kibera; east", None]
    if name != "labelstudio":  # Its decisions are no predictions by a model of the client's.
        column = {"appen": "label", "mturk": "Answer.label", "toloka": "OUTPUT:label"}[name]
        assert [row.own.get(column) or None for row in rows][:2] == ["shop", None]


@pytest.mark.parametrize("name", WRITTEN)
def test_answers_are_the_same_tasks_again(name):
    rows = read(written(name, replace(BATCH, content=Content.ANSWERS), ROWS))
    expected = [("007", "What is this? Duka", None), ("9", "And that?", "stall")]
    if name in ("labelstudio", "mturk"):
        expected.insert(1, ("8", "Und dies?", None))
    assert [(row["id"], row["text"], row.get("gold")) for row in rows] == expected


@pytest.mark.parametrize("content", [Content.RESULTS, Content.ANSWERS])
@pytest.mark.parametrize("name", WRITTEN)
def test_the_reason_of_gold_comes_back_and_no_decision_becomes_a_prediction(name, content):
    rows = {row["id"]: row for row in read(written(name, replace(BATCH, content=content), ROWS))}
    assert rows["9"].get("gold_reason") == "It has no walls"
    assert "gold_reason" not in rows["007"]
    assert all(row.guess is None and row.problem is None for row in rows.values())


def test_a_hint_without_gold_stays_the_clients_own():
    rows = [
        task("1", "Is it?", "shop", **{"HINT:text": "Look at the door", "label_gold_reason": "?"})
    ]
    batch = replace(BATCH, own=("HINT:text", "label_gold_reason"))
    (again,) = read(written("toloka", batch, rows))
    assert again.own["HINT:text"] == "Look at the door"
    (again,) = read(written("appen", batch, rows))
    assert again.own["label_gold_reason"] == "?"


def test_mechanical_turk_has_one_quoted_row_per_assignment():
    made = written("mturk", replace(BATCH, content=Content.ANSWERS), ROWS)
    header, *rows = list(csv.reader(io.StringIO(made.decode())))
    assert header == [
        "HITId", "HITTypeId", "Title", "Description", "Keywords", "Reward", "CreationTime",
        "MaxAssignments", "RequesterAnnotation", "AssignmentDurationInSeconds",
        "AutoApprovalDelayInSeconds", "Expiration", "NumberOfSimilarHITs", "LifetimeInSeconds",
        "AssignmentId", "WorkerId", "AssignmentStatus", "AcceptTime", "SubmitTime",
        "AutoApprovalTime", "ApprovalTime", "RejectionTime", "RequesterFeedback",
        "WorkTimeInSeconds", "LifetimeApprovalRate", "Last30DaysApprovalRate",
        "Last7DaysApprovalRate", "Input.text", "Input.ward", "Input.label", "Input.id", "Input._ip",
        "Input.gold", "Input.gold_reason", "Answer.label", "Approve", "Reject",
    ]  # fmt: skip
    cells = [dict(zip(header, row, strict=True)) for row in rows]
    shown = ("HITId", "AssignmentId", "WorkerId", "AssignmentStatus", "WorkTimeInSeconds", "Answer.label")  # fmt: skip
    assert [tuple(one[name] for name in shown) for one in cells] == [
        ("007", "b_1.007.1", "w_1", "Approved", "60", "shop"),
        ("007", "b_1.007.2", "w_2", "Rejected", "60", "stall"),
        ("8", "", "", "", "", ""),
        ("9", "b_1.9.1", "w_1", "Approved", "60", "shop"),
    ]
    assert cells[0]["AcceptTime"] == "Mon Nov 30 11:59:00 UTC 2026"
    assert made.count(b'"') >= 2 * len(header) * (len(rows) + 1), "all cells are quoted"


def test_an_archive_that_comes_back_keeps_the_names_of_its_variables():
    batch = replace(BATCH, own=("Input.row", "Answer.label"))
    rows = [task("1", "Is it?", "shop", **{"Input.row": "17", "Answer.label": "Yes | No"})]
    (again,) = read(written("mturk", batch, rows))
    assert again.own["Input.row"] == "17"
    assert again.own["Input.Answer.label"] == "Yes | No"
    assert again.own["Answer.label"] == "shop"


@pytest.mark.parametrize("name", WRITTEN)
def test_records_have_a_column_per_field(name):
    truth = json.dumps({"fee": "450.00", "owner": "Amina"})
    told = {
        "fee": {"value": "450.00", "confidence": 0.9},
        "owner": {"value": "Amina", "confidence": 0.8},
    }
    one = task("1", "Form 7", truth, answer(truth), gold=truth)
    one = replace(one, told={**one.told, "fields": told})
    (row,) = read(written(name, RECORDS, [one]), ("fee", "owner"))
    assert row["gold"] == {"fee": "450.00", "owner": "Amina"}


def test_label_studio_has_answers_decisions_and_gold():
    first, second, third = json.loads(written("labelstudio", BATCH, ROWS))
    assert first["data"] == {
        "id": "007",
        "text": "What is this? Duka",
        "ward": "Kibera",
        "label": "mine",
        "columns.id": "x",
    }
    result = [
        {"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": ["shop"]}}
    ]
    assert first["predictions"] == [
        {"model_version": "gateway:auto", "score": 0.9709, "result": result}
    ]
    yes, no = first["annotations"]
    assert (yes["result"], yes["lead_time"], yes["ground_truth"], yes["was_cancelled"]) == (
        result,
        60.0,
        False,
        False,
    )
    assert no["was_cancelled"]
    assert isinstance(yes["completed_by"], int)
    assert yes["completed_by"] != no["completed_by"]
    assert (second["annotations"], second["predictions"]) == ([], [])
    assert [one["ground_truth"] for one in third["annotations"]] == [True, False]
    typed = json.loads(written("labelstudio", replace(BATCH, options=(), own=()), ROWS))
    assert typed[0]["annotations"][0]["result"][0]["value"] == {"text": ["shop"]}


def test_toloka_has_aggregated_results_and_assignments():
    header, first, *_ = written("toloka", BATCH, ROWS).decode().splitlines()
    cells = dict(zip(header.split("\t"), first.split("\t"), strict=True))
    assert (cells["OUTPUT:label"], cells["CONFIDENCE:label"]) == ("shop", "97.09%")
    header, *rows = (
        written("toloka", replace(BATCH, content=Content.ANSWERS), ROWS).decode().splitlines()
    )
    cells = [dict(zip(header.split("\t"), row.split("\t"), strict=True)) for row in rows]
    assert [one["ASSIGNMENT:status"] for one in cells] == ["APPROVED", "REJECTED", "APPROVED"]
    assert cells[0]["ASSIGNMENT:worker_id"] == "w_1"


@pytest.mark.parametrize("content", [Content.RESULTS, Content.ANSWERS])
def test_appen_never_tells_where_a_person_is(content):
    file = written("appen", replace(BATCH, content=content), ROWS).decode()
    assert "_ip" not in file
    assert "1.2.3.4" not in file
    assert "_city" not in file


hostile = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=12) | st.sampled_from(
    ["=1+1", "@SUM(A1)", "+254711000031", "-2", '"', '""', "a\tb", "a,b", "'=1", "a;=1", "yes | no", "{}", "[1]", "\u202e=1"]
)  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
@given(texts=st.lists(hostile.filter(str.strip), min_size=1, max_size=3), ward=hostile)
@settings(max_examples=60, deadline=None)
def test_hostile_cells_come_back_and_no_spreadsheet_executes_them(name, texts, ward):
    rows = [task(str(n), text, "shop", ward=ward) for n, text in enumerate(texts)]
    for raw in (True, False):
        again = read(written(name, replace(BATCH, own=("ward",)), rows, raw=raw))
        # A table trims its cells, and protects those that a spreadsheet would execute.
        is_table = name != "labelstudio"
        back = restored if is_table and not raw else str
        expected = [text.strip() if is_table else text for text in texts]
        assert [back(str(row["text"])) for row in again] == expected
        assert [row["id"] for row in again] == [str(n) for n in range(len(texts))]

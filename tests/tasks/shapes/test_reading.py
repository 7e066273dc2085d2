"""Files that clients bring from other services become the same tasks as a plain file."""
# pyright: basic

import io
import json

import openpyxl
import pytest

from gateway.base import plugins
from gateway.base.errors import Refused
from gateway.tasks import kinds
from gateway.tasks.intake import RowRules, checked_rows
from gateway.tasks.question import Field, Option
from gateway.tasks.shaping.rows import ReadingAsked
from gateway.tasks.uploaded import read_rows

CATEGORIES = (Option("Yes"), Option("No"))


def tasks_of(file, asked=None, *, kind="verification", options=None, fields=(), media=""):
    module = plugins.load(kinds, kind)
    body = file if isinstance(file, bytes) else file.encode()
    rules = RowRules(module, options or module.options(()), fields=fields)
    return list(checked_rows(read_rows(body, media, asked or ReadingAsked()), rules))


def seen(tasks):
    return [(task.name, task.text, task.gold, dict(task.own)) for task in tasks]


TOLOKA = 'INPUT:text\tINPUT:image\tGOLDEN:label\tHINT:text\nIs this a shop? Duka\tduka.jpg\tyes\t"""Duka"" means shop"\nIs this a school?\ts.jpg\t\t\n'


def test_toloka_tasks_as_tsv_with_golden_and_hint():
    first, second = tasks_of(TOLOKA)
    assert (first.name, first.text, first.gold) == ("1", "Is this a shop? Duka", "yes")
    assert first.gold_reason == '"Duka" means shop'
    assert seen([second]) == [("2", "Is this a school?", None, {"INPUT:image": "s.jpg"})]


def test_toloka_tasks_as_a_spreadsheet():
    book = openpyxl.Workbook()
    for row in (["INPUT:id", "INPUT:question", "GOLDEN:label"], [7, "Is it open?", "no"]):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    assert seen(tasks_of(file.getvalue())) == [("7", "Is it open?", "no", {})]


def test_toloka_tasks_as_json():
    tasks = [
        {
            "id": "a",
            "pool_id": "12",
            "input_values": {"question": "Is it a shop?"},
            "known_solutions": [{"output_values": {"label": "yes"}, "correctness_weight": 1}],
            "message_on_unknown_solution": "Duka means shop",
        },
        {"id": "b", "pool_id": "12", "input_values": {"question": "Is it a bar?"}},
    ]
    found = tasks_of(json.dumps(tasks))
    assert seen(found) == [
        ("a", "Is it a shop?", "yes", {"pool_id": "12"}),
        ("b", "Is it a bar?", None, {"pool_id": "12"}),
    ]
    assert found[0].gold_reason == "Duka means shop"


def test_the_answers_of_a_toloka_pool_are_one_task_again():
    file = (
        "INPUT:text\tOUTPUT:label\tASSIGNMENT:assignment_id\tASSIGNMENT:worker_id\tASSIGNMENT:status\n"
        "Is it open?\tyes\ta1\tw1\tAPPROVED\nIs it open?\tno\ta2\tw2\tREJECTED\nIs it clean?\tno\ta3\tw1\tAPPROVED\n"
    )
    assert seen(tasks_of(file)) == [
        ("1", "Is it open?", None, {"OUTPUT:label": "yes | no"}),
        ("3", "Is it clean?", None, {"OUTPUT:label": "no"}),
    ]
    asked = ReadingAsked({"gold": "label"})
    assert [task.gold for task in tasks_of(file, asked)] == ["yes", "no"]


APPEN = (
    "_unit_id,_golden,_unit_state,text,town,label_gold,label_gold_reason,_ip,_city\n"
    "1001,TRUE,golden,Is this a shop? Duka,Kibera,yes,Duka means shop,1.2.3.4,Nairobi\n"
    "1002,false,finalized,Is this a bar?,Kisumu,,,1.2.3.4,Nairobi\n"
)


def test_appen_source_data_with_gold():
    first, second = tasks_of(APPEN)
    assert seen([first, second]) == [
        ("1001", "Is this a shop? Duka", "yes", {"town": "Kibera"}),
        ("1002", "Is this a bar?", None, {"town": "Kisumu"}),
    ]
    assert first.gold_reason == "Duka means shop"


def test_an_appen_report_keeps_the_past_answers_and_no_worker():
    full = (
        "_unit_id,_created_at,_golden,_id,_trust,_worker_id,_country,_ip,label,question,label_gold\n"
        "5,x,false,1,0.9,44,KEN,1.2.3.4,yes,Is it open?,\n5,x,false,2,0.8,45,KEN,1.2.3.5,no,Is it open?,\n"
    )
    assert seen(tasks_of(full)) == [("5", "Is it open?", None, {"label": "yes | no"})]
    aggregated = "_unit_id,_golden,label,label:confidence,question\n5,false,yes,0.97,Is it open?\n"
    own = {"label": "yes", "label:confidence": "0.97"}
    assert seen(tasks_of(aggregated)) == [("5", "Is it open?", None, own)]


MTURK = (
    '"HITId","HITTypeId","AssignmentId","WorkerId","AssignmentStatus","Input.text","Input.row","Answer.label","Approve","Reject"\n'
    '"3X","T","39","A1","Approved","Is this a shop? Duka","17","Yes","",""\n'
    '"3Y","T","41","A1","Approved","Is it open?","18","No","",""\n'
    '"3X","T","40","A2","Approved","Is this a shop? Duka","17","Yes","",""\n'
    '"3Y","T","42","A2","Approved","Is it open?","18","Yes","",""\n'
    '"3X","T","43","A3","Rejected","Is this a shop? Duka","17","No","","spam"\n'
)


def test_an_mturk_archive_is_grouped_by_hit():
    assert seen(tasks_of(MTURK)) == [
        ("3X", "Is this a shop? Duka", None, {"Input.row": "17", "Answer.label": "Yes | Yes | No"}),
        ("3Y", "Is it open?", None, {"Input.row": "18", "Answer.label": "No | Yes"}),
    ]


def test_past_answers_that_agree_become_gold_only_where_the_client_asks():
    asked = ReadingAsked({"gold": "Answer.label"})
    assert [task.gold for task in tasks_of(MTURK, asked)] == ["yes", None]


def annotation(value, **more):
    result = {
        "from_name": "label",
        "to_name": "text",
        "type": "choices",
        "value": {"choices": [value]},
    }
    return {"id": 1, "completed_by": 3, "was_cancelled": False, "result": [result], **more}


def label_studio(*annotations, data=None, **more):
    return {
        "data": data or {"text": "Is this a shop? Duka", "meta.row": "17"},
        "annotations": list(annotations),
        **more,
    }


TYPED = {"result": [{"from_name": "t", "type": "textarea", "value": {"text": ["12"]}}]}


@pytest.mark.parametrize("made", [[TYPED], [TYPED, TYPED], "not a list"])
def test_a_typed_kind_leaves_predictions_out_unless_the_file_is_taken_strictly(made):
    body = json.dumps([{**label_studio(data={"text": "What is written?"}), "predictions": made}])
    for kind in ("transcription", "entry"):
        fields = (Field("year", "number", 1),) if kind == "entry" else ()
        (task,) = tasks_of(body, kind=kind, fields=fields)
        assert (task.text, task.predicted, dict(task.own)) == ("What is written?", None, {})
    module = plugins.load(kinds, "transcription")
    rules = RowRules(module, module.options(()), strict=True)
    with pytest.raises(Refused, match="leave them out of this file"):
        list(checked_rows(read_rows(body.encode(), "", ReadingAsked()), rules))
    with pytest.raises(Refused, match="prediction"):
        tasks_of(body)


def test_label_studio_tasks_with_ground_truth_as_gold():
    file = [
        label_studio(
            annotation("Yes", ground_truth=True), annotation("No", ground_truth=False), id=1
        ),
        label_studio(annotation("Yes", ground_truth=True, was_cancelled=True), id=2),
    ]
    expected = [
        ("1", "Is this a shop? Duka", "yes", {"meta.row": "17", "answers.label": "No"}),
        ("2", "Is this a shop? Duka", None, {"meta.row": "17"}),
    ]
    assert seen(tasks_of(json.dumps(file))) == expected
    lines = "\n".join(map(json.dumps, file))
    assert seen(tasks_of(lines)) == expected


def test_label_studio_text_areas_and_the_only_key_as_question():
    result = {
        "from_name": "said",
        "to_name": "t",
        "type": "textarea",
        "value": {"text": ["duka la mama"]},
    }
    file = [label_studio({"ground_truth": True, "result": [result]}, data={"utterance": "Type it"})]
    assert seen(tasks_of(json.dumps(file), kind="transcription")) == [
        ("1", "Type it", "duka la mama", {})
    ]


SHORT = (
    "annotation_id,annotator,created_at,id,label,lead_time,text,updated_at\n"
    "10,3,2026-11-30,1,Yes,14.2,Is it open?,2026-11-30\n11,4,2026-11-30,1,No,3.1,Is it open?,2026-11-30\n"
    "12,3,2026-11-30,2,No,3.0,Is it clean?,2026-11-30\n"
)


@pytest.mark.parametrize("separator", [",", "\t"])
def test_label_studio_csv_exports_have_a_row_per_annotation(separator):
    expected = [
        ("1", "Is it open?", None, {"label": "Yes | No"}),
        ("2", "Is it clean?", None, {"label": "No"}),
    ]
    assert seen(tasks_of(SHORT.replace(",", separator))) == expected
    header, *rows = [line.split(",") for line in SHORT.splitlines()]
    short_json = json.dumps([dict(zip(header, row, strict=True)) for row in rows])
    assert seen(tasks_of(short_json)) == expected


def test_records_take_their_gold_field_by_field():
    fields = (Field("fee", "number", 1), Field("owner", "name", 2))
    file = "INPUT:text\tGOLDEN:fee\tGOLDEN:owner\nForm 7\t450\tAmina\nForm 8\t\t\n"
    first, second = tasks_of(
        file, ReadingAsked(record=("fee", "owner")), kind="entry", fields=fields
    )
    assert json.loads(first.gold) == {"fee": "450", "owner": "Amina"}
    assert second.gold is None


def test_the_question_may_be_named_and_the_shape_chosen():
    asked = ReadingAsked({"text": "image", "id": "INPUT:text"})
    assert tasks_of(TOLOKA, asked)[1].text == "s.jpg"
    plain = ReadingAsked({"text": "INPUT:text", "id": "INPUT:image"}, shape="plain")
    assert seen(tasks_of(TOLOKA, plain))[1] == ("s.jpg", "Is this a school?", None, {})


WRONG = {
    "a gold that is no option": (TOLOKA.replace("\tyes\t", "\tmaybe\t"), None, "row 1, GOLDEN:label: .*maybe", "GOLDEN:label", 1),
    "two questions": ("INPUT:a\tINPUT:b\nx\ty\n", None, r"2 columns could be the question \(INPUT:a, INPUT:b\): say which, like map=text:INPUT:a", "map", 0),
    "two golds": ("INPUT:text\tGOLDEN:a\tGOLDEN:b\nx\tyes\tno\n", None, "2 columns could be the gold .*map=gold:GOLDEN:a", "map", 0),
    "a column that is not there": (TOLOKA, ReadingAsked({"text": "question"}), "no column 'question'; found: INPUT:text, INPUT:image", "question", 0),
    "a field that is not there": (TOLOKA, ReadingAsked({"txt": "a"}), "there is no field 'txt'", "map", None),
    "gold without a truth": (APPEN.replace(",yes,", ",,"), None, "row 1, label_gold: the row is marked as gold, but label_gold is empty", "label_gold", 1),
    "a hint that is too long": (TOLOKA.replace("means shop", "means shop" * 20), None, "row 1, HINT:text", "HINT:text", 1),
    "no input column": ("HITId,Answer.label\n1,yes\n", ReadingAsked(shape="mturk"), "there is no Input column for the question", "map", 0),
    "a hit without a text": (MTURK.replace("Is it open?", ""), None, "row 2, Input.text: text is missing", "Input.text", 2),
    "no data": (json.dumps([label_studio(), {"id": 2}]), None, "row 2, data: a task of Label Studio has an object data", "data", 2),
    "two ground truths": (json.dumps([label_studio(annotation("Yes", ground_truth=True), annotation("No", ground_truth=True))]), None, "row 1, annotations: the ground truths of label differ: No, Yes", "annotations", 1),
    "two solutions": (json.dumps([{"input_values": {"t": "a"}, "known_solutions": [{"output_values": {"l": "yes"}}, {"output_values": {"l": "no"}}]}]), None, "row 1, known_solutions", "known_solutions", 1),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named_by_column_row_and_rule(what):
    file, asked, said, column, row = WRONG[what]
    with pytest.raises(Refused, match=said) as refused:
        tasks_of(file, asked)
    fault = refused.value.faults[0]
    assert (fault.field, fault.row) == (column, row)


def test_faults_of_all_rows_are_reported_together():
    file = "INPUT:text\tGOLDEN:label\nx\tmaybe\n\tno\nz\tperhaps\n"
    with pytest.raises(Refused) as refused:
        tasks_of(file)
    assert [(f.row, f.field) for f in refused.value.faults] == [
        (1, "GOLDEN:label"),
        (2, "INPUT:text"),
        (3, "GOLDEN:label"),
    ]


def test_choices_of_a_client_are_matched_as_the_client_wrote_them():
    tasks = tasks_of(
        json.dumps([label_studio(annotation("Yes", ground_truth=True))]),
        kind="categorisation",
        options=CATEGORIES,
    )
    assert [task.gold for task in tasks] == ["Yes"]


@pytest.mark.parametrize(
    ("start", "name"), [(b"\x1f\x8b\x08", "gzip"), (b"BZh91", "bzip2"), (b"\xfd7zXZ\0", "xz")]
)
def test_a_compressed_file_is_named(start, name):
    for media in ("", "text/csv", "application/json"):
        with pytest.raises(Refused, match=f"this file is compressed .{name}.; unpack it"):
            tasks_of(start + b"\0\1\2", media=media)


@pytest.mark.parametrize(
    "body", ['[{"id": "1", "text": "Is it?"}]', '\n{ "id": "1", "text": "Is it?"}']
)
def test_json_that_is_sent_as_csv_is_read_as_json(body):
    assert seen(tasks_of(body, media="text/csv")) == [("1", "Is it?", None, {})]


def test_a_header_may_begin_with_a_bracket():
    asked = ReadingAsked({"id": "[id]"})
    assert seen(tasks_of("[id],text\n1,Is it?\n", asked, media="text/csv")) == [
        ("1", "Is it?", None, {})
    ]


@pytest.mark.parametrize(
    "start", ["id,text,gold\n1,Is it?,", "INPUT:id,INPUT:text,GOLDEN:label\n1,Is it?,"]
)
def test_gold_that_our_own_file_protected_from_spreadsheets_is_its_option(start):
    options = (Option("=x"), Option("'tis"), Option("-y"))
    for cell, gold in (("'=x", "=x"), ("'tis", "'tis"), ("'-y", "-y"), ("=x", "=x")):
        (one,) = tasks_of(f"{start}{cell}\n", kind="categorisation", options=options)
        assert one.gold == gold

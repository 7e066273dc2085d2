"""Every export format, also one that was added today, writes each of its contents as a stream."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import orjson
import pytest

from gateway.base import plugins
from gateway.base.errors import Refused
from gateway.base.tabular import WorkbookWriter, open_table, restored, workbook_writer
from gateway.tasks.exports import formats
from gateway.tasks.exports.port import Content, ExportedBatch, ExportFormat, ExportRow
from gateway.tasks.question import Option

RESULT = {
    "task": "007",
    "state": "decided",
    "value": "=shop",
    "confidence": 0.9709,
    "confidence_checked": False,
    "checked_with_gold": 0,
    "answers": 3,
    "tied": False,
    "rule": "auto",
    "counts": {"=shop": 2, "stall": 1},
    "decided_at": "2026-11-30T12:00:00+00:00",
    "columns": {"town": "Kibera; east", "floor": 2},
}
ANSWER = {
    "task": "007",
    "answer": 1,
    "worker": "w_rrszoqcmqhgc3xrnpxjeindaxa",
    "channel": "sms",
    "said": "=1+1",
    "value": "=shop",
    "asked_at": "2026-11-30T11:59:00+00:00",
    "answered_at": "2026-11-30T12:00:00+00:00",
    "lead_time_s": 60.0,
    "counted": True,
    "gold": False,
    "right": None,
    "price": "5",
    "currency": "KES",
    "options_order": ["=shop", "stall"],
    "columns": {"town": "Kibera; east", "floor": 2},
}
PROOF = {"task": "007", "answer": 1, "currency": "KES", "amount_minor": 500, "fate": "paid"}
TOLD: Mapping[Content, dict[str, Any]] = {
    Content.RESULTS: RESULT,
    Content.ANSWERS: ANSWER,
    Content.PROOF: PROOF,
}
EVERY = [
    (name, content)
    for name in plugins.kinds(formats)
    for content in sorted(plugins.load(formats, name).CONTENTS)
]


def exported(name: str, content: Content, rows: Sequence[ExportRow], *, raw: bool = False) -> bytes:
    """Return the file that a format makes of rows."""
    batch = ExportedBatch(
        id="b_1",
        name="Shops",
        kind="categorisation",
        instructions="What is it?",
        content=content,
        columns=[key for key in TOLD[content] if key not in ("counts", "columns")],
        options=(Option("=shop", {"en": "Shop"}), Option("stall")),
        own=() if content is Content.PROOF else ("town", "floor"),
        method="auto",
        created_at=datetime(2026, 11, 30, tzinfo=UTC),
    )
    shape: ExportFormat = loaded(name)  # pyright: ignore[reportAssignmentType]  # a format is its module
    writer = shape.open_writer(batch, raw=raw)
    return b"".join([writer.header(), *map(writer.row, rows), writer.end()])


def loaded(name: str) -> ModuleType:
    return plugins.load(formats, name)


def a_row(name: str, content: Content, **change: object) -> ExportRow:
    if loaded(name).WHOLE_TASKS:
        told = {**RESULT, **change}
        return ExportRow(told, "What is at place 7?", None, [ANSWER])
    return ExportRow({**TOLD[content], **change}, "What is at place 7?", None)


@pytest.mark.parametrize(("name", "content"), EVERY)
def test_a_file_holds_every_row_and_is_the_same_each_time(name: str, content: Content) -> None:
    rows = [a_row(name, content, task=f"task-{n}") for n in range(50)]
    made = exported(name, content, rows)
    assert made == exported(name, content, rows)
    if not made.startswith(b"PK"):
        assert all(f"task-{n}".encode() in made for n in range(50))
    assert exported(name, content, []) != made


@pytest.mark.parametrize("name", plugins.kinds(formats))
def test_a_format_says_what_it_is(name: str) -> None:
    shape: ExportFormat = loaded(name)  # pyright: ignore[reportAssignmentType]
    assert "/" in shape.MEDIA_TYPE
    assert shape.SUFFIX.startswith(".")
    assert shape.CONTENTS
    assert not shape.CONTENTS - frozenset(Content)


@pytest.mark.parametrize("content", list(Content))
@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_a_table_is_safe_to_open_and_reads_back(name: str, content: Content) -> None:
    table = open_table(exported(name, content, [a_row(name, content)]), ["task"])
    [row] = table.rows()
    told = TOLD[content]
    assert row.cell("task") == "007"
    for key in ("value", "said", "town"):
        if key in table.keys:
            shown = row.cell(key)
            assert not shown.startswith("=")
            assert restored(shown) == {**told, **told["columns"]}[key]
    [plain] = open_table(exported(name, content, [a_row(name, content)], raw=True), ["task"]).rows()
    for key in ("value", "said", "town"):
        if key in table.keys:
            assert plain.cell(key) == {**told, **told["columns"]}[key]


def test_results_have_a_column_per_option() -> None:
    made = exported("csv", Content.RESULTS, [a_row("csv", Content.RESULTS)])
    [row] = open_table(made, ["task"]).rows()
    assert (row.cell("'count_=shop") or row.cell("count_=shop"), row.cell("count_stall")) == (
        "2",
        "1",
    )


@pytest.mark.parametrize("content", list(Content))
def test_json_lines_are_the_rows_of_the_api(content: Content) -> None:
    made = exported("jsonl", content, [a_row("jsonl", content)] * 2)
    assert [orjson.loads(line) for line in made.splitlines()] == [TOLD[content]] * 2


def test_a_workbook_keeps_no_more_than_a_sheet_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_writer, "ROWS_MAX", 3)
    writer = WorkbookWriter("results")
    writer.begin()
    for n in range(3):
        writer.row([n])
    with pytest.raises(Refused, match="at most 3 rows: export CSV"):
        writer.row([4])
    with pytest.raises(Refused, match="32,767 characters"):
        WorkbookWriter("results").row(["x" * 40_000])


def test_a_workbook_replaces_characters_that_xml_cannot_hold() -> None:
    writer = WorkbookWriter("results")
    made = writer.begin() + writer.row(["task"]) + writer.row(["a\x00b<&>\ud800"]) + writer.end()
    [row] = open_table(made, ["task"]).rows()
    assert row.cell("task") == "a\ufffdb<&>\ufffd"

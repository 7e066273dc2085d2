# pyright: basic
"""A client streams results page by page, and every byte is as if they were written row by row."""

import csv
import io

import orjson
import pytest

from gateway.base.tabular import CsvWriter
from gateway.steps.batches.files.told import RESULT_COLUMNS
from gateway.store.batches import results
from gateway.tasks.exports.table_form import TableForm


async def body(batch, query):
    answer = await batch.client.asks("GET", f"/batches/{batch.id}/results?{query}")
    assert answer.status_code == 200, answer.text
    return answer.content


async def five_tasks(town):
    """Two workers disagree about the last task of five."""
    people = [await town.enrols(name) for name in ("amina", "brian")]
    rows = [
        {"id": f"t{n}", "text": f"Is shop {n} open?", "ward": ward}
        for n, ward in enumerate(("=1+1", 'says "hi", twice', "Kibera\nnorth", "", "Mathare"), 1)
    ]
    batch = await town.posts_batch(tasks=rows, policy="fixed:2")
    for person, last in zip(people, "12", strict=True):
        asked = await person.texts("WORK")
        for _ in rows:
            asked = await person.texts(last if "shop 5" in asked else "1")
    await town.ticks()
    return batch


@pytest.mark.parametrize("page", [1, 2, 5, 1000])
async def test_a_page_of_any_size_gives_the_same_bytes(town, monkeypatch, page):
    monkeypatch.setattr(results, "_STREAMED_PAGE", page)
    batch = await five_tasks(town)
    rows = orjson.loads(await body(batch, "format=json"))
    assert [one["task"] for one in rows] == ["t1", "t2", "t3", "t4", "t5"]
    assert [one["tied"] for one in rows] == [False, False, False, False, True]
    assert await body(batch, "format=json") == orjson.dumps(rows)
    assert await body(batch, "format=jsonl") == b"".join(orjson.dumps(one) + b"\n" for one in rows)
    form = TableForm(RESULT_COLUMNS, ["yes", "no", "unsure"], ["ward"])
    for raw in (False, True):
        writer = CsvWriter(raw=raw)
        lines = [writer.row(form.header()), *(writer.row(form.cells(one)) for one in rows)]
        assert await body(batch, f"format=csv&raw={raw}") == "".join(lines).encode()
    for form_of in ("json", "jsonl", "csv"):
        assert await body(batch, f"format={form_of}&limit=1000") == await body(batch, f"format={form_of}")  # fmt: skip


async def test_a_filter_that_leaves_pages_empty_hides_no_result_behind_them(town, monkeypatch):
    monkeypatch.setattr(results, "_STREAMED_PAGE", 1)
    batch = await five_tasks(town)
    behind = orjson.loads(await body(batch, "after=t3"))
    assert [one["task"] for one in behind] == ["t4", "t5"]
    assert await body(batch, "state=cancelled") == b"[]"
    assert await body(batch, "state=cancelled&format=jsonl") == b""
    (header,) = csv.reader(io.StringIO((await body(batch, "state=cancelled&format=csv")).decode()))
    assert header[0] == "task"

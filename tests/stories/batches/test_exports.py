# pyright: basic
"""A client orders a file of results, answers or the proof, and downloads it when it is ready."""

import csv
import hashlib
import io
import json

import pytest

from gateway.app import STEPS
from gateway.base.tabular import open_table
from gateway.steps.batches.files import exports
from gateway.steps.batches.files import folder as folders
from gateway.steps.batches.files.folder import FileFolder
from gateway.steps.batches.files.run import ATTEMPTS_MAX, LEASE


class Killed(BaseException):
    """A runner that ended right here."""


@pytest.fixture(autouse=True)
def own_folder(town, monkeypatch, tmp_path):
    """The files of one test, which the tests before it have not filled."""
    monkeypatch.setitem(town.rt.settings.files.__dict__, "folder", tmp_path / "files")


@pytest.fixture
async def answered(town):
    """A batch of two tasks that three workers have answered."""
    people = [await town.enrols(name) for name in ("amina", "brian", "cate")]
    rows = [
        {"id": "001", "text": "Is it open?", "ward": "=Kibera"},
        {"id": "t2", "text": "Is it clean?", "ward": "Mathare"},
    ]
    batch = await town.posts_batch(tasks=rows, policy="fixed:3")
    for person in people:
        await person.texts("WORK")
        for _ in rows:
            await person.texts("1")
    await town.ticks()
    return batch


async def orders(batch, what="results", form="csv", **more):
    body = {"what": what, "format": form, **more}
    return await batch.client.asks("POST", f"/batches/{batch.id}/exports", json=body)


async def exported(town, batch, *asked, **more):
    """Order an export, let the runner do it, and return the job and the file."""
    made = await orders(batch, *asked, **more)
    assert made.status_code == 202, made.text
    assert made.headers["Location"] == f"/api/v1/batches/{batch.id}/exports/{made.json()['id']}"
    assert (made.json()["state"], made.json()["url"]) == ("queued", None)
    await town.answers_bells()
    job = await shows(batch, made.json()["id"])
    assert job["state"] == "ready", job
    return job, await downloads(batch, job)


async def shows(batch, job):
    answer = await batch.client.asks("GET", f"/batches/{batch.id}/exports/{job}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def downloads(batch, job, **headers):
    path = job["url"].partition("/api/v1")[2]
    return await batch.client.asks("GET", path, headers=headers)


async def reads(batch, path):
    answer = await batch.client.asks("GET", f"/batches/{batch.id}{path}")
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize("what", ["results", "answers"])
async def test_a_file_is_what_the_api_returns_at_once(town, answered, what):
    for form in ("csv", "jsonl"):
        job, file = await exported(town, answered, what, form)
        assert file.content == (await reads(answered, f"/{what}?format={form}")).content
        assert job["sha256"] == hashlib.sha256(file.content).hexdigest()
        assert job["bytes"] == len(file.content)
        assert job["rows_done"] == job["rows_total"] == (2 if what == "results" else 6)
    _, plain = await exported(town, answered, what, "csv", raw=True)
    assert plain.content == (await reads(answered, f"/{what}?format=csv&raw=true")).content
    assert "=Kibera" in plain.text


async def test_the_proof_is_what_the_api_returns_at_once(town, answered):
    job, file = await exported(town, answered, "proof")
    assert file.content == (await reads(answered, "/proof.csv")).content
    assert (job["rows_done"], job["rows_total"]) == (6, 6)
    _, lines = await exported(town, answered, "proof", "jsonl")
    assert [json.loads(line)["fate"] for line in lines.text.splitlines()] == ["owed"] * 6


async def test_a_workbook_keeps_leading_zeros_and_executes_nothing(town, answered):
    _, file = await exported(town, answered, "results", "xlsx")
    rows = list(open_table(file.content, ["task"]).rows())
    assert [row.cell("task") for row in rows] == ["001", "t2"]
    assert [row.cell("ward") for row in rows] == ["'=Kibera", "Mathare"]
    assert [row.cell("value") for row in rows] == ["yes", "yes"]
    assert [row.cell("count_yes") for row in rows] == ["3", "3"]
    assert (
        file.headers["content-disposition"] == f'attachment; filename="{answered.id}-results.xlsx"'
    )
    shown = list(csv.DictReader(io.StringIO((await reads(answered, "/results?format=csv")).text)))
    assert [row.cell("confidence") for row in rows] == [one["confidence"] for one in shown]


async def test_a_download_goes_on_where_it_broke_off(town, answered):
    job, whole = await exported(town, answered)
    assert whole.headers["etag"] == f'"{job["sha256"][:32]}"'
    part = await downloads(answered, job, Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    rest = await downloads(answered, job, Range="bytes=20-")
    assert whole.content[20:] == rest.content
    assert (await downloads(answered, job, If_None_Match="x")).status_code == 200
    same = await downloads(answered, job, **{"If-None-Match": whole.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    beyond = await downloads(answered, job, Range="bytes=9999999-")
    assert beyond.status_code == 416
    assert beyond.json()["detail"].startswith("Range: the file has")
    for unusual in ("bytes=1-2,4-5", "rows=1-2", "bytes=9-2", "bytes=-"):
        assert (await downloads(answered, job, Range=unusual)).content == whole.content


async def test_a_file_that_is_not_there_yet_or_failed_is_refused_with_the_reason(
    town, answered, monkeypatch
):
    made = (await orders(answered)).json()
    path = f"/batches/{answered.id}/exports/{made['id']}/file"
    early = await answered.client.asks("GET", path)
    assert (early.status_code, early.json()["detail"]) == (409, "the export is queued: wait for it")
    monkeypatch.setitem(town.rt.settings.files.__dict__, "free_bytes", 2**62)
    await town.answers_bells()
    assert (await shows(answered, made["id"]))["state"] == "queued"
    for _ in range(5):
        await town.ticks(minutes=1)
    failed = await shows(answered, made["id"])
    assert failed["state"] == "failed"
    assert "too little space" in failed["reason"]
    late = await answered.client.asks("GET", path)
    assert late.status_code == 409
    assert "too little space" in late.json()["detail"]


async def test_a_file_expires_and_is_removed(town, answered):
    job, _ = await exported(town, answered)
    folder = FileFolder(town.rt.settings)
    (name,) = [one.name for one in folder.path.iterdir() if one.name.startswith(job["id"])]
    assert folder.path_of(name).stat().st_mode & 0o777 == 0o600
    await town.ticks(days=6)
    assert (await downloads(answered, job)).status_code == 200
    await town.ticks(days=2)
    gone = await downloads(answered, job)
    assert (gone.status_code, gone.json()["detail"]) == (410, "the file of this export was removed: order another one")  # fmt: skip
    assert not folder.path_of(name).exists()
    assert (await shows(answered, job["id"]))["url"] is None
    await town.ticks(days=31)
    await exported(town, answered)
    listed = (await reads(answered, "/exports")).json()
    assert listed["total"] == 1


async def test_a_runner_that_is_killed_is_replaced_and_leaves_one_file(town, answered, monkeypatch):
    made = (await orders(answered)).json()

    def reach(name):
        if name == "export.written":
            raise Killed

    def stays(folder, name):
        """A killed process removes nothing."""

    with monkeypatch.context() as process:
        process.setattr(exports, "reach", reach)
        process.setattr(folders.FileFolder, "remove", stays)
        with pytest.raises(Killed):
            await STEPS["file_jobs"](town.rt)
    assert (await shows(answered, made["id"]))["state"] == "running"
    await town.ticks(seconds=LEASE.total_seconds() + 1)
    job = await shows(answered, made["id"])
    assert job["state"] == "ready"
    assert (await downloads(answered, job)).status_code == 200
    assert len(list(FileFolder(town.rt.settings).path.iterdir())) == 1, "no part is left"


async def test_an_export_that_kills_each_runner_leaves_no_file(town, answered):
    made = (await orders(answered)).json()
    folder = FileFolder(town.rt.settings).path
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{made['id']}.0123456789ab.csv").write_bytes(b"half of it")
    (folder / "ex_another.0123456789ab.csv").write_bytes(b"of another job")
    await town.rt.db.execute("update file_job set attempts = $1", ATTEMPTS_MAX)
    await town.answers_bells()
    assert (await shows(answered, made["id"]))["state"] == "failed"
    assert [one.name for one in folder.iterdir()] == ["ex_another.0123456789ab.csv"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"what": "results", "format": "parquet"}, "format"),
        ({"what": "everything", "format": "csv"}, "what"),
        ({"what": "results"}, "format"),
        ({"what": "results", "format": "csv", "zip": True}, "zip"),
        ({"what": "results", "format": "csv", "raw": 1}, "raw"),
        ({"what": "results", "format": "../csv"}, "format"),
    ],
)
async def test_a_wrong_order_names_the_field(town, body, field):
    batch = await town.client.drafts()
    refused = await batch.client.asks("POST", f"/batches/{batch.id}/exports", json=body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == field


async def test_a_repeated_request_makes_no_second_export(town):
    batch = await town.client.drafts()
    body, key = {"what": "results", "format": "csv"}, {"Idempotency-Key": "e1"}
    path = f"/batches/{batch.id}/exports"
    first = await batch.client.asks("POST", path, json=body, headers=key)
    again = await batch.client.asks("POST", path, json=body, headers=key)
    assert (again.json(), again.headers["location"]) == (first.json(), first.headers["location"])
    assert (await reads(batch, "/exports")).json()["total"] == 1


async def test_exports_are_listed_in_pages_newest_first(town):
    batch = await town.client.drafts()
    made = [(await orders(batch)).json()["id"] for _ in range(3)]
    page = (await reads(batch, "/exports?limit=2")).json()
    assert [one["id"] for one in page["exports"]] == made[:0:-1]
    rest = (await reads(batch, f"/exports?limit=2&after={page['next']}")).json()
    assert ([one["id"] for one in rest["exports"]], rest["next"], rest["total"]) == (made[:1], None, 3)  # fmt: skip


async def test_another_clients_export_is_not_there(town, answered):
    other = await town.new_client("Other")
    job, _ = await exported(town, answered)
    for path in ("", f"/{job['id']}", f"/{job['id']}/file"):
        assert (await other.asks("GET", f"/batches/{answered.id}/exports{path}")).status_code == 404
    body = {"what": "results", "format": "csv"}
    refused = await other.asks("POST", f"/batches/{answered.id}/exports", json=body)
    assert refused.status_code == 404
    mine = await other.drafts()
    stolen = await other.asks("GET", f"/batches/{mine.id}/exports/{job['id']}/file")
    assert stolen.status_code == 404


async def test_a_ready_export_is_told_by_webhook_without_a_workers_name(town, answered):
    hook = {"url": "https://hooks.example/x", "events": ["export.ready", "export.failed"]}
    assert (await answered.client.asks("POST", "/webhooks", json=hook)).status_code == 201
    job, _ = await exported(town, answered)
    (body,) = [row["body"] for row in await town.rt.db.rows("select body from webhook_message")]
    told = json.loads(body)
    assert told["type"] == "export.ready"
    assert told["data"] == {
        "batch": answered.id,
        "export": job["id"],
        "state": "ready",
        "link": told["data"]["link"],
    }
    assert told["data"]["link"].endswith(f"/batches/{answered.id}/exports/{job['id']}")

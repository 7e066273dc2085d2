# pyright: basic
"""A client sends a large file of tasks, which the gateway reads and stores later, all or none."""

import asyncio
import io
import json
import os

import pytest

from gateway.app import STEPS
from gateway.base.tabular import WorkbookWriter
from gateway.steps.batches import uploading
from gateway.steps.batches.files import folder as folders
from gateway.steps.batches.files import imports, run
from gateway.steps.batches.files.folder import FileFolder
from gateway.steps.batches.files.run import ATTEMPTS_MAX, LEASE
from gateway.steps.batches.files.work import FileWork
from gateway.steps.batches.submit import fill

CSV = {"Content-Type": "text/csv"}


class Killed(BaseException):
    """A runner that ended right here."""


@pytest.fixture(autouse=True)
def own_folder(town, monkeypatch, tmp_path):
    """The files of one test, which the tests before it have not filled."""
    monkeypatch.setitem(town.rt.settings.files.__dict__, "folder", tmp_path / "files")


@pytest.fixture
async def draft(town):
    return await town.client.drafts()


async def sends(batch, body, client=None, query="", **headers):
    given = {**CSV, **{name.replace("_", "-"): value for name, value in headers.items()}}
    path = f"/batches/{batch.id}/imports{query}"
    return await (client or batch.client).asks("POST", path, content=body, headers=given)


async def imported(town, batch, body, **headers):
    """Send a file, let the runner do its work, and return the import."""
    made = await sends(batch, body, **headers)
    assert made.status_code == 202, made.text
    await town.answers_bells()
    return await shows(batch, made.json()["id"])


async def shows(batch, job):
    answer = await batch.client.asks("GET", f"/batches/{batch.id}/imports/{job}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def dies_at(town, monkeypatch, point):
    """Let a runner be killed at this point of an import, so that it takes nothing back."""

    def reach(name):
        if name == point:
            raise Killed

    async def nothing(upload):
        pass

    with monkeypatch.context() as process:
        process.setattr(uploading, "reach", reach)
        process.setattr(uploading.Upload, "take_back", nothing)
        with pytest.raises(Killed):
            await STEPS["file_jobs"](town.rt)


def table(count, name="t"):
    return "id,text,ward\n" + "".join(
        f"{name}{n},Is it open?,Kibera\n" for n in range(1, count + 1)
    )


def files(town):
    path = FileFolder(town.rt.settings).path
    return sorted(one.name for one in path.iterdir()) if path.is_dir() else []


async def tasks(batch):
    page = (await batch.client.asks("GET", f"/batches/{batch.id}/tasks?limit=1000")).json()
    return [one["id"] for one in page["tasks"]]


async def test_a_client_gets_a_job_at_once_and_its_tasks_when_the_job_is_ready(town, draft):
    made = await sends(draft, table(25))
    assert made.status_code == 202, made.text
    job = made.json()
    assert made.headers["Location"] == f"/api/v1/batches/{draft.id}/imports/{job['id']}"
    assert (job["kind"], job["state"], job["rows_done"], job["rows_total"]) == ("import", "queued", 0, None)  # fmt: skip
    assert job["bytes"] == len(table(25))
    assert await tasks(draft) == []
    (name,) = files(town)
    assert FileFolder(town.rt.settings).path_of(name).stat().st_mode & 0o777 == 0o600
    await town.answers_bells()
    done = await shows(draft, job["id"])
    assert (done["state"], done["rows_read"], done["rows_done"], done["rows_total"]) == ("ready", 25, 25, 25)  # fmt: skip
    assert (done["columns"], done["problems"], done["problems_total"]) == (["ward"], [], 0)
    assert await tasks(draft) == [f"t{n}" for n in range(1, 26)]
    assert files(town) == []
    listed = (await draft.client.asks("GET", f"/batches/{draft.id}/imports")).json()
    assert [one["id"] for one in listed["imports"]] == [job["id"]]
    assert (listed["total"], listed["next"]) == (1, None)
    assert (await draft.changes("start"))["progress"]["tasks"] == 25


async def test_bad_rows_are_listed_with_row_field_and_rule_and_nothing_is_stored(town, draft):
    rows = ["t1,Is it open?", "t2,", "t1,Is it clean?", "t4,Is it blue?,Kibera,more", ",Is it red?"]
    body = "id,text,ward\n" + "\n".join(rows)
    done = await imported(town, draft, body)
    assert (done["state"], done["problems_total"], done["rows_done"]) == ("failed", 4, 0)
    assert [(one["row"], one["field"]) for one in done["problems"]] == [(2, "text"), (3, "id"), (4, None), (5, "id")]  # fmt: skip
    assert done["problems"][0]["message"] == "text is missing or empty"
    assert "4 columns, but the header has 3" in done["problems"][2]["message"]
    assert done["reason"].startswith("row 2, text: text is missing or empty (and 3 more rows)")
    assert await tasks(draft) == []
    assert files(town) == []


async def test_the_first_thousand_bad_rows_are_listed_and_all_are_counted(town, draft, monkeypatch):
    body = "id,text\n" + "".join(f"t{n},\n" for n in range(1, 1502))
    done = await imported(town, draft, body)
    assert (len(done["problems"]), done["problems_total"]) == (1000, 1501)
    assert {**done["problems"][-1], "rule": ""} == {"row": 1000, "field": "text", "rule": "", "message": "text is missing or empty"}  # fmt: skip


async def test_rules_of_the_batch_are_listed_with_those_of_the_rows(town):
    draft = await town.client.drafts(gold_rate=0)
    body = "id,text,gold\na,Is it open?,yes\nb,,\nc,Is it clean?,no\n"
    done = await imported(town, draft, body)
    assert [(one["row"], one["field"]) for one in done["problems"]] == [(1, "gold"), (2, "text"), (3, "gold")]  # fmt: skip


async def test_json_lines_and_a_workbook_name_each_bad_row(town, draft):
    lines = b'{"id": "a", "text": "Is it open?"}\n{"id": "b"\n\n[1]\n{"id": "c"}\n'
    done = await imported(town, draft, lines, Content_Type="application/jsonl")
    assert [one["row"] for one in done["problems"]] == [2, 4, 5]
    writer = WorkbookWriter("tasks")
    rows = [["id", "text"], ["a", "Is it open?"], ["b", None], ["a", "Is it clean?"]]
    book = writer.begin() + b"".join(map(writer.row, rows)) + writer.end()
    done = await imported(town, draft, book, Content_Type="")
    assert [(one["row"], one["field"]) for one in done["problems"]] == [(2, "text"), (3, "id")]


async def test_a_form_and_columns_of_other_names_are_read_like_those_of_tasks(town, draft):
    files = {"file": ("shops.csv", io.BytesIO(b"Shop,Question\n1,Is it open?\n"), "text/csv")}
    path = f"/batches/{draft.id}/imports?map=id:Shop,text:Question&strict=1"
    made = await draft.client.asks("POST", path, files=files)
    assert made.status_code == 202, made.text
    await town.answers_bells()
    assert (await shows(draft, made.json()["id"]))["state"] == "ready"
    assert await tasks(draft) == ["1"]


async def test_imports_and_uploads_of_one_batch_add_up_and_an_id_that_is_there_is_named(
    town, draft
):
    assert (await imported(town, draft, table(3, "a")))["state"] == "ready"
    assert (await imported(town, draft, table(2, "b")))["state"] == "ready"
    again = await imported(town, draft, table(1, "c") + "a2,Is it open?,\n")
    assert again["state"] == "failed"
    assert "the id 'a2' is in this batch already" in again["reason"]
    assert await tasks(draft) == ["a1", "a2", "a3", "b1", "b2"]


async def test_a_repeated_request_makes_no_second_import(town, draft):
    first = await sends(draft, table(3), Idempotency_Key="shops-1")
    again = await sends(draft, table(3), Idempotency_Key="shops-1")
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await sends(draft, table(4), Idempotency_Key="shops-1")
    assert other.status_code == 409
    assert len(files(town)) == 1
    await town.answers_bells()
    assert len(await tasks(draft)) == 3


async def test_a_runner_that_is_killed_in_the_middle_is_replaced_and_nothing_is_doubled(
    town, draft, monkeypatch
):
    monkeypatch.setattr(fill, "SLICE", 4)
    job = (await sends(draft, table(10))).json()["id"]

    await dies_at(town, monkeypatch, "upload.slice")
    assert (await shows(draft, job))["state"] == "running"
    assert await town.count("task") == 4
    assert await tasks(draft) == []
    await town.ticks()  # The killed runner still counts as alive.
    assert (await shows(draft, job))["state"] == "running"
    await town.rt.db.execute("update batch set upload_until = now() - interval '1 second'")
    await town.ticks(seconds=LEASE.total_seconds() + 1)
    done = await shows(draft, job)
    assert (done["state"], done["rows_done"]) == ("ready", 10)
    assert await tasks(draft) == [f"t{n}" for n in range(1, 11)]


async def test_a_runner_that_is_killed_behind_the_end_does_not_do_it_twice(
    town, draft, monkeypatch
):
    job = (await sends(draft, table(3))).json()["id"]

    def reach(name):
        if name == "upload.written":
            raise Killed

    with monkeypatch.context() as process:
        process.setattr(uploading, "reach", reach)
        with pytest.raises(Killed):
            await STEPS["file_jobs"](town.rt)
    await town.ticks(seconds=LEASE.total_seconds() + 1)
    assert (await shows(draft, job))["state"] == "ready"
    assert len(await tasks(draft)) == 3


async def test_an_import_that_kills_each_runner_fails_in_the_end(town, draft):
    job = (await sends(draft, table(3))).json()["id"]
    await town.rt.db.execute("update file_job set attempts = $1", ATTEMPTS_MAX)
    await town.answers_bells()
    done = await shows(draft, job)
    assert done["state"] == "failed"
    assert "could not end it: order it again" in done["reason"]


@pytest.mark.parametrize(
    "body", [b"", b"\xef\xbb\xbf\r\n", b" \n\n", b"[]", b"id,text", b"id,text\n", "id,text\n".encode("utf-16")]
)  # fmt: skip
async def test_a_file_without_any_task_is_refused_at_once(town, draft, body):
    refused = await sends(draft, body)
    assert refused.status_code == 422, refused.text
    assert "there is no task in it" in refused.json()["detail"]
    assert files(town) == []
    listed = (await draft.client.asks("GET", f"/batches/{draft.id}/imports")).json()
    assert listed["total"] == 0


async def test_one_task_in_the_smallest_file_is_taken(town, draft):
    for media, body in (("text/csv", b"id,text\ra1,Is it?"), ("application/x-ndjson", b'{"id":"a2","text":"Is it?"}')):  # fmt: skip
        made = await imported(town, draft, body, Content_Type=media)
        assert made["state"] == "ready", made
    assert await tasks(draft) == ["a1", "a2"]


async def test_a_batch_does_not_start_while_an_import_into_it_waits(town, draft):
    await draft.client.asks(
        "POST", f"/batches/{draft.id}/tasks", json=[{"id": "1", "text": "Is it?"}]
    )
    job = (await sends(draft, table(3))).json()["id"]
    start = await draft.client.asks("POST", f"/batches/{draft.id}/start")
    assert start.status_code == 409
    assert f"the import {job} into this batch has not ended" in start.json()["detail"]
    await town.answers_bells()
    await draft.changes("start")
    assert (await sends(draft, table(1, "late"))).status_code == 409


async def open_batch(client, *texts):
    return await client.posts_batch(*texts, open=True)


async def test_an_import_into_an_open_batch_counts_at_once_with_its_money(town):
    amina = await town.enrols("amina")
    batch = await open_batch(town.client, "Is it old?")
    before = await town.client.available_minor()
    job = (await sends(batch, "id,text\na,Is it new?\nb,Is it blue?\n")).json()["id"]
    finish = await town.client.asks("POST", f"/batches/{batch.id}/finish")
    assert finish.status_code == 409
    assert f"the import {job} into this batch has not ended: finish" in finish.json()["detail"]
    await town.answers_bells()
    done = await shows(batch, job)
    assert (done["state"], done["rows_done"], done["cost_minor"]) == ("ready", 2, 600)
    assert await town.client.available_minor() == before - 600
    asked = [await amina.texts("WORK")] + [await amina.texts("1") for _ in range(2)]
    assert all(any(text in (one or "") for one in asked) for text in ("old?", "new?", "blue?"))
    history = (await town.client.asks("GET", f"/batches/{batch.id}/history")).json()
    (added,) = [one for one in history["changes"] if one["what"] == "add_tasks"]
    assert (added["cost_minor"], added["by"][:3]) == (600, "gw_")
    finish = await town.client.asks("POST", f"/batches/{batch.id}/finish")
    assert finish.status_code == 200, finish.text
    assert (await sends(batch, table(1, "late"))).status_code == 409
    await town.has_right_books()


async def test_an_import_without_the_money_for_it_stores_nothing(town):
    poor = await town.new_client("Poor", money_minor=700)
    batch = await open_batch(poor, "Is it old?")
    done = await imported(town, batch, table(2, "new"))
    assert done["state"] == "failed"
    assert "can cost up to KES 6, but only KES 4" in done["reason"]
    assert await town.count("task", "batch_id = $1", batch.id) == 1
    assert (await poor.asks("POST", f"/batches/{batch.id}/finish")).status_code == 200
    await town.has_right_books()


@pytest.mark.parametrize("point", ["upload.slice", "life.added"])
async def test_a_killed_runner_sets_money_of_an_open_batch_aside_once(town, monkeypatch, point):
    monkeypatch.setattr(fill, "SLICE", 4)
    batch = await open_batch(town.client, "Is it old?")
    before = await town.client.available_minor()
    job = (await sends(batch, table(10, "new"))).json()["id"]

    await dies_at(town, monkeypatch, point)
    await town.rt.db.execute("update batch set upload_until = now() - interval '1 second' where upload_until is not null")  # fmt: skip
    await town.ticks(seconds=LEASE.total_seconds() + 1)
    done = await shows(batch, job)
    assert (done["state"], done["rows_done"], done["cost_minor"]) == ("ready", 10, 3000)
    assert await town.client.available_minor() == before - 3000
    assert await town.count("task") == 11
    await town.has_right_books()


async def test_what_follows_an_import_is_done_although_its_lease_is_over(town, monkeypatch):
    batch = await town.client.posts_batch("Is it old?", open=True)
    assert (await sends(batch, table(3, "new"))).status_code == 202
    over, followed = asyncio.Event(), []
    renew = FileWork.renew

    async def renewed(work, until):
        is_ours = await renew(work, until)
        if not is_ours:
            over.set()
        return is_ours

    async def slow(rt):
        await over.wait()
        await asyncio.sleep(0)  # A cancellation would have arrived by now.
        followed.append(rt)

    monkeypatch.setattr(FileWork, "renew", renewed)
    monkeypatch.setattr(run, "_RENEW_S", 0.01)
    monkeypatch.setattr(imports, "after_adding", slow)
    await STEPS["file_jobs"](town.rt)
    assert followed == [town.rt], "no other runner had it: it had ended"


async def test_an_import_into_a_cancelled_batch_fails_and_says_so(town, draft):
    job = (await sends(draft, table(3))).json()["id"]
    await draft.changes("cancel")
    await town.answers_bells()
    done = await shows(draft, job)
    assert (done["state"], done["reason"]) == ("failed", f"the batch is cancelled: {uploading._STARTED}")  # fmt: skip


async def test_the_limit_of_the_batch_is_named(town, draft, monkeypatch):
    monkeypatch.setitem(town.rt.settings.limits.__dict__, "batch_tasks", 5)
    done = await imported(town, draft, table(6))
    assert done["state"] == "failed"
    assert "limits.batch_tasks" in done["reason"]


async def test_a_full_disk_is_a_clear_failure_and_leaves_no_file(town, draft, monkeypatch):
    monkeypatch.setitem(town.rt.settings.files.__dict__, "free_bytes", 2**62)
    refused = await sends(draft, table(3))
    assert refused.status_code == 503
    assert "files.free_bytes" in refused.json()["detail"]
    assert files(town) == []


async def test_a_disk_that_fills_up_while_the_file_arrives_leaves_no_file(town, draft, monkeypatch):
    def fails(file, some):
        raise folders.full(OSError(28, "No space left on device"))

    monkeypatch.setattr(folders.BoundedFile, "write", fails)
    refused = await sends(draft, table(3))
    assert refused.status_code == 503
    assert "No space left on device" in refused.json()["detail"]
    assert files(town) == []


async def test_too_many_open_imports_of_one_client_are_refused(town, draft, monkeypatch):
    monkeypatch.setitem(town.rt.settings.files.__dict__, "open_per_client", 2)
    for name in "ab":
        assert (await sends(draft, table(1, name))).status_code == 202
    refused = await sends(draft, table(1, "c"))
    assert refused.status_code == 429
    assert "files.open_per_client" in refused.json()["detail"]
    await town.answers_bells()
    assert (await sends(draft, table(1, "c"))).status_code == 202


async def test_another_clients_import_is_not_there(town, draft):
    other = await town.new_client("Other")
    job = (await sends(draft, table(1))).json()["id"]
    for path in (f"/batches/{draft.id}/imports", f"/batches/{draft.id}/imports/{job}"):
        assert (await other.asks("GET", path)).status_code == 404
    assert (await sends(draft, table(1), client=other)).status_code == 404
    mine = await other.drafts()
    assert (await other.asks("GET", f"/batches/{mine.id}/imports/{job}")).status_code == 404


async def test_the_end_of_an_import_is_told_by_webhook_with_a_link(town, draft):
    hook = {"url": "https://hooks.example/x", "events": ["import.finished", "import.failed"]}
    assert (await draft.client.asks("POST", "/webhooks", json=hook)).status_code == 201
    good = (await imported(town, draft, table(1)))["id"]
    bad = (await imported(town, draft, "id,text\n1,\n"))["id"]
    told = [json.loads(row["body"]) for row in await town.rt.db.rows("select body from webhook_message order by at")]  # fmt: skip
    assert [(one["type"], one["data"]["import"], one["data"]["state"]) for one in told] == [
        ("import.finished", good, "ready"),
        ("import.failed", bad, "failed"),
    ]
    assert told[0]["data"]["link"].endswith(f"/batches/{draft.id}/imports/{good}")


async def test_a_file_that_no_job_knows_is_removed(town, draft):
    folder = FileFolder(town.rt.settings)
    folder.create("im_gone.import").finish()
    folder.create("im_new.import").finish()
    os.utime(folder.path_of("im_gone.import"), (0, 0))
    await imported(town, draft, table(1))
    assert files(town) == ["im_new.import"]


async def test_a_runner_without_the_file_says_what_the_operator_must_do(town, draft):
    job = (await sends(draft, table(1))).json()["id"]
    FileFolder(town.rt.settings).remove(f"{job}.import")
    await town.answers_bells()
    done = await shows(draft, job)
    assert done["state"] == "failed"
    assert "files.folder" in done["reason"]


async def test_a_runner_that_lost_its_job_to_another_stores_nothing(town, draft, monkeypatch):
    job = (await sends(draft, table(3))).json()["id"]
    started, go_on = asyncio.Event(), asyncio.Event()
    run = town.rt.helpers.run

    async def slow(*given, **more):
        started.set()
        await go_on.wait()
        return await run(*given, **more)

    monkeypatch.setattr(town.rt.helpers, "run", slow)
    monkeypatch.setattr(imports, "_LOOK_S", 0.01)
    working = asyncio.create_task(STEPS["file_jobs"](town.rt))
    await started.wait()
    await town.rt.db.execute("update file_job set token = gen_random_uuid() where id = $1", job)
    go_on.set()
    await working
    assert await town.count("task") == 0
    assert (await shows(draft, job))["state"] == "running"

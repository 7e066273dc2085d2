# pyright: basic
"""A large upload is stored in slices.

Its client sees how far it is, and no part of it is visible before the end.
"""

import asyncio
import json

import pytest

from gateway.app import STEPS
from gateway.base.errors import Refused
from gateway.steps.batches import uploading
from gateway.steps.batches.prepare import write_specs
from gateway.steps.batches.routes_on_air import air_of
from gateway.steps.batches.submit import fill
from gateway.steps.batches.submit.fill import add_prepared, add_tasks
from gateway.tasks.intake import Audience, TaskSpec

OLD = [{"id": "old", "text": "Is it open?"}]


class Killed(BaseException):
    """A process that ended right here."""


@pytest.fixture(autouse=True)
def small_slices(monkeypatch):
    monkeypatch.setattr(fill, "SLICE", 4)
    monkeypatch.setattr(uploading, "SLICE", 4)


@pytest.fixture
async def draft(town):
    """A draft of one task."""
    batch = await town.client.drafts()
    assert (await posts(batch, OLD)).status_code == 201
    return batch


async def posts(batch, tasks):
    return await batch.client.asks("POST", f"/batches/{batch.id}/tasks", json=tasks)


def tasks(count, name="new", text="Is it clean?"):
    return [{"id": f"{name}-{n}", "text": text} for n in range(count)]


def limited(town, monkeypatch, **limits):
    for name, value in limits.items():
        monkeypatch.setitem(town.rt.settings.limits.__dict__, name, value)


class Held:
    """An upload of ten tasks that stops behind its second slice until it is told to go on."""

    def __init__(self, town, batch):
        self._town, self._batch = town, batch
        self.halfway, self.go_on = asyncio.Event(), asyncio.Event()

    async def runs(self):
        batch, lines = await self._town.rt.batches.get(self._batch.id), []
        specs = [TaskSpec(f"new-{n}", "Is it clean?", None, None) for n in range(10)]
        filled = write_specs(specs, batch, air_of(self._town.rt), lines.append)
        loop = asyncio.get_running_loop()

        def each():
            yield from lines[:8]
            loop.call_soon_threadsafe(self.halfway.set)
            asyncio.run_coroutine_threadsafe(self.go_on.wait(), loop).result(300)
            yield from lines[8:]

        await add_prepared(self._town.rt, self._town.client.id, self._batch.id, filled, each())


async def is_killed_halfway(town, batch, monkeypatch):
    """The process that stores an upload dies behind the first slice: it takes nothing back."""

    def reach(name):
        if name == "upload.slice":
            raise Killed

    async def nothing(upload):
        pass

    with monkeypatch.context() as process:
        process.setattr(uploading, "reach", reach)
        process.setattr(uploading.Upload, "take_back", nothing)
        upload = Held(town, batch)
        upload.go_on.set()
        with pytest.raises(Killed):
            await upload.runs()
    assert await town.count("task") == 1 + 4
    await town.rt.db.execute(
        "update batch set upload_until = now() - interval '1 second' where id = $1", batch.id
    )


async def sees(batch):
    """Return what the client sees of the tasks: their number, the quote's, and the results."""
    quoted = (await batch.client.asks("GET", f"/batches/{batch.id}/quote")).json()
    shown = await batch.shows()
    return shown["progress"]["tasks"], quoted["tasks"], list(await batch.results())


async def test_a_client_sees_how_far_an_upload_is_and_nothing_of_its_tasks(town, draft):
    upload = Held(town, draft)
    running = asyncio.create_task(upload.runs())
    await upload.halfway.wait()
    shown = await draft.shows()
    assert shown["background"] == {"doing": "storing", "done": 8, "of": 10}
    assert await sees(draft) == (1, 1, ["old"])
    upload.go_on.set()
    await running
    assert (await draft.shows())["background"] is None
    assert await sees(draft) == (11, 11, ["old", *(f"new-{n}" for n in range(10))])


async def test_what_a_killed_process_left_is_not_seen_and_the_upload_is_repeated(
    town, draft, monkeypatch
):
    await is_killed_halfway(town, draft, monkeypatch)
    assert (await draft.shows())["background"] is None
    assert await sees(draft) == (1, 1, ["old"])
    assert (await posts(draft, tasks(10))).status_code == 201
    assert (await sees(draft))[:2] == (11, 11)
    positions = await town.rt.db.rows("select position from task order by position")
    assert [row["position"] for row in positions] == list(range(1, 12))


async def test_a_batch_whose_upload_was_killed_starts_without_it(town, draft, monkeypatch):
    await is_killed_halfway(town, draft, monkeypatch)
    shown = await draft.changes("start")
    assert (shown["state"], shown["progress"]["tasks"]) == ("running", 1)
    assert shown["money"]["reserved_minor"] == 300
    assert await town.count("task") == 1


async def test_the_sweep_removes_what_a_killed_upload_left(town, draft, monkeypatch):
    await is_killed_halfway(town, draft, monkeypatch)
    await STEPS["sweep"](town.rt)
    assert await town.count("task") == 1
    assert await town.rt.db.value("select filled_to is null and upload_until is null from batch")


async def test_while_an_upload_goes_on_the_next_waits_for_its_turn(town, draft):
    upload = Held(town, draft)
    first = asyncio.create_task(upload.runs())
    await upload.halfway.wait()
    second = asyncio.create_task(posts(draft, tasks(5, "second")))
    upload.go_on.set()
    await first
    assert (await second).status_code == 201
    names = list(await draft.results())
    assert names == ["old", *(f"new-{n}" for n in range(10)), *(f"second-{n}" for n in range(5))]


async def test_a_batch_that_is_cancelled_meanwhile_keeps_nothing_of_the_upload(town, draft):
    upload = Held(town, draft)
    running = asyncio.create_task(upload.runs())
    await upload.halfway.wait()
    await draft.changes("cancel")
    upload.go_on.set()
    with pytest.raises(Refused, match="the batch is cancelled"):
        await running
    assert await town.count("task") == 1


async def test_an_id_that_is_taken_in_the_last_slice_takes_all_slices_back(town, draft):
    answer = await posts(draft, [*tasks(10), *OLD])
    assert answer.status_code == 409
    assert "'old'" in answer.json()["detail"]
    assert await town.count("task") == 1
    assert (await posts(draft, tasks(10))).status_code == 201


async def test_tasks_for_workers_by_name_keep_them_in_order_across_slices(town):
    amina, brian = [await town.enrols(name) for name in ("amina", "brian")]
    people = [await amina.pseudonym(), await brian.pseudonym()]
    batch = await town.client.drafts(policy="all")
    given = [
        {**task, "audience": {"workers": people[:: 1 if n % 2 else -1]}}
        for n, task in enumerate(tasks(6))
    ]
    assert (await posts(batch, given)).status_code == 201
    rows = await town.rt.db.rows(
        """select t.name, array_agg(d.worker_id order by d.position) as workers from directed d
           join task t on t.id = d.task_id and t.position = d.batch_position group by t.name, t.position order by t.position"""
    )
    names = town.rt.vault.pseudonyms(town.client.id)
    kept = [[names.of(one) for one in row["workers"]] for row in rows]
    assert kept == [one["audience"]["workers"] for one in given]


ODD = ["a\\b", "\\N", "\\.", "tab\there", "two\nlines\r\nmore", "\u2028", "\\t", "caf\u00e9 \U0001f600",
       '{"json": "x"}', "percent %s $1", "'; drop table task; --"]  # fmt: skip


async def test_texts_are_kept_letter_by_letter(town):
    batch = await town.client.drafts()
    given = [{"id": f"t{n}", "text": f"Is it {text} ?"} for n, text in enumerate(ODD)]
    assert (await posts(batch, given)).status_code == 201
    kept = await town.rt.db.rows("select text from task order by position")
    assert [row["text"] for row in kept] == [one["text"] for one in given]


async def test_the_limit_of_tasks_holds_for_uploads_at_the_same_moment(town, draft, monkeypatch):
    limited(town, monkeypatch, batch_tasks=100)
    answers = await asyncio.gather(*(posts(draft, tasks(40, f"part{n}")) for n in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 422]
    (refused,) = [answer.json() for answer in answers if answer.status_code == 422]
    assert "the batch has 81 tasks already; at most 100 go" in refused["detail"]
    assert "limits.batch_tasks" in refused["detail"]
    assert (await sees(draft))[:2] == (81, 81)
    assert (await posts(draft, tasks(19, "rest"))).status_code == 201, "what fits is taken"


async def test_the_limit_of_bytes_is_the_batchs_and_named(town, draft, monkeypatch):
    limited(town, monkeypatch, batch_bytes=20_000)
    long = tasks(20, text="Is it clean? " * 40)
    assert (await posts(draft, long)).status_code == 201
    answer = await posts(draft, tasks(20, "more", text="Is it clean? " * 40))
    assert answer.status_code == 422
    assert "bytes of ids and texts already; at most 20,000" in answer.json()["detail"]
    assert "limits.batch_bytes" in answer.json()["detail"]
    assert await town.count("task") == 21


async def test_one_upload_that_is_too_large_is_refused_by_the_same_limit(town, monkeypatch):
    limited(town, monkeypatch, batch_tasks=10)
    batch = await town.client.drafts()
    body = "\n".join(json.dumps(task) for task in tasks(11))
    answer = await batch.client.asks("POST", f"/batches/{batch.id}/tasks", content=body)
    assert answer.status_code == 422
    assert "at most 10 tasks go into one batch (limits.batch_tasks)" in answer.json()["detail"]
    assert await town.count("task") == 0


async def test_the_audience_is_kept_with_the_task(town):
    batch = await town.client.drafts()
    specs = [TaskSpec("t", "Is it \\ open?", None, Audience(languages=("sw", "en")))]
    await add_tasks(town.rt, town.client.id, batch.id, specs)
    assert await town.value("select audience from task") == {"languages": ["sw", "en"]}


async def test_a_start_that_deals_tasks_out_to_partners_does_it_in_slices(town, monkeypatch):
    batch = await town.client.drafts(shares={"KIBERA": 0.5})
    assert (await posts(batch, tasks(10))).status_code == 201
    renew, seen = uploading.uploads.renew_upload, []

    async def noted(db, batch_id, token, lease_s, doing=None):
        seen.append(doing)
        return await renew(db, batch_id, token, lease_s, doing)

    monkeypatch.setattr(uploading.uploads, "renew_upload", noted)
    shown = await batch.changes("start")
    assert [one["done"] for one in seen if one] == [4, 8, 10]
    assert {one["doing"] for one in seen if one} == {"starting"}
    assert (shown["state"], shown["background"]) == ("running", None)
    assert await town.count("task", "kept_for is not null") == 5
    assert await town.rt.db.value("select upload_token is null and filled_to is null from batch")


async def test_a_start_that_is_refused_leaves_a_draft_that_takes_tasks(town):
    batch = await town.client.drafts(shares={"KIBERA": 0.5}, price="900000.00")
    assert (await posts(batch, tasks(10))).status_code == 201
    assert (await batch.client.asks("POST", f"/batches/{batch.id}/start")).status_code == 402
    assert (await batch.shows())["background"] is None
    assert (await posts(batch, tasks(2, "more"))).status_code == 201

"""Requests of clients are worked out in a separate process.

Nothing that a client sends holds up the event loop.
"""

import asyncio
import itertools
import json
import os
import signal

import pytest

from gateway.base.errors import Failed, Refused
from gateway.base.offload import Helpers, HelpersBusy
from gateway.steps.batches import helper
from tests.support.town import eventually

TASKS = [{"id": f"t{n}", "text": f"Is shop {n} open?"} for n in range(50)]


async def helper_of(town) -> int:
    """The process of the one helper, started if it was not."""
    batch = await town.client.drafts()
    for number in range(
        3
    ):  # one that has read much before ends with its next upload, and another one is started
        await uploads(batch, [{"id": f"{number}", "text": "Is it open?"}])
        if town.rt.helpers._free:
            break
    (free,) = town.rt.helpers._free
    return free.process.pid


async def uploads(batch, tasks):
    return await batch.client.asks("POST", f"/batches/{batch.id}/tasks", json=tasks)


async def test_while_an_upload_is_read_every_other_caller_is_answered(town):
    pid = await helper_of(town)
    batch = await town.client.drafts()
    os.kill(pid, signal.SIGSTOP)
    try:
        upload = asyncio.create_task(uploads(batch, TASKS))
        await eventually(lambda: settled(not town.rt.helpers._free))
        assert (await town.http.get("/healthz")).text == "ok"
        assert not upload.done()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert (await upload).json()["added"] == len(TASKS)


async def settled(what):
    return what


async def test_a_helper_that_dies_costs_one_503_and_leaves_nothing_behind(town):
    pid = await helper_of(town)
    batch = await town.client.drafts()
    os.kill(pid, signal.SIGSTOP)
    upload = asyncio.create_task(uploads(batch, TASKS))
    await eventually(lambda: settled(not town.rt.helpers._free))
    os.kill(pid, signal.SIGKILL)
    assert (await upload).status_code == 503
    assert await town.count("task", f"batch_id = '{batch.id}'") == 0
    assert not list((town.rt.settings.data_dir / "uploads").iterdir())
    assert (await uploads(batch, TASKS)).status_code == 201


async def test_a_quote_is_read_not_worked_out_again(town):
    batch = await town.client.drafts(languages=["en"])
    dear = [{"id": f"t{n}", "text": f"It’s shop {n}, is it open?"} for n in range(30)]  # noqa: RUF001
    await uploads(batch, dear)
    first = (await batch.client.asks("GET", f"/batches/{batch.id}/quote")).json()
    assert (first["tasks"], first["warned"], len(first["warnings"])) == (30, 30, 20)
    pid = await helper_of(town)
    os.kill(pid, signal.SIGSTOP)
    try:
        again = (await batch.client.asks("GET", f"/batches/{batch.id}/quote")).json()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert again == first


async def test_another_upload_changes_the_quote(town):
    batch = await town.client.drafts(languages=["en"])
    await uploads(batch, TASKS[:2])
    first = (await batch.client.asks("GET", f"/batches/{batch.id}/quote")).json()
    await uploads(batch, [{"id": "long", "text": "Is it open? " * 40}])
    second = (await batch.client.asks("GET", f"/batches/{batch.id}/quote")).json()
    assert (first["tasks"], second["tasks"]) == (2, 3)
    assert second["messages"]["segments_most"] > first["messages"]["segments_most"]
    assert [w["row"] for w in second["warnings"]] == [3]


async def test_a_batch_from_before_this_was_kept_is_quoted_all_the_same(town):
    batch = await town.client.drafts(languages=["en"])
    await uploads(batch, [*TASKS[:3], {"id": "long", "text": "Is it open? " * 40}])
    said = (await batch.client.asks("GET", f"/batches/{batch.id}/quote")).json()
    await town.rt.db.execute("update batch set filled = null, weights = null")
    assert (await batch.client.asks("GET", f"/batches/{batch.id}/quote")).json() == said


async def test_the_limit_of_tasks_is_the_batchs_not_the_uploads(town, monkeypatch):
    monkeypatch.setitem(town.rt.settings.limits.__dict__, "batch_tasks", 60)
    batch = await town.client.drafts()
    assert (await uploads(batch, TASKS)).status_code == 201
    more = [{**task, "id": f"again-{task['id']}"} for task in TASKS]
    answer = await uploads(batch, more)
    assert answer.status_code == 422
    assert "50 tasks already; at most 60" in answer.json()["detail"]
    assert await town.count("task") == 50


async def test_thousands_of_languages_of_a_label_are_refused(town):
    letters = "abcdefghijklmnopqrstuvwxyz"
    codes = ["".join(code) for code in itertools.product(letters, repeat=3)]
    labels = {code: f"Shop {code}" for code in codes[:17_000]}
    options = [{"id": f"o{n}", "labels": labels} for n in range(9)]
    given = {"name": "Shops", "kind": "categorisation", "instructions": "What is it?", "price": "3.00"}  # fmt: skip
    answer = await town.client.asks("POST", "/batches", json={**given, "options": options})
    assert answer.status_code in (413, 422)
    few = [{"id": f"o{n}", "labels": dict(list(labels.items())[:21])} for n in range(2)]
    answer = await town.client.asks("POST", "/batches", json={**given, "options": few})
    assert answer.status_code == 422
    assert "options[0]" in answer.json()["detail"]
    assert "20" in answer.json()["detail"]


async def test_a_file_in_a_form_may_be_large_and_stand_behind_other_fields(town):
    batch = await town.client.drafts()
    body = "id,text\n" + "".join(f"{n},{'Is it open? ' * 20}\n" for n in range(3000))
    answer = await town.client.asks(
        "POST",
        f"/batches/{batch.id}/tasks",
        data={"note": "before"},
        files={"file": ("t.csv", body.encode(), "text/csv")},
    )
    assert (answer.status_code, answer.json().get("added")) == (201, 3000), answer.text


@pytest.mark.parametrize("body", ["[]", "[ ]", '[{"id": 1, "text": "a"} {"id": 2, "text": "b"}]',
                                  '[{"id": 1, "text": "a"}] x', '[{"id": 1, "text": NaN}]',
                                  "[" * 5000, '[{"id": 1, "text": "a"},]'])  # fmt: skip
async def test_a_list_that_is_none_is_refused(town, body):
    batch = await town.client.drafts()
    answer = await town.client.asks(
        "POST",
        f"/batches/{batch.id}/tasks",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422, answer.text
    assert await town.count("task") == 0


async def test_a_job_that_takes_too_long_is_ended(town):
    argv = ("sleep", "60")
    async with Helpers.opened(argv, at_once=1, limit_s=0.2) as helpers:
        with pytest.raises(Refused, match="smaller parts"):
            await helpers.run("prepare")


async def test_when_too_much_waits_more_is_refused_at_once(monkeypatch):
    monkeypatch.setattr("gateway.base.offload.WAITING_MAX", 1)
    async with Helpers.opened(("sleep", "60"), at_once=1, limit_s=1) as helpers:
        jobs = [asyncio.create_task(helpers.run("prepare")) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(HelpersBusy):
            await helpers.run("prepare")
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)


def test_a_job_without_memory_is_refused_and_a_fault_is_told():
    def greedy():
        raise MemoryError

    assert "smaller parts" in str(helper._do(greedy, ()).error)
    assert isinstance(helper._do(json.loads, ("{",)).error, Failed)

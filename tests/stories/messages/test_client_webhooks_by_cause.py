# pyright: basic
"""Every event that a client's webhook can be told, each from the fact that causes it."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest

from gateway.settings.fair_pay import LivingWage
from gateway.steps.messages.webhooks.events import EventType
from tests.stories.messages.test_client_webhooks import receiving
from tests.stories.quality.test_five_steps import answered, audits
from tests.stories.quality.test_judgement import in_review
from tests.support.projects import all_work, crowd, makes_project

CSV = {"Content-Type": "text/csv"}
ASKED_ROUNDS = 6


@pytest.fixture(autouse=True)
def local(configure):
    """Permit receivers on this machine."""
    configure(local_phone=True)


def decided(receiver):
    """Return how often each task was told as decided."""
    return Counter(one["task"] for told in receiver.of("task.decided") for one in told["tasks"])


async def test_a_task_that_was_opened_again_is_told_again_when_it_is_decided(town):
    async with receiving(town) as receiver:
        batch = await answered(town, 2)
        assert decided(receiver) == {"t1": 1, "t2": 1}
        said = {"tasks": ["t2"], "answers": 1}
        opened = await town.client.asks("POST", f"/batches/{batch.id}/reopen", json=said)
        assert opened.status_code == 200, opened.text
        await town.ticks(minutes=1)
        chege = await town.enrols("chege")
        assert "Shop 1?" in await chege.texts("WORK")
        await chege.texts("1")
        await town.ticks(minutes=1)
        await town.ticks(minutes=1)
    assert decided(receiver) == {"t1": 1, "t2": 2}
    order = [
        kind for kind in receiver.told if kind.startswith("batch.") and kind != "batch.progress"
    ]
    assert order == ["batch.started", "batch.done", "batch.started", "batch.done"]
    states = [one["state"] for one in receiver.of("batch.done")]
    assert states == ["done", "done"]


async def test_a_deadline_that_pauses_is_told(town):
    async with receiving(town) as receiver:
        at = (town.clock.now() + timedelta(hours=2)).isoformat()
        batch = await town.posts_batch("Is it open?", deadline=at, at_deadline="pause")
        await town.ticks(hours=3)
        await town.ticks(minutes=1)
    assert receiver.told == ["batch.started", "batch.paused"]
    (paused,) = receiver.of("batch.paused")
    assert (paused["batch"], paused["state"]) == (batch.id, "paused")


async def test_a_deadline_that_ends_a_batch_tells_what_was_decided_and_that_it_is_done(town):
    amina = await town.enrols("amina")
    async with receiving(town) as receiver:
        at = (town.clock.now() + timedelta(hours=2)).isoformat()
        await town.posts_batch("Is it open?", "Is it clean?", policy="fixed:3", deadline=at)
        await amina.texts("WORK")
        await amina.texts("1")
        await amina.texts("STOP")
        for _ in range(4):
            await town.ticks(hours=3)
    assert receiver.told[-1] == "batch.done"
    told = [one for kind in ("task.decided", "task.review") for each in receiver.of(kind) for one in each["tasks"]]  # fmt: skip
    assert len(told) == 1, "the task without any answer is cancelled, and is no result"
    assert Counter(receiver.told)["batch.done"] == 1


async def test_every_type_of_event_is_told_of_its_own_cause(town, configure, monkeypatch):
    async with receiving(town) as receiver:
        await _audited(town)
        await in_review(town)
        stopped = await town.posts_batch("Is it blue?")
        await stopped.changes("pause")
        await stopped.changes("cancel")
        await _files(town, stopped, monkeypatch)
        await _projects(town, configure)
        await _spends_all(town)
        for _ in range(ASKED_ROUNDS):
            await town.ticks(minutes=2)
    told = Counter(receiver.told)
    assert set(told) == {kind.value for kind in EventType}
    assert all(body["data"]["link"] for _, body in receiver.diary)
    assert all(set(body) == {"type", "timestamp", "data"} for _, body in receiver.diary)


async def _audited(town):
    """Cause an audit, progress, decided tasks and the end of a batch."""
    batch = await answered(town, 4, audit={"promise": 0.9, "half_width": 0.25})
    await town.ticks(seconds=20)
    await audits(town, batch, set())
    await town.ticks(minutes=1)
    await town.ticks(minutes=1)
    assert (await batch.shows())["state"] == "done"


async def _files(town, batch, monkeypatch):
    """Cause an import and an export that end well, and one of each that does not."""
    for content in (b"id,text\na,Is it open?\n", b"id,text\na,\n"):
        draft = await town.client.drafts()
        path = f"/batches/{draft.id}/imports"
        made = await town.client.asks("POST", path, content=content, headers=CSV)
        assert made.status_code == 202, made.text
        await town.answers_bells()
    order = {"what": "results", "format": "csv"}
    path = f"/batches/{batch.id}/exports"
    assert (await town.client.asks("POST", path, json=order)).status_code == 202
    await town.answers_bells()
    with monkeypatch.context() as full:
        full.setitem(town.rt.settings.files.__dict__, "free_bytes", 2**62)
        assert (await town.client.asks("POST", path, json=order)).status_code == 202
        await town.answers_bells()
        for _ in range(ASKED_ROUNDS):
            await town.ticks(minutes=1)


async def _projects(town, configure):
    """Cause the end of one project, and one that cannot go on and is cancelled."""
    people = await crowd(town, "dina", "esther", "faith")
    shops = "name\nMama Njeri Shop\n"
    usual = town.rt.settings.fair_pay
    asked = {"question": "Is {name} open?", "policy": "fixed:2"}
    project = await makes_project(town.client, "check-list", shops, **asked)
    await project.changes("start")
    await all_work(town, people, lambda *_: "1")
    assert (await project.shows())["state"] == "done"
    stuck = await makes_project(town.client, "check-list", shops, **asked)
    await stuck.changes("start")
    town.jobs.take()
    day = date(2026, 1, 1)
    wage = LivingWage(currency="KES", per_hour=Decimal(100_000), source="a test", date=day)
    floors = usual.model_copy(update={"floors": {"KE": wage}})
    configure(local_phone=True, fair_pay=floors)
    for _ in range(ASKED_ROUNDS):
        await town.ticks(minutes=2)
    await stuck.changes("cancel")
    configure(local_phone=True, fair_pay=usual)


async def _spends_all(town):
    """Cause a batch after which the money does not last for another one like it."""
    has = await town.client.available_minor()
    await town.posts_batch("Is it the last one?", price=f"{has // 200 + 1}.00")

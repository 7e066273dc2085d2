# pyright: basic
"""The money of a batch is right in any order of changes and answers.

Nothing is lost, doubled or negative, what is set aside covers what may still be paid, and every
worker who was asked is paid at least what she was told. A process that is killed beside any commit
changes none of it.
"""

import asyncio
import re

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from gateway.steps.batches import uploading
from gateway.steps.batches.life import change, deadlines
from tests.stories.batches.life.test_life_of_a_running_batch import deadline, hold

FEW = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
STEPS = st.sampled_from(
    [
        *("work", "work", "work", "answer", "answer", "answer"),
        *("extend", "extend all", "maximum", "reopen", "price", "cancel task", "add", "lapse"),
        *("pause", "start", "tick", "finish"),
    ]
)
_TOLD = re.compile(r"KES (\d+)[:,. ]")


class Machine:
    """A batch, its client and two workers, and the money as it must be."""

    def __init__(self, town, client, batch, workers):
        self.town, self.client, self.batch, self.workers = town, client, batch, workers
        self.money = 0
        self.told, self.turn, self.price, self.added = {}, 0, 3, 0

    async def posts(self, path, **body):
        return await self.client.asks("POST", f"/batches/{self.batch.id}/{path}", json=body)

    async def answers(self):
        return (await self.batch.shows())["progress"]["answers"]

    async def names(self, *states):
        found = await self.batch.results()
        return [name for name, one in found.items() if one["state"] in states]

    async def does(self, step):  # noqa: C901, PLR0912  # a case a step
        self.turn += 1
        worker = self.workers[self.turn % len(self.workers)]
        match step:
            case "work":
                await self.texts(worker, "WORK")
            case "answer":
                await self.texts(worker, "1")
            case "extend":
                await self.posts("extend", answers=1)
            case "extend all":
                await self.posts("extend", answers=1, tasks="all")
            case "maximum":
                await self.posts("extend", maximum=4)
            case "reopen":
                if named := await self.names("decided", "review"):
                    await self.posts("reopen", tasks=named[:2], answers=1)
            case "price":
                self.price += 1
                await self.posts("price", price=f"{self.price}.00")
            case "cancel task":
                if named := await self.names("open"):
                    await self.posts("cancel-tasks", tasks=named[:1])
            case "add":
                self.added += 1
                one = {"id": f"more-{self.added}", "text": f"Is shop {self.added} open?"}
                await self.client.asks("POST", f"/batches/{self.batch.id}/tasks", json=[one])
            case "lapse":
                await self.town.rt.db.execute(
                    "select release_task(id, 'expired') from assignment where state = 'held'"
                )
                self.told.clear()
            case "tick":
                await self.town.ticks()
            case _:
                await self.posts(step)

    async def texts(self, worker, words):
        before = await worker.earned_minor()
        told = self.told.get(worker.msisdn)
        reply = await worker.texts(words) or ""
        earned = await worker.earned_minor() - before
        if earned and told is not None:
            assert earned >= told * 100, "she is paid what she was told"
        said = _TOLD.findall(reply.rpartition("Saved")[2] if "Is shop" in reply else "")
        self.told[worker.msisdn] = int(said[-1]) if said else None

    async def is_right(self):
        shown = await self.batch.shows()
        money, held = shown["money"], await hold(self.town, self.batch)
        earned = sum([await one.earned_minor() for one in self.workers])
        available = await self.client.available_minor()
        assert available + held + earned == self.money, "nothing is lost or doubled"
        assert money["spent_minor"] == earned
        if shown["closed_at"] is not None:
            assert held == 0
            return
        if shown["state"] == "cancelled":  # It waits for the workers who were asked.
            assert held >= shown["progress"]["asked_now"] * shown["price_minor"]
            return
        assert held == money["reserved_minor"] - money["spent_minor"]
        open_minor = await self.town.value(
            """select coalesce(sum((t.maximum - t.answered) * b.price), 0)::bigint
               from task t join batch b on b.id = t.batch_id where b.id = $1 and t.state = 'open'""",
            self.batch.id,
        )
        assert held >= open_minor, "what is set aside covers what may still be paid"


async def machine(town, **given):
    client = await town.new_client(town.new_id("client"), money_minor=9_000)
    mark = await town.count("worker")
    workers = [await town.enrols(f"w{mark}{name}") for name in ("amina", "brian", "chege")]
    texts = [f"Is shop {name} open?" for name in "abc"]
    batch = await client.posts_batch(*texts, policy="dynamic", open=True, **given)
    made = Machine(town, client, batch, workers)
    made.money = 9_000
    return made


ALL = (
    *(
        "work",
        "work",
        "work",
        "answer",
        "price",
        "answer",
        "work",
        "extend",
        "answer",
        "add",
        "work",
    ),
    *(
        "cancel task",
        "answer",
        "answer",
        "pause",
        "maximum",
        "start",
        "reopen",
        "extend all",
        "work",
    ),
    *("lapse", "answer", "work", "answer", "finish", "tick", "answer", "tick", "reopen", "answer"),
)


@FEW
@example(steps=ALL)
@given(steps=st.lists(STEPS, min_size=8, max_size=14))
async def test_the_money_is_right_after_every_change(town, steps):
    await town.rt.db.execute(
        "update batch set state = 'cancelled', closed_at = now() where state in ('running', 'paused')"
    )
    one = await machine(town)
    for step in steps:
        await one.does(step)
        await one.is_right()
    if tuple(steps) == ALL:
        assert await one.answers() >= 5, "the steps do something"
    await one.posts("cancel")
    await one.is_right()
    await town.has_right_books()


async def test_changes_and_answers_at_the_same_moment(town):
    one = await machine(town)
    for worker in one.workers:
        await worker.texts("WORK")
    await asyncio.gather(
        *(worker.texts("1") for worker in one.workers),
        one.posts("price", price="5.00"),
        one.posts("extend", answers=1),
        one.posts("cancel-tasks", tasks=["t2"]),
        one.posts("extend", answers=1),
        one.does("add"),
    )
    await one.is_right()
    assert await one.answers() == 3, "no answer is lost"
    await one.posts("cancel")
    await one.is_right()
    await town.has_right_books()


# --- killed beside each commit ---


class Killed(BaseException):
    """A process that ended right here."""


def dies_at(monkeypatch, module, point):
    def killed(name):
        if name == point:
            monkeypatch.undo()
            raise Killed

    monkeypatch.setattr(module, "reach", killed)


async def test_a_change_whose_process_is_killed_behind_its_commit_is_made_once(town, monkeypatch):
    from gateway.base.ids import ClientId
    from gateway.steps.batches.life.change import Author
    from gateway.steps.batches.life.more_answers import Extension, extend

    one = await machine(town)
    client, author = ClientId(one.client.id), Author("gw_key", "lost-response")
    dies_at(monkeypatch, change, "life.changed")
    with pytest.raises(Killed):
        await extend(town.rt, client, one.batch.id, Extension(answers=1), author)
    await one.is_right()
    again = await extend(town.rt, client, one.batch.id, Extension(answers=1), author)
    assert again.change.cost_minor == 900
    await one.is_right()
    assert (await one.batch.shows())["money"]["reserved_minor"] == 3 * 7 * 300 + 900


async def test_tasks_whose_upload_is_killed_count_wholly_or_not_at_all(town, monkeypatch):
    from gateway.app import STEPS as JOBS
    from gateway.base.ids import ClientId
    from gateway.steps.batches.life.change import Author
    from gateway.steps.batches.life.more_tasks import AddingTasks
    from gateway.steps.batches.submit.fill import UploadedFile, upload_tasks

    one = await machine(town)
    folder = town.rt.settings.data_dir / "kill"
    folder.mkdir(parents=True, exist_ok=True)
    file, out = folder / "a.csv", folder / "a.tasks"
    for point, counted in (("upload.slice", 3), ("life.added", 4)):
        file.write_text(f"id,text\n{point},Is shop {point} open?\n")
        dies_at(monkeypatch, uploading, point)
        # A killed process takes nothing back.
        monkeypatch.setattr(uploading.Upload, "take_back", _nothing)
        with pytest.raises(Killed):
            await upload_tasks(
                town.rt,
                ClientId(one.client.id),
                one.batch.id,
                UploadedFile(file, "text/csv"),
                out,
                AddingTasks(Author("gw_key")),
            )
        monkeypatch.undo()
        assert (await one.batch.shows())["progress"]["tasks"] == counted
        await one.is_right()
        await town.rt.db.execute(
            "update batch set upload_until = now() - interval '1 second' where upload_until is not null"
        )
        await JOBS["sweep"](town.rt)
        assert await town.count("task", "batch_id = $1", one.batch.id) == counted
        await one.is_right()


async def _nothing(_):
    return None


@pytest.mark.parametrize("point", ["deadline.stopped", "deadline.settled"])
async def test_a_deadline_at_which_the_process_is_killed_is_met_all_the_same(
    town, monkeypatch, point
):
    one = await machine(town, deadline=await deadline(town, hours=2))
    await one.does("work")
    await one.does("answer")
    town.clock.advance(hours=2, minutes=1)
    dies_at(monkeypatch, deadlines, point)
    with pytest.raises(Killed):
        await deadlines.end_at_deadlines(town.rt)
    await one.is_right()
    await town.rt.db.execute(
        "select release_task(id, 'expired') from assignment where state = 'held'"
    )
    for _ in range(3):
        await town.ticks()
    assert (await one.batch.shows())["state"] == "done"
    assert not await one.names("open")
    await one.is_right()
    await town.has_right_books()

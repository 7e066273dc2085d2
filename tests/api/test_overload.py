"""More phones than can be answered.

Dialled calls come first, SMS are kept and heard second, and everything else rests.
"""

import asyncio
import os
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.edge.admission import Admission
from gateway.app import STEPS
from gateway.queue.pressure import Backpressure
from gateway.steps.precedence import may_run
from gateway.steps.turns import catch_up as catch_up_step
from gateway.store.turns.inbox import SealedEvent
from gateway.store.turns.spool import Spool
from tests.conftest import opened_gateway
from tests.support.town import eventually

BUSY = "Too many people are dialling now"


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def measured(turns, service_s, wait_s=1.0):
    """An admission that has seen many steps of so long."""
    clock = Clock()
    admission = Admission(turns, wait_s, clock)
    for _ in range(200):
        with admission.taken():
            clock.now += service_s
    return admission, clock


@given(st.integers(1, 32), st.floats(0.001, 30), st.booleans())
def test_while_a_turn_is_free_every_call_is_taken_however_slow_it_was(turns, service_s, new):
    """Else a database that was slow once would lock phones out for ever.

    Nothing would be measured again.
    """
    admission, _ = measured(turns, service_s)
    for _ in range(turns):
        assert admission.admits(new=new)
        admission.under_way += 1


def test_a_late_event_loop_counts_as_a_wait_until_it_is_in_time_again():
    """Calls that the loop has not accepted yet wait in a rush as well, and no step shows that."""
    admission, _ = measured(4, 0.02, wait_s=1.0)
    admission.under_way = 20
    assert admission.admits(new=True)
    admission.note_lateness(1.5)
    assert not admission.admits(new=False)
    assert admission.crowded
    for _ in range(8):
        admission.note_lateness(0.001)
    assert admission.admits(new=True)
    admission.note_lateness(30.0)
    admission.under_way = 15
    assert admission.admits(new=True)  # A few steps wait, however late one moment was.


def test_a_rush_after_a_calm_time_admits_what_the_processors_can_do():
    """One step alone is quick, but ten at a time are no ten times as much work done."""
    calm, clock = measured(10, 0.005)
    shared = Admission(10, 1.0, clock, at_once=1.0)
    for _ in range(200):
        with shared.taken():
            clock.now += 0.005
    for admission in (calm, shared):
        while admission.admits(new=False):
            admission.under_way += 1
    assert calm.under_way == pytest.approx(1990, abs=1)
    assert shared.under_way == pytest.approx(199, abs=1)


@given(st.integers(1, 32), st.floats(0.002, 0.5))
def test_as_many_wait_as_can_be_answered_in_time_and_no_more(turns, service_s):
    admission, _ = measured(turns, service_s, wait_s=1.0)
    while admission.admits(new=False):
        admission.under_way += 1
    # What stands before the last one is worked off in the wait that was promised (or all turns are
    # taken).
    waited_s = admission.under_way * service_s / turns
    assert waited_s <= 1.0 + service_s or admission.under_way == turns
    assert admission.under_way == turns or waited_s >= 1.0 - 2.1 * service_s
    assert not admission.admits(new=True)
    assert admission.behind


def test_a_session_under_way_may_wait_longer_than_a_new_one():
    admission, _ = measured(8, 0.02)
    while admission.admits(new=True):
        admission.under_way += 1
    assert admission.admits(new=False)
    assert not admission.calm, "SMS are stored long before a dialled call is turned away"


def test_it_is_over_when_it_is_over():
    admission, clock = measured(8, 0.02)
    admission.under_way = 1000
    assert not admission.admits(new=False)
    admission.under_way = 0
    clock.now += 3
    assert not admission.behind
    assert admission.admits(new=True)
    assert admission.calm


# --- a whole gateway ---


@pytest.fixture(scope="module")
async def small(new_database):
    """Return a gateway without a queue: a call that finds every turn taken is turned away."""
    async with opened_gateway(await new_database("small"), ussd_wait_s=0.001) as town:
        await town.opens()
        yield town


@asynccontextmanager
async def every_turn_taken(town):
    """All turns are held, and as many phones are under way."""
    async with AsyncExitStack() as stack:
        for _ in range(town.rt.db.turns):
            await stack.enter_async_context(town.rt.db.turn)
        waiting = [town.meets(f"w{n}-{os.urandom(4).hex()}") for n in range(town.rt.db.connections)]
        dialling = [asyncio.create_task(person.dials()) for person in waiting]
        await eventually(lambda: full(town))
        yield
    for screen in await asyncio.gather(*dialling):
        assert BUSY not in screen, "who was taken in is answered"


async def full(town):
    return len(town.rt.db.turn._waiters or ()) >= town.rt.db.connections


async def counted(town, outcome):
    text = (await town.http.get("/metrics")).text
    lines = [n for n in text.splitlines() if n.startswith("gateway_webhooks_total{") and f'outcome="{outcome}"' in n]  # fmt: skip
    return sum(float(line.split()[-1]) for line in lines)


async def test_a_call_beyond_capacity_is_told_so_at_once_and_kindly(small):
    amina = await small.enrols("amina")
    before = await counted(small, "turned away")
    async with every_turn_taken(small):
        screen = await amina.dials()
        assert BUSY in screen
        assert "What you saved is safe" in screen
        assert not screen.open
    assert await counted(small, "turned away") == before + 1
    again = await amina.dials()
    assert BUSY not in again, "a moment later there is room"


async def test_every_sms_beyond_capacity_is_kept_and_heard_later(small):
    brian = small.meets("brian")
    async with every_turn_taken(small):
        answer = await brian.sends("JOIN KIBERA", event="kept-1")
        assert answer.status_code == 200
        assert await small.count("inbox", "event_id like 'kept-1@%' and state = 'waiting'") == 1
    await small.answers_bells()
    assert (await brian.row())["id"], "he is in the books"


async def test_while_phones_wait_stored_sms_are_heard_one_by_one_with_rests(town, monkeypatch):
    """Else runners and their queries take the processor and the database from those who dial."""
    rests = []

    async def rested(took_s):
        rests.append(took_s)

    for n in range(12):
        await town.rt.db.execute(
            "select keep_event('phone', 'sms', $1, $2, 'waiting', null, null, null)",
            f"slow-{n}", town.rt.vault.seal(f"id=slow-{n}&from=%2B25471100077{n:02}&to=20880&text=HELP"),
        )  # fmt: skip
    monkeypatch.setattr(catch_up_step, "rest", rested)
    await town.rt.pressure.tell()
    assert await STEPS["catch_up"](town.rt) == 12, "none waits for ever"
    assert len(rests) >= 12
    town.rt.pressure._until = 0.0
    assert await town.count("inbox", "state = 'waiting'") == 0


async def test_clients_and_pushes_rest_while_phones_wait(town):
    amina = await town.enrols("amina")
    batch = await town.client.drafts()
    tasks = [{"id": "1", "text": "Is it open?"}]
    await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=tasks)
    await batch.changes("start")
    town.jobs.take()
    await town.rt.pressure.tell()
    for method, path in (("GET", "/account"), ("GET", f"/batches/{batch.id}/results"),
                         ("POST", f"/batches/{batch.id}/tasks")):  # fmt: skip
        answer = await town.client.asks(method, path)
        assert answer.status_code == 503, path
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.headers["content-type"] == "application/problem+json"
    town.rt.jobs.enqueue("assign")
    await town.answers_bells()
    assert await town.count("outbox", "purpose = 'question'") == 0, "nothing is pushed"
    assert await town.count("outbox", "purpose = 'invitation' and state = 'queued'") == 1
    assert not await may_run(town.rt, "close")
    assert await may_run(town.rt, "deliver")
    assert await may_run(town.rt, "catch_up")
    reply = await amina.texts("BAL")
    assert reply, "her own words are answered all the same"
    town.rt.pressure._until = 0.0
    await town.ticks()
    assert await town.count("outbox", "purpose = 'question'") == 1
    assert await town.count("outbox", "state = 'queued'") == 0


async def test_processes_tell_each_other_over_redis(embedded):
    phones, runner = Backpressure(embedded.redis_url), Backpressure(embedded.redis_url)
    assert not await runner.phones_wait()
    await phones.tell()
    runner._read_at = 0.0
    assert await runner.phones_wait()


async def test_without_redis_nothing_rests():
    lost = Backpressure("redis://127.0.0.1:1/0")
    await lost.tell()
    other = Backpressure("redis://127.0.0.1:1/0")
    assert not await other.phones_wait()


# --- the spool ---


def kept(name):
    return SealedEvent("phone", "sms", name, b"sealed")


def test_thousands_of_files_come_back_in_few_commits(tmp_path):
    spool = Spool(tmp_path)
    for number in range(300):
        spool.put([kept(f"{number}")])
    assert sum(len(events) for _, events in spool.oldest()) == 300


def test_drafts_do_not_count_and_do_not_stay(tmp_path, monkeypatch):
    spool = Spool(tmp_path)
    monkeypatch.setattr("gateway.store.turns.spool.FILES_MAX", 1)
    old, new = tmp_path / "old.draft", tmp_path / "new.draft"
    for draft in (old, new):
        draft.touch()
    os.utime(old, (1, 1))
    spool.put([kept("a")])
    assert len(spool.oldest()) == 1
    assert (old.exists(), new.exists()) == (False, True), "what is being written now is left alone"


def test_a_full_disk_leaves_no_file_behind(tmp_path, monkeypatch):
    def full_disk(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gateway.store.turns.spool.os.fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        Spool(tmp_path).put([kept("a")])
    assert list(tmp_path.iterdir()) == []

"""Phones beyond capacity get their polite screen before a request is made of their call.

That screen is as quick as any other, and as right.
"""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest

from gateway.cli.run.api import config, listen
from gateway.simulator.wire import SimulatorServer
from gateway.ussd.port import is_end
from gateway.ussd.transcript import is_new
from tests.conftest import opened_gateway

from .served import answer_from

BUSY = "END Too many people are dialling now"
PATH = "/in/phone/local/ussd"


@dataclass
class Crowd:
    """A gateway on a port, and how many phones it believes to be under way."""

    town: object
    doors: object
    port: int

    @property
    def admission(self):
        return self.doors.turnstile.admission

    def fills(self) -> None:
        self.admission.under_way = 100_000

    def empties(self) -> None:
        self.admission.under_way = 0

    async def connects(self):
        return await asyncio.open_connection("127.0.0.1", self.port)

    def call(self, body: bytes, *more: str, path: str = PATH) -> bytes:
        kind = "Content-Type: application/x-www-form-urlencoded"
        lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", kind, *more]
        if not any(line.startswith("Transfer-Encoding") for line in more):
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode() + body


def pressed(text: str = "", session: str = "s1", number: str = "+254711000444") -> bytes:
    return urlencode({"session": session, "from": number, "text": text}).encode()


@pytest.fixture(scope="module")
async def crowd(new_database):
    async with opened_gateway(await new_database("turnstile")) as town:
        await town.opens()
        doors = town.http._transport.app
        served = config(doors, town.rt.settings, doors)
        served.lifespan, served.loop = "off", "none"
        listener = listen("127.0.0.1", 0)
        server = SimulatorServer(served)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        yield Crowd(town, doors, listener.getsockname()[1])
        server.stop.set()
        await running


@pytest.fixture(autouse=True)
def calm_again(crowd):
    yield
    crowd.empties()


async def counted(crowd) -> int:
    text = (await crowd.town.http.get("/metrics")).text
    lines = [n for n in text.splitlines() if 'outcome="turned away"' in n]
    return round(sum(float(line.split()[-1]) for line in lines))


async def test_many_calls_of_one_connection_are_turned_away_and_counted(crowd):
    before = await counted(crowd)
    crowd.fills()
    reader, writer = await crowd.connects()
    for n in range(20):
        writer.write(crowd.call(pressed(session=f"many-{n}")))
        answer = await answer_from(reader)
        assert (answer.status, answer.text.startswith(BUSY)) == (200, True)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["x-request-id"]
    crowd.empties()
    writer.write(crowd.call(pressed(session="many-20")))
    assert "1 Join" in (await answer_from(reader)).text, (
        "the same connection serves those who get in"
    )
    writer.close()
    assert await counted(crowd) == before + 20
    assert await crowd.town.count("inbox", "event_id like 'many-%'") == 1, (
        "who is turned away leaves nothing"
    )


async def test_a_call_in_pieces_is_read_whole(crowd):
    crowd.fills()
    call = crowd.call(pressed())
    reader, writer = await crowd.connects()
    for at in range(len(call)):
        writer.write(call[at : at + 1])
        await writer.drain()
        await asyncio.sleep(0)
    assert (await answer_from(reader)).text.startswith(BUSY)
    writer.close()


async def test_calls_behind_one_another_are_answered_in_order(crowd):
    crowd.fills()
    reader, writer = await crowd.connects()
    health = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    writer.write(crowd.call(pressed(session="p1")) + crowd.call(pressed(session="p2")) + health)
    assert (await answer_from(reader)).text.startswith(BUSY)
    assert (await answer_from(reader)).text.startswith(BUSY)
    assert (await answer_from(reader)).text == "ok"
    writer.write(health + crowd.call(pressed(session="p3")) + health)
    assert (await answer_from(reader)).text == "ok"
    assert (await answer_from(reader)).text.startswith(BUSY), (
        "behind one that is worked on: the usual way"
    )
    assert (await answer_from(reader)).text == "ok"
    writer.close()


async def test_a_body_that_does_not_come_takes_the_usual_way(crowd):
    crowd.fills()
    call = crowd.call(pressed(session="late"))
    reader, writer = await crowd.connects()
    writer.write(call[:-5])
    await asyncio.sleep(1.5)  # longer than a call is held
    writer.write(call[-5:])
    assert (await answer_from(reader)).text.startswith(BUSY)
    writer.close()
    reader, writer = await crowd.connects()
    writer.write(call[:-5])
    writer.close()  # hung up while it was held
    reader, writer = await crowd.connects()
    writer.write(crowd.call(pressed(), "Connection: close"))
    assert (await answer_from(reader)).text.startswith(BUSY)
    assert await reader.read() == b"", "closed, as the caller asked"
    writer.close()


@pytest.mark.parametrize(
    ("body", "more", "path", "status", "begins"),
    [
        (pressed(), (), "/in/phone/wrong/ussd", 404, "not found"),
        (pressed(), (), "/in/nowhere/local/ussd", 404, "not found"),
        (pressed(), (), f"{PATH}?x=1", 200, BUSY),
        (b"text=1", (), PATH, 200, "END Sorry"),
        (pressed(text="1" * 5000), (), PATH, 200, BUSY),
        (b"%x\r\n" % len(pressed()) + pressed() + b"\r\n0\r\n\r\n", ("Transfer-Encoding: chunked",), PATH, 200, BUSY),
        (b'{"session": "j", "from": "+254711000445", "text": ""}', ("Content-Type: application/json",), PATH, 200, BUSY),
    ],
)  # fmt: skip
async def test_whatever_is_unusual_is_answered_as_ever(crowd, body, more, path, status, begins):
    crowd.fills()
    reader, writer = await crowd.connects()
    writer.write(crowd.call(body, *more, path=path))
    answer = await answer_from(reader)
    assert (answer.status, answer.text[: len(begins)]) == (status, begins)
    writer.close()


async def test_a_phone_in_a_session_gets_in_while_phones_that_begin_do_not(crowd):
    """Between half of the longest wait and the whole of it."""
    admission = crowd.admission
    crowd.empties()
    reader, writer = await crowd.connects()
    writer.write(crowd.call(pressed(session="in", number="+254711000446")))
    assert "1 Join" in (await answer_from(reader)).text
    while not admission.crowded:
        admission.under_way += 1
    assert admission.admits(new=False)
    writer.write(crowd.call(pressed(session="out", number="+254711000447")))
    assert (await answer_from(reader)).text.startswith(BUSY)
    writer.write(crowd.call(pressed("1", session="in", number="+254711000446")))
    assert "English" in (await answer_from(reader)).text
    writer.close()


async def test_no_idle_connection_is_closed_sooner_than_others(crowd):
    """A provider keeps its connections; one that we close is a call that is lost."""
    crowd.fills()
    reader, writer = await crowd.connects()
    writer.write(crowd.call(pressed()))
    assert (await answer_from(reader)).text.startswith(BUSY)
    kept = next(iter(crowd.doors.connections._waiting_phones)).owner
    assert kept._timer is None, "no deadline for a head of which no byte has come"
    assert kept.timeout_keep_alive_task is not None
    writer.write(b"POST")
    await asyncio.sleep(0.2)
    assert kept._timer is not None
    writer.close()


async def test_a_caller_that_reads_no_answers_does_not_fill_the_memory(crowd):
    """Its answers wait for it here, so it gets no more of them than fit into the buffers."""
    crowd.fills()
    _, writer = await crowd.connects()
    writer.transport.pause_reading()
    calls = b"".join(crowd.call(pressed(session=f"deaf-{n:05}")) for n in range(500))
    waiting = 0
    for _ in range(400):
        writer.write(calls)
        await asyncio.sleep(0.005)
        lines = _owners(crowd)
        sizes = [line.transport.get_write_buffer_size() for line in lines]
        waiting = max(waiting, *sizes, 0)
        if writer.transport.is_closing() or not lines:
            break
    assert waiting < 2**20
    writer.transport.abort()


def _owners(crowd):
    table = crowd.doors.connections
    return [line.owner for line in [*table._waiting, *table._waiting_phones]]


async def test_it_asks_the_channel_what_is_a_step_and_what_is_new(crowd):
    ussd = crowd.town.rt.channels["phone"].ussd
    form = {"session": "s", "from": "+254711000001", "text": ""}
    assert is_new(ussd.parse_step(form))
    assert not is_new(ussd.parse_step({**form, "text": "1"}))
    assert not is_end(ussd, form)

"""SMS that are only stored get their answer before a request is made of their call.

They are as safe as on the usual route, and the same calls are refused.
"""

import asyncio
import ipaddress
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest

from gateway.cli.run.api import config, listen
from gateway.simulator.wire import SimulatorServer
from gateway.steps.turns.arrival.split_calls import sort
from gateway.store.turns import inbox
from tests.conftest import opened_gateway

from .served import answer_from

PATH = "/in/phone/local/sms"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@dataclass
class Rush:
    """A gateway on a port that stores each SMS first."""

    town: object
    doors: object
    port: int

    @property
    def gate(self):
        return self.doors.turnstile.gates[PATH.encode()]

    async def connects(self):
        return await asyncio.open_connection("127.0.0.1", self.port)

    def call(self, body: bytes, *more: str, path: str = PATH) -> bytes:
        kind = "Content-Type: application/x-www-form-urlencoded"
        length = f"Content-Length: {len(body)}"
        lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", kind, length, *more]
        return "\r\n".join([*lines, "", ""]).encode() + body

    async def asks(self, call: bytes):
        reader, writer = await self.connects()
        writer.write(call)
        answer = await answer_from(reader)
        writer.close()
        return answer

    async def stored(self, name: str) -> int:
        return await self.town.count("inbox", f"event_id like '{name}@%' and state = 'waiting'")

    async def counted(self, outcome: str) -> int:
        text = (await self.town.http.get("/metrics")).text
        lines = [n for n in text.splitlines() if 'event="sms"' in n and f'outcome="{outcome}"' in n]
        return round(sum(float(line.split()[-1]) for line in lines))


def texted(name: str, said: str = "HELP", number: str = "+254711000555") -> bytes:
    return urlencode({"id": name, "from": number, "to": "20880", "text": said}).encode()


@pytest.fixture(scope="module")
async def rush(new_database):
    async with opened_gateway(await new_database("stored_first")) as town:
        await town.opens()
        doors = town.http._transport.app
        served = config(doors, town.rt.settings, doors)
        served.lifespan, served.loop = "off", "none"
        listener = listen("127.0.0.1", 0)
        server = SimulatorServer(served)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        made = Rush(town, doors, listener.getsockname()[1])
        made.gate.intake.admission.under_way = 100_000
        yield made
        made.gate.intake.admission.under_way = 0
        server.stop.set()
        await running


@pytest.fixture
def heads(rush, monkeypatch):
    """The heads that the parser read and the turnstile checked, and those known by their bytes."""
    seen = {"parsed": 0, "known": 0}
    turnstile = type(rush.doors.turnstile)
    remember, known = turnstile.remember, turnstile.known

    def remembers(self, call, head):
        seen["parsed"] += 1
        remember(self, call, head)

    def knows(self, data):
        found = known(self, data)
        seen["known"] += found is not None
        return found

    monkeypatch.setattr(turnstile, "remember", remembers)
    monkeypatch.setattr(turnstile, "known", knows)
    return seen


async def test_each_sms_is_answered_when_it_is_stored_and_its_head_is_read_once(rush, heads):
    before = await rush.counted("taken")
    reader, writer = await rush.connects()
    for n in range(5):
        writer.write(rush.call(texted(f"kept-{n}")))
        answer = await answer_from(reader)
        assert (answer.status, answer.text) == (200, "")
        assert answer.headers["x-request-id"]
        assert await rush.stored(f"kept-{n}") == 1
    writer.close()
    assert await rush.counted("taken") == before + 5
    assert heads == {"parsed": 1, "known": 4}


async def test_a_request_id_is_no_part_of_a_head_and_counts_from_a_trusted_proxy(
    rush, heads, monkeypatch
):
    """A web server in front of the gateway gives each call another id."""
    given = [f"X-Request-Id: 0123456789abcde{n}" for n in range(4)]
    for n in range(2):
        answer = await rush.asks(rush.call(texted(f"named-{n}"), given[n]))
        assert (answer.status, len(answer.headers["x-request-id"])) == (200, 16)
        assert answer.headers["x-request-id"] != given[n][-16:], "any caller could name it"
    monkeypatch.setattr(rush.doors.connections, "proxies", (ipaddress.ip_network("127.0.0.1/32"),))
    for n in (2, 3):
        answer = await rush.asks(rush.call(texted(f"named-{n}"), given[n]))
        assert (answer.status, answer.headers["x-request-id"]) == (200, given[n][-16:])
    bad = await rush.asks(rush.call(texted("named-4"), "X-Request-Id: <b>bad</b>"))
    assert bad.status == 200
    assert "<" not in bad.headers["x-request-id"]
    assert heads == {"parsed": 2, "known": 3}


async def test_a_repeated_sms_is_stored_once_and_counted_as_repeated(rush):
    before = await rush.counted("repeated")
    for _ in range(3):
        assert (await rush.asks(rush.call(texted("again")))).status == 200
    assert await rush.stored("again") == 1
    assert await rush.counted("repeated") == before + 2


async def test_what_follows_on_the_connection_waits_for_the_answer(rush):
    reader, writer = await rush.connects()
    writer.write(rush.call(texted("first")) + HEALTH + rush.call(texted("second")) + HEALTH)
    answers = [await answer_from(reader) for _ in range(4)]
    assert [answer.text for answer in answers] == ["", "ok", "", "ok"]
    assert await rush.stored("first") == await rush.stored("second") == 1
    writer.write(rush.call(texted("third"), "Connection: close"))
    assert (await answer_from(reader)).status == 200
    assert await reader.read() == b"", "closed, as the caller asked"
    writer.close()


async def test_bytes_that_only_resemble_a_known_call_are_read_by_the_parser(rush, heads):
    whole = rush.call(texted("near-0"))
    assert (await rush.asks(whole)).status == 200
    heads["known"] = 0
    reader, writer = await rush.connects()
    two = rush.call(texted("near-1")) + rush.call(texted("near-2"))
    writer.write(two)  # Two calls at once are no call of a known length.
    assert [(await answer_from(reader)).status for _ in range(2)] == [200, 200]
    writer.write(whole[:-3].replace(b"near-0", b"near-3"))
    await asyncio.sleep(0.1)
    writer.write(whole[-3:])
    assert (await answer_from(reader)).status == 200
    writer.close()
    assert heads["known"] == 0
    assert [await rush.stored(f"near-{n}") for n in range(4)] == [1, 1, 1, 1]


async def test_a_caller_that_hangs_up_does_not_lose_its_sms(rush):
    places = rush.gate.places
    _, writer = await rush.connects()
    writer.write(rush.call(texted("hung-up")))
    await writer.drain()
    writer.close()
    for _ in range(3000):
        if await rush.stored("hung-up"):
            break
        await asyncio.sleep(0.1)
    assert await rush.stored("hung-up") == 1
    assert not any(places._taken.values()), "its place is free again"


@pytest.mark.parametrize(
    ("body", "more", "path", "status", "stored"),
    [
        (texted("odd"), (), "/in/phone/wrong/sms", 404, 0),
        (texted("odd"), (), "/in/nowhere/local/sms", 404, 0),
        (texted("odd"), ("Transfer-Encoding: chunked",), PATH, 400, 0),
        (b"id=odd&text=nobody", (), PATH, 200, 0),
        (b"{", (), PATH, 200, 0),
        (texted("odd", "HELP" * 2000), (), PATH, 200, 1),
    ],
)
async def test_what_is_unusual_is_answered_as_ever(rush, heads, body, more, path, status, stored):
    assert (await rush.asks(rush.call(body, *more, path=path))).status == status
    assert await rush.stored("odd") == stored
    assert heads["known"] == 0


async def test_a_call_whose_signature_does_not_hold_is_refused(rush, monkeypatch):
    """The head is known, and its address has the right secret."""
    assert (await rush.asks(rush.call(texted("signed-1")))).status == 200
    asked = []

    def forged(call):
        asked.append((call.url, call.headers["host"], dict(call.pairs)["id"]))
        return False

    monkeypatch.setattr(rush.gate.channel.sms, "authentic", forged)
    assert (await rush.asks(rush.call(texted("signed-2")))).status == 403
    steps = PATH.replace("sms", "ussd")
    step = urlencode({"session": "forged", "from": "+254711000556", "text": "", "id": "u"}).encode()
    assert (await rush.asks(rush.call(step, path=steps))).status == 403
    assert await rush.stored("signed-2") == 0
    url = rush.town.rt.settings.public_url.rstrip("/")
    assert asked[0] == asked[1] == (f"{url}{PATH}", "127.0.0.1", "signed-2")
    assert asked[2] == asked[3] == (f"{url}{steps}", "127.0.0.1", "u")


async def test_no_more_calls_wait_at_once_than_the_limit_allows(rush, monkeypatch):
    monkeypatch.setattr(rush.gate.places, "_most", {
        kind: (0, setting) for kind, (_, setting) in rush.gate.places._most.items()
    })  # fmt: skip
    answer = await rush.asks(rush.call(texted("many")))
    assert answer.status == 503
    assert "GATEWAY_LIMITS__WEBHOOK_REQUESTS" in answer.text
    assert await rush.stored("many") == 0


async def test_an_sms_that_can_be_kept_nowhere_is_asked_for_again(rush, monkeypatch):
    async def broken(db, events):
        raise ValueError("no table takes it")

    monkeypatch.setattr(inbox, "keep_many", broken)
    before = await rush.counted("put off")
    reader, writer = await rush.connects()
    writer.write(rush.call(texted("nowhere")))
    answer = await answer_from(reader)
    assert (answer.status, answer.text) == (503, "try again")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    monkeypatch.undo()
    writer.write(rush.call(texted("nowhere")))
    assert (await answer_from(reader)).status == 200, "the connection serves the repeated call"
    writer.close()
    assert await rush.stored("nowhere") == 1
    assert await rush.counted("put off") == before + 1


def test_several_events_in_one_call_take_the_usual_route(rush):
    """The rule by which the gate decides is the one that splits calls."""
    channel = rush.gate.channel
    assert sort(channel, "sms", texted("one")) == [("sms", texted("one"))]

"""The speed at which the outbox empties, and the precision with which a rate limit is kept.

Runners, as in production, send to a sink like Kannel. The sink is a process of its own on the same
machine. It answers `202` and records when each segment came. From that follow the rate and the most
segments in any one second [t, t + 1). Without a limit, the time runs from the first message to the
last one accepted. With a limit, two runners send on one channel of 200 segments/s, and the figure
comes from the whole seconds in the middle. The floor of the unlimited run is the same number of
calls by a bare aiohttp client that stores nothing.
"""

import argparse
import asyncio
import json
import multiprocessing
import time
from bisect import bisect_left
from collections.abc import Callable, Coroutine
from functools import partial
from itertools import accumulate
from typing import Any, cast
from urllib.parse import parse_qs

import aiohttp
from pydantic import SecretStr

from bench._here import gateway
from gateway.app import open_runtime
from gateway.gsm.segments import count_segments
from gateway.queue.inline import InlineJobQueue
from gateway.settings import ChannelSettings, ChannelSide, Settings
from gateway.sms.lost import side_by_side
from gateway.steps.messages.compose import message
from gateway.steps.messages.deliver import deliver
from gateway.store.db import Write
from gateway.store.turns import turns

LIMIT = 200
RUNNERS = 2
_ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Type: text/plain\r\nContent-Length: 24\r\n\r\n0: Accepted for delivery"


class _Sink(asyncio.Protocol):
    """The reader of GET requests on a kept connection, which records their times and segments."""

    def __init__(self, came: list[tuple[float, int]]) -> None:
        self._came = came
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            line, self._read = self._read[: self._read.find(b"\r\n")], self._read[end + 4 :]
            text = parse_qs(line.split(b" ")[1].partition(b"?")[2].decode())["text"][0]
            self._came.append((now, int(text.partition(" ")[0])))
            self._transport.write(_ANSWER)


def sink(port: int, pipe: Any) -> None:
    """Serve until told to stop, and answer every question with the arrivals since the last one."""

    async def run() -> None:
        came: list[tuple[float, int]] = []
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Sink(came), "127.0.0.1", port, backlog=1000)
        pipe.send("ready")
        async with server:
            while await asyncio.to_thread(pipe.recv):
                pipe.send(list(came))
                came.clear()

    _run(run())


def runner(settings: Settings, channel: str, pipe: Any) -> None:
    """Send the channel's messages whenever asked, and reply with their number."""

    async def run() -> None:
        async with open_runtime(settings, InlineJobQueue(), connections=3) as rt:
            pipe.send("ready")
            while await asyncio.to_thread(pipe.recv):
                handed = 0
                while True:
                    handed += await deliver(rt, channel)
                    left = "select exists (select from outbox where channel = $1 and state in ('queued', 'sending'))"
                    if not await rt.db.value(left, channel):
                        break
                    await asyncio.sleep(0.005)
                pipe.send(handed)

    _run(run())


def _run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=_loop()) as loop:
        loop.run(work)


def _loop() -> Callable[[], asyncio.AbstractEventLoop]:
    import uvloop

    return uvloop.new_event_loop


async def fill(settings: Settings, channel: str, messages: int) -> int:
    """Queue messages of one or two segments, each with its own text and number.

    Return the number of segments.
    """
    segments = 0
    async with open_runtime(settings, InlineJobQueue(), connections=4) as rt:
        for start in range(0, messages, 200):
            parts: list[Write] = []
            for n in range(start, min(start + 200, messages)):
                long = n % 4 == 0
                text = f"{1 + long} question {n}: is it open?" + " really" * (22 if long else 0)
                assert count_segments(text).segments == 1 + long
                segments += 1 + long
                made = message(rt, channel, None, f"+2547{10_000_000 + n}", text, "question")
                parts.append(turns.put_message(made))
            for part in range(0, len(parts), 50):
                await rt.db.write(parts[part : part + 50])
    return segments


def most_in_a_second(came: list[tuple[float, int]]) -> int:
    times = [at for at, _ in came]
    sums = [0, *accumulate(each for _, each in came)]
    return max(sums[bisect_left(times, at + 1)] - sums[n] for n, at in enumerate(times))


async def floor(port: int, messages: int) -> float:
    """Return the calls per second of a bare client."""
    url = f"http://127.0.0.1:{port}/cgi-bin/sendsms"
    async with aiohttp.ClientSession() as http:

        async def call(n: int) -> None:
            async with http.get(url, params={"text": f"1 question {n}", "to": str(n)}) as answer:
                await answer.read()

        began = time.monotonic()
        for start in range(0, messages, 200):
            calls = [partial(call, n) for n in range(start, start + 200)]
            await side_by_side(calls)
        return messages / (time.monotonic() - began)


class _House:
    """The sink and the runners, each in a process of its own."""

    def __init__(self, settings: Settings, port: int) -> None:
        self._settings = settings
        self._made = multiprocessing.get_context("spawn")
        self.sink: Any = self._start(sink, port)

    def _start(self, target: Callable[..., None], *given: object) -> Any:
        ours, theirs = self._made.Pipe()
        self._made.Process(target=target, args=(*given, theirs), daemon=True).start()
        assert ours.recv() == "ready"
        return ours

    def drained(self, channel: str) -> tuple[float, list[tuple[float, int]]]:
        """Return the seconds from the signal to the last message, and the arrivals at the sink."""
        runners = [self._start(runner, self._settings, channel) for _ in range(RUNNERS)]
        self.came()
        began = time.monotonic()
        for each in runners:
            each.send("go")
        handed = sum(each.recv() for each in runners)
        for each in runners:
            each.send("")
        came = self.came()
        assert len(came) == handed, (len(came), handed)
        return came[-1][0] - began, came

    def came(self) -> list[tuple[float, int]]:
        self.sink.send("tell")
        return self.sink.recv()


def run(messages: int, seconds: int) -> list[dict[str, object]]:
    from gateway.cli.replay.town import free_port

    port = free_port()
    options = {
        "send_url": f"http://127.0.0.1:{port}/cgi-bin/sendsms",
        "username": "u",
        "password": "p",
        "sender": "20880",
    }
    side = ChannelSide(kind="kannel", options=options)
    channels = {
        "free": ChannelSettings(secret=SecretStr("x"), sms=side),
        "slow": ChannelSettings(secret=SecretStr("y"), sms=side, per_second=LIMIT),
    }
    with gateway(channels=channels, sms_channel="free") as settings:
        house = _House(settings, port)
        bare = asyncio.run(floor(port, messages))
        asyncio.run(fill(settings, "free", messages))
        took_s, came = house.drained("free")
        assert len(came) == messages
        ours = messages / took_s
        asyncio.run(fill(settings, "slow", LIMIT * seconds * 4 // 5))
        _, came = house.drained("slow")
        house.sink.send("")
    # Only whole seconds in the middle count: the first begins with the first segment, and the last
    # one is not full.
    first = came[0][0]
    whole = int(came[-1][0] - first)
    used = sum(each for at, each in came if at < first + whole) / whole
    most = most_in_a_second(came)
    return [
        {
            "name": f"drain without a limit, {RUNNERS} runners",
            "ours": round(ours, 1),
            "floor": round(bare, 1),
            "ratio": round(ours / bare, 3),
            "unit": "messages/s",
            "p50_ms": None,
            "p99_ms": None,
            "note": "floor: bare aiohttp, one process, nothing stored",
        },
        {
            "name": f"drain at {LIMIT} segments/s, {RUNNERS} runners",
            "ours": round(used, 2),
            "floor": LIMIT,
            "ratio": round(used / LIMIT, 4),
            "unit": "segments/s",
            "p50_ms": None,
            "p99_ms": None,
            "note": f"most in any one second at the sink: {most}, over {whole} s",
        },
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=6000)
    parser.add_argument("--seconds", type=int, default=25)
    given = parser.parse_args()
    print(json.dumps({"results": run(given.messages, given.seconds)}, indent=1))

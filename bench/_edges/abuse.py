"""The attackers of the product, each kind in a process of its own that runs for a given time.

Run as `python -m bench._edges.abuse KIND PORT SECONDS KEY`. The results go to stdout as JSON.
"""

import asyncio
import http.client
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

from gateway.cli.run.open_files import raise_file_limit
from gateway.settings import DoorLimits

ANONYMOUS_BYTES = 1_500_000_000
REFUSED_BYTES = 48_000_000
ACCEPTED_CHARACTERS = 470
"""The characters per task with which 100,000 tasks stay just under the largest upload of 50 MiB."""
DEAR = (
    "Is this true of the place beside the market? \N{LATIN SMALL LETTER ENG} " + "many words " * 15
)
_CHUNK = 64 * 1024
_WAIT_S = 300.0
_OPENED_AT_ONCE = 100
Counts = Counter[str]


class Caller:
    """The base of every attack. After the moment `until` it begins nothing new."""

    def __init__(self, port: int, seconds: float, key: str) -> None:
        self.port, self.key = port, key
        self.until, self._seconds = 0.0, seconds
        self.counts: Counts = Counter()

    def begins(self) -> None:
        """Report that everything is prepared, and let the time run."""
        print("ready", flush=True)
        self.until = time.monotonic() + self._seconds

    @property
    def goes_on(self) -> bool:
        """Return whether there is time left."""
        return time.monotonic() < self.until

    def asks(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> bytes:
        """Make one call with the key, and count its status."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_WAIT_S)
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": kind or "application/json",
        }
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            self.counts[f"{method} {answer.status}"] += 1
            return answer.read()
        except OSError as cut:
            self.counts[type(cut).__name__] += 1
            return b""
        finally:
            line.close()

    def new_batch(self) -> str:
        """Create a draft and return its id."""
        spec = {
            "name": "upload",
            "kind": "verification",
            "instructions": "Is it true?",
            "price": "1",
            "policy": "fixed:3",
        }
        return json.loads(self.asks("POST", "/api/v1/batches", json.dumps(spec).encode()))["id"]


def refused_upload(caller: Caller) -> None:
    """Upload 48 MB of CSV rows that are refused in the end, one upload after the other."""
    batch, row = caller.new_batch(), "{},a\n"
    rows, size = ["id,text\n"], 0
    for n in itertools.count():
        rows.append(row.format(n))
        size += len(rows[-1])
        if size >= REFUSED_BYTES:
            break
    body = "".join(rows).encode()
    del rows
    caller.begins()
    while caller.goes_on:
        caller.asks("POST", f"/api/v1/batches/{batch}/tasks", body, "text/csv")


def accepted_upload(caller: Caller) -> None:
    """Upload the largest accepted number of tasks, with long texts, one batch after the other."""
    text = ("Is this true? " + "many words " * 50)[:ACCEPTED_CHARACTERS]
    body = json.dumps(
        [{"id": str(n), "text": text} for n in range(DoorLimits().batch_tasks)]
    ).encode()
    caller.begins()
    while caller.goes_on:
        caller.asks("POST", f"/api/v1/batches/{caller.new_batch()}/tasks", body)


def quotes(caller: Caller) -> None:
    """Ask for the quote of 100,000 tasks whose texts cost many segments, again and again."""
    batch = caller.new_batch()
    tasks = json.dumps(
        [{"id": str(n), "text": DEAR} for n in range(DoorLimits().batch_tasks)]
    ).encode()
    caller.asks("POST", f"/api/v1/batches/{batch}/tasks", tasks)
    caller.begins()
    while caller.goes_on:
        caller.asks("GET", f"/api/v1/batches/{batch}/quote")


def anonymous(caller: Caller) -> None:
    """Send 1.5 GB without a key, announced and in chunks, to endpoints that accept bodies."""
    caller.begins()
    for n in itertools.count():
        if not caller.goes_on:
            return
        path = ("/api/v1/batches", "/api/v1/batches/b_1/tasks", "/in/phone/local/sms")[n // 2 % 3]
        _pours(caller, path, chunked=bool(n % 2))


def _pours(caller: Caller, path: str, *, chunked: bool) -> None:
    line = http.client.HTTPConnection("127.0.0.1", caller.port, timeout=_WAIT_S)
    line.putrequest("POST", path)
    line.putheader("Content-Type", "application/json")
    if chunked:
        line.putheader("Transfer-Encoding", "chunked")
    else:
        line.putheader("Content-Length", str(ANONYMOUS_BYTES))
    try:
        line.endheaders()
        for part in _parts(chunked=chunked):
            line.send(part)
            caller.counts["MB sent"] += len(part) // 2**16 / 16
            if not caller.goes_on:
                break
    except OSError:
        caller.counts["cut"] += 1
    with suppress(OSError, http.client.HTTPException):
        caller.counts[f"POST {line.getresponse().status}"] += 1
    line.close()


def _parts(*, chunked: bool) -> Iterator[bytes]:
    part = b"[" * _CHUNK
    if chunked:
        part = f"{_CHUNK:x}\r\n".encode() + part + b"\r\n"
    return itertools.repeat(part, ANONYMOUS_BYTES // _CHUNK)


def slow_from_one(caller: Caller) -> None:
    """Hold 1,100 connections of one address open, with one byte of a header per second on each."""
    caller.begins()
    asyncio.run(_hold(caller, 1100, lambda _: "127.0.0.2"))


def slow_from_many(caller: Caller) -> None:
    """Hold 5,000 slow connections of 1,000 addresses open."""
    caller.begins()
    asyncio.run(_hold(caller, 5000, lambda n: f"127.0.{1 + n % 1000 // 250}.{1 + n % 250}"))


class _Slow(asyncio.Protocol):
    """A connection that begins a request and never ends it."""

    def __init__(self, open_now: set[asyncio.Transport], closed: Callable[[], None]) -> None:
        self._open_now, self._closed = open_now, closed
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open_now.add(transport)
        transport.write(b"POST /in/phone/local/ussd HTTP/1.1\r\nHost: x\r\nX-Slow: ")

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._open_now.discard(self._transport)
            self._closed()


async def _hold(caller: Caller, count: int, address: Callable[[int], str]) -> None:
    """Keep `count` slow connections, and open a closed one again. Each gets one byte per second."""
    loop, open_now = asyncio.get_running_loop(), set[asyncio.Transport]()
    turns = itertools.count()

    def closed() -> None:
        caller.counts["closed by the server"] += 1

    async def opens() -> None:
        try:
            await loop.create_connection(
                lambda: _Slow(open_now, closed),
                "127.0.0.1",
                caller.port,
                local_addr=(address(next(turns)), 0),
            )
        except OSError:
            caller.counts["refused"] += 1

    while caller.goes_on:
        began = time.monotonic()
        for transport in list(open_now):
            transport.write(b"a")
        for _ in range(0, count - len(open_now), _OPENED_AT_ONCE):
            missing = min(_OPENED_AT_ONCE, count - len(open_now))
            await asyncio.gather(*(opens() for _ in range(missing)))
            caller.counts["most at once"] = max(caller.counts["most at once"], len(open_now))
        await asyncio.sleep(max(0.05, 1 - (time.monotonic() - began)))


KINDS = {
    each.__name__: each
    for each in (refused_upload, accepted_upload, quotes, anonymous, slow_from_one, slow_from_many)
}


def main() -> None:
    kind, port, seconds, key = sys.argv[1:]
    raise_file_limit()
    caller = Caller(int(port), float(seconds), key)
    KINDS[kind](caller)
    json.dump({name: round(count) for name, count in caller.counts.items()}, sys.stdout)


if __name__ == "__main__":
    main()

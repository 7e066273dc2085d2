"""The phones: an open-loop load generator in a process of its own.

Each key is due at its moment, whether or not the earlier ones are answered, and its latency counts
from that moment. So a server that pauses is charged with every key that became due meanwhile (no
coordinated omission). A phone presses its next key only after its last screen. The phone that has
waited longest presses the key that is due.

Run as `python -m bench._edges.phones`: a JSON object of `Load` on stdin, one of `Heard` on stdout.
"""

import asyncio
import json
import os
import resource
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from urllib.parse import quote_plus

import uvloop

from bench._edges.wire import Wire, post_form

_GRACE_S = 20.0
"""The seconds for which replies are awaited after the last key."""
_TICK_S = 0.002
_KEYS_OF_SESSION = 8
POLITE, SLOW, SORRY = b"Too many people", b"we are slow now", b"Sorry, that did not work"
SAVED = b"Saved"
STARVED = "the generator has no phone left"
"""The fault of the generator itself: a longer run needs more phones."""
SAID = "BALANCE"
"""The text of every SMS."""


@dataclass(slots=True)
class Load:
    """The load that one process offers.

    `first` is the first phone's number, and `sms_share` the number of texts per key.
    """

    port: int
    rate: float
    seconds: float
    first: int
    phones: int
    run: str
    sms_share: float = 0.0
    cpus: list[int] = field(default_factory=list)
    starts_at: float = 0.0


@dataclass(slots=True)
class Heard:
    """The replies to one process, with times in milliseconds from the moment a key or text was due.

    `faults` counts the faulty replies by kind. `saved` has session, number and transcript of each
    answer that the screen reported as saved. `texts` has id and sender of the acknowledged SMS.
    `late_ms` is the delay with which a key left. `worst_ms` is the longest wait of the keys that
    were due in each second.
    """

    answered_ms: list[float] = field(default_factory=list)
    polite_ms: list[float] = field(default_factory=list)
    slow_ms: list[float] = field(default_factory=list)
    sms_ms: list[float] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)
    saved: list[tuple[str, str, str]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    worst_ms: list[float] = field(default_factory=list)
    unclear: int = 0
    cpu_s: float = 0.0
    lasted_s: float = 0.0


def number(n: int) -> str:
    """Return the number of phone `n`."""
    return f"+254711{n:06d}"


@dataclass(slots=True)
class _Phone:
    number: str
    sessions: int = 0
    transcript: str | None = None
    """The inputs of the session, or None without a session."""

    def key(self) -> str:
        """Press the next key: dial, or choose 1."""
        if self.transcript is None or self.transcript.count("*") >= _KEYS_OF_SESSION:
            self.sessions += 1
            self.transcript = ""
        else:
            self.transcript = f"{self.transcript}*1" if self.transcript else "1"
        return self.transcript


class Generator:
    """The phones of one process."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._wire = Wire("127.0.0.1", load.port)
        self._host = f"127.0.0.1:{load.port}"
        self._free = deque(_Phone(number(load.first + n)) for n in range(load.phones))
        self._open, self._begun = 0, 0.0
        self._settled = asyncio.Event()
        self.heard = Heard()

    async def run(self) -> None:
        """Offer the load, and await the replies."""
        load = self._load
        await asyncio.sleep(max(0.0, load.starts_at - time.time()))
        begun, used = time.monotonic(), _cpu_s()
        self._begun = begun
        self.heard.worst_ms = [0.0] * (int(load.seconds) + 1)
        keys, count, texts = int(load.rate * load.seconds), 0, 0.0
        while count < keys:
            now = time.monotonic()
            while count < keys and (due := begun + count / load.rate) <= now:
                self._press(due, now)
                texts += load.sms_share
                if texts >= 1.0:
                    texts -= 1.0
                    self._text(due, count)
                count += 1
            await asyncio.sleep(_TICK_S)
        self.heard.lasted_s = time.monotonic() - begun
        self.heard.cpu_s = _cpu_s() - used
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_S):
                self._settle()
                await self._settled.wait()
        if self._open:
            self._fault(f"no answer within {_GRACE_S:g} s", self._open)

    def _press(self, due: float, now: float) -> None:
        if not self._free:
            self._fault(STARVED)
            return
        phone = self._free.popleft()
        transcript = phone.key()
        session = f"{self._load.run}-{phone.number[-9:]}-{phone.sessions}"
        body = f"session={session}&from={quote_plus(phone.number)}&text={quote_plus(transcript)}"
        self.heard.late_ms.append((now - due) * 1000)
        self._open += 1
        self._wire.send(
            post_form("/in/phone/local/ussd", self._host, body.encode()),
            partial(self._screen, phone, session, due),
        )

    def _screen(self, phone: _Phone, session: str, due: float, status: int, screen: bytes) -> None:
        self._open -= 1
        self._settle()
        self._free.append(phone)
        took_ms = (time.monotonic() - due) * 1000
        second = int(due - self._begun)
        self.heard.worst_ms[second] = max(self.heard.worst_ms[second], took_ms)
        typed, ended = phone.transcript or "", screen.startswith(b"END")
        if ended or status != 200:
            phone.transcript = None
        if status != 200:
            self._fault(f"status {status}" if status else "no connection, or cut")
            self.heard.unclear += 1
        elif POLITE in screen:
            self.heard.polite_ms.append(took_ms)
        elif SLOW in screen:
            self.heard.slow_ms.append(took_ms)
            self.heard.unclear += 1
        elif SORRY in screen or not (ended or screen.startswith(b"CON")):
            self._fault("sorry" if SORRY in screen else "no screen")
            self.heard.unclear += 1
        else:
            self.heard.answered_ms.append(took_ms)
            if SAVED in screen:
                self.heard.saved.append((session, phone.number, typed))

    def _text(self, due: float, count: int) -> None:
        name = f"{self._load.run}-t{self._load.first}-{count}"
        sender = number(self._load.first + count % self._load.phones)
        body = f"id={name}&from={quote_plus(sender)}&to=20880&text={SAID}"
        self._open += 1
        self._wire.send(
            post_form("/in/phone/local/sms", self._host, body.encode()),
            partial(self._acknowledged, name, sender, due),
        )

    def _acknowledged(self, name: str, sender: str, due: float, status: int, body: bytes) -> None:
        self._open -= 1
        self._settle()
        if status == 200:
            self.heard.sms_ms.append((time.monotonic() - due) * 1000)
            self.heard.texts.append((name, sender))
        else:
            self._fault(f"sms: status {status}")

    def _settle(self) -> None:
        """Record the end of the last call, once no more calls are made."""
        if self._open == 0 and self.heard.lasted_s:
            self._settled.set()

    def _fault(self, what: str, times: int = 1) -> None:
        self.heard.faults[what] = self.heard.faults.get(what, 0) + times


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    from gateway.cli.run.open_files import raise_file_limit

    load = Load(**json.load(sys.stdin))
    raise_file_limit()
    if load.cpus:
        os.sched_setaffinity(0, load.cpus)
    generator = Generator(load)
    uvloop.run(generator.run())
    json.dump(asdict(generator.heard), sys.stdout)


if __name__ == "__main__":
    main()

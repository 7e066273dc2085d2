"""kill -9 of each process of `gateway up` in turn, keepers included, while SMS and USSD flow.

Nothing acknowledged is lost, nothing is processed twice, and each comes back by itself. How long
that takes is printed.
"""

import itertools
import os
import signal
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest

from gateway.servers import EmbeddedServers
from tests.console.tree import Tree, eventually

pytestmark = pytest.mark.timeout(2400)

HANG_S = 300.0
STREAMS = 2
REFUSED, CUT_OFF = 0, 1
"""Stands for a status: no connection was made; or one was made and broken before the answer."""


@pytest.fixture
def tree(tmp_path) -> Iterator[Tree]:
    running = Tree(tmp_path / "data").start()
    yield running
    if running.process is not None and running.process.poll() is None:
        running.stop()


@dataclass
class Traffic:
    """Phones that text and dial until they are told to stop.

    An SMS is sent again until it gets its 200, as carriers do.

    `cut_off` counts the steps that were in the hands of a process as it was killed: they are asked
    again.
    """

    tree: Tree
    acknowledged: list[str] = field(default_factory=list[str])
    screens: list[tuple[float, float, int]] = field(default_factory=list[tuple[float, float, int]])
    cut_off: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def posts(self, path: str, **form: str) -> int:
        data = urllib.parse.urlencode(form).encode()
        try:
            with urllib.request.urlopen(f"{self.tree.url}{path}", data, timeout=HANG_S) as answer:  # noqa: S310
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code
        except OSError as broken:
            refused = isinstance(getattr(broken, "reason", broken), ConnectionRefusedError)
            return REFUSED if refused else CUT_OFF

    def texts(self, stream: int) -> None:
        for number in itertools.count():
            name = f"kill-{stream}-{number}"
            form = {
                "id": name,
                "from": f"+25471100{stream:02}{number % 50:02}",
                "to": "20880",
                "text": "HELP",
            }
            while self.posts("/in/phone/local/sms", **form) != 200:
                self.ended.wait(0.2)
            self.acknowledged.append(name)
            if self.ended.wait(0.1):
                return

    def dials(self, stream: int) -> None:
        for number in itertools.count():
            began = time.monotonic()
            form = {
                "session": f"d{stream}-{number}",
                "from": f"+25471101{stream:02}{number % 50:02}",
                "text": "",
            }
            while (status := self.posts("/in/phone/local/ussd", **form)) == CUT_OFF:
                self.cut_off += 1
            self.screens.append((began, time.monotonic() - began, status))
            if self.ended.wait(0.1):
                return


def victims(tree: Tree) -> dict[str, int]:
    """The supervised processes by what they do, from what the kernel says of them."""
    found: dict[str, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            words = folder.joinpath("cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if parent == tree.pid and "gateway" in words:
            kind = words[words.index("gateway") + 1]
            flags = "".join(
                word for word in words if word in ("--webhooks", "--clients", "--heavy")
            )
            found[f"{kind}{flags} {words[-1] if flags else ''}".strip() + f" ({folder.name})"] = (
                int(folder.name)
            )
    for server, file in (("postgres", "postmaster.pid"), ("redis", "redis.pid")):
        home = tree.folder / server
        found[f"keeper of {server}"] = int((home / "keeper.pid").read_text())
        found[server] = int((home / "data" / file).read_text().split()[0])
    return found


def running(tree: Tree) -> dict[str, int]:
    """Return the same, or nothing while a server is just starting."""
    try:
        return victims(tree)
    except (OSError, ValueError, IndexError):
        return {}


def kinds(found: dict[str, int]) -> list[str]:
    return sorted(name.partition(" (")[0] for name in found)


def is_well(tree: Tree, whole: list[str], victim: int) -> bool:
    found = running(tree)
    return kinds(found) == whole and victim not in found.values() and tree.ready()


async def counted(tree: Tree, names: list[str]) -> tuple[int, int, int]:
    """Return three numbers about acknowledged events and their replies.

    Acknowledged events that are in the books, those that are done, and replies to a phone above one
    per text.
    """
    with EmbeddedServers(tree.folder) as servers:
        books = await asyncpg.connect(servers.postgres_dsn)
        try:
            kept = await books.fetchval(
                "select count(*) from inbox where split_part(event_id, '@', 1) = any($1)", names
            )
            done = await books.fetchval(
                "select count(*) from inbox where split_part(event_id, '@', 1) = any($1) and state in ('done', 'unclear')",
                names,
            )
            doubled = await books.fetchval(
                """select count(*) from (select 1 from inbox where split_part(event_id, '@', 1) = any($1)
                   group by channel, kind, event_id having count(*) > 1) twice""",
                names,
            )
            replies = await books.fetchval(
                "select count(*) from outbox where purpose = 'reply' and created_at is not null"
            )
        finally:
            await books.close()
    assert replies <= len(names), "no text is replied to twice"
    return kept, done, doubled


async def test_each_process_is_killed_in_turn_and_nothing_is_lost_or_doubled(tree):
    traffic = Traffic(tree)
    threads = [
        threading.Thread(target=what, args=(n,), daemon=True)
        for n in range(STREAMS)
        for what in (traffic.texts, traffic.dials)
    ]
    first = eventually(lambda: running(tree), HANG_S)
    whole = kinds(first)
    for thread in threads:
        thread.start()
    back: dict[str, float] = {}
    for name, first_pid in first.items():
        # A server has another process since its keeper was killed; the others live until it is
        # their turn.
        pid = eventually(lambda: running(tree), HANG_S).get(name, first_pid)
        began = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        eventually(lambda pid=pid: is_well(tree, whole, pid), HANG_S)
        before = len(traffic.acknowledged)
        eventually(lambda before=before: len(traffic.acknowledged) > before, HANG_S)
        back[name] = time.monotonic() - began
    traffic.ended.set()
    for thread in threads:
        thread.join(HANG_S)
        assert not thread.is_alive(), "it hangs"

    slowest = max(took for _, took, _ in traffic.screens)
    print(  # noqa: T201  # figures
        f"{len(traffic.acknowledged)} SMS, {len(traffic.screens)} screens, slowest {slowest:.1f} s"
    )
    for name, took in back.items():
        print(f"  {name:<28} back after {took:.1f} s")  # noqa: T201  # figures
    refused = [status for _, _, status in traffic.screens if status != 200]
    print(f"  screens without a 200: {len(refused)}, cut off and asked again: {traffic.cut_off}")  # noqa: T201  # figures
    assert refused == [], "while a webhook process lives, no phone is refused"

    names = traffic.acknowledged
    assert len(set(names)) == len(names)
    deadline = time.monotonic() + HANG_S
    while (found := await counted(tree, names)) != (len(names), len(names), 0):
        assert time.monotonic() < deadline, (
            f"{len(names)} were acknowledged; kept, done, doubled: {found}"
        )
    assert tree.stop() == 0

"""The product as `gateway up` runs it, in a folder of the benchmark's own."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench._edges.phones import number
from gateway.app import open_runtime
from gateway.cli.run.process_group import gateway_argv
from gateway.cli.serving import served
from gateway.queue.inline import InlineJobQueue
from gateway.settings import Settings
from gateway.settings.apart import scrubbed_environment
from gateway.steps.batches.submit.create import BatchSpec, create_batch
from gateway.steps.batches.submit.fill import add_tasks
from gateway.steps.batches.submit.start import start_batch
from gateway.steps.people import register
from gateway.steps.runtime import Runtime
from gateway.steps.turns.dial import dial
from gateway.tasks.intake import TaskSpec
from gateway.ussd.port import UssdStep

_START_S = 300.0
PARTNER = "BENCH"
_ENROLS_AT_ONCE = 10
_KINDS = ("--webhooks", "--clients", "runner", "ticker", "postgres", "redis")


@dataclass(frozen=True, slots=True)
class Product:
    """A running `gateway up`.

    `key` is the API key of a client with money. `settings` open its database.
    """

    folder: Path
    port: int
    pid: int
    settings: Settings
    key: str

    def webhooks(self) -> list[int]:
        """Return the ids of the webhook processes."""
        return [pid for pid, words in _children(self.pid).items() if "--webhooks" in words]

    def tree(self) -> list[int]:
        """Return the ids of all processes, servers included."""
        found, wanted = list[int](), [self.pid]
        for server, file in (("postgres", "postmaster.pid"), ("redis", "redis.pid")):
            home = self.folder / server
            wanted.append(int((home / "keeper.pid").read_text()))
            wanted.append(int((home / "data" / file).read_text().split()[0]))
        parents = _parents()
        while wanted:
            pid = wanted.pop()
            if pid not in found:
                found.append(pid)
                wanted += [child for child, parent in parents.items() if parent == pid]
        return found

    def cpu_s(self) -> dict[str, float]:
        """Return the seconds of CPU that each kind of process has used so far."""
        used: dict[str, float] = {}
        for pid in self.tree():
            with suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
                kind = next(
                    (kind for kind in _KINDS if any(kind in word for word in words)), "other"
                )
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                spent_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
                used[kind] = used.get(kind, 0.0) + spent_s
        return used

    def forget_peaks(self) -> None:
        """Reset the peak of memory of each webhook process."""
        for pid in self.webhooks():
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def peak_mb(self) -> int:
        """Return the highest memory of any webhook process since `forget_peaks`."""
        return max(_peak_kb(pid) for pid in self.webhooks()) // 1024


def pin(pids: Iterable[int], cpus: Iterable[int]) -> None:
    """Let all threads of these processes run on these CPUs only. The id 0 is this process."""
    for pid in pids:
        tasks = Path(f"/proc/{pid or os.getpid()}/task")
        with suppress(OSError):
            for thread in tasks.iterdir():
                with suppress(OSError):
                    os.sched_setaffinity(int(thread.name), set(cpus))


@contextmanager
def product(folder: Path, tasks: int) -> Generator[Product]:
    """Run `gateway up` in an empty folder, without the environment's settings.

    Its simulated workers stay away: their answers would be taken for answers recorded twice.
    """
    ready = folder / "up.ready"
    data = folder / "data"
    with (folder / "up.log").open("w") as log:
        running = subprocess.Popen(
            gateway_argv("up", "--port", "0", "--no-crowd", "--ready-file", str(ready)),
            env={
                **scrubbed_environment(),
                "GATEWAY_DATA_DIR": str(data),
                "GATEWAY_LOG_FORMAT": "json",
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _await(ready, running, folder / "up.log")
        port = json.loads(ready.read_text())["port"]
        with served(Settings(data_dir=data, log_format="json")) as settings:
            key = asyncio.run(_client(settings, tasks))
            yield Product(data, port, running.pid, settings, key)
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(60)
        except subprocess.TimeoutExpired:
            running.kill()


def _await(ready: Path, running: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while not ready.exists():
        if running.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"gateway up does not start: {log.read_text()}")
        time.sleep(0.1)


async def _client(settings: Settings, tasks: int) -> str:
    async with open_runtime(settings, InlineJobQueue(), connections=2) as rt:
        client, key = await register.add_client(rt, "Bench", "KES")
        await register.top_up(rt, client, "bench", 10**12)
        await register.add_partner(rt, PARTNER, "Bench")
        # The batches of the try-out would be offered first, and they are soon done.
        await rt.db.execute("update batch set state = 'paused' where state = 'running'")
        await start_batch(rt, client, await _work(rt, client, tasks))
        return key


async def _work(rt: Runtime, client: str, count: int) -> str:
    """Create a batch with more questions than all phones together can answer."""
    spec = BatchSpec(
        name="work",
        kind="verification",
        instructions="Is it true?",
        options=(),
        languages=(),
        price_minor=100,
        policy="fixed:3",
        confidence=0.0,
        method="dawid_skene",
        gold_rate=0.0,
        lease_s=3600,
        pack_max=1,
    )
    batch = await create_batch(rt, client, spec)
    tasks = [
        TaskSpec(str(n), f"Is shop number {n} the one beside the market?", None, None)
        for n in range(count)
    ]
    await add_tasks(rt, client, batch.id, tasks)
    return batch.id


def enrol(settings: Settings, first: int, phones: int) -> None:
    """Enrol these phones as workers, as their own keys would."""
    uvloop.run(_enrol(settings, first, phones))


async def _enrol(settings: Settings, first: int, phones: int) -> None:
    numbers = iter(range(first, first + phones))

    async def lane(rt: Runtime) -> None:
        channel = rt.channels["phone"]
        for n in numbers:
            for typed in (f"1*1*{PARTNER}", f"1*1*{PARTNER}*1", f"1*1*{PARTNER}*1*1"):
                step = UssdStep(f"enrol-{n}", number(n), "", typed)
                await dial(rt, channel, step, typed.encode())

    opened = settings.model_copy(update={"local_phone": True})
    async with open_runtime(opened, InlineJobQueue(), connections=_ENROLS_AT_ONCE) as rt:
        await asyncio.gather(*(lane(rt) for _ in range(_ENROLS_AT_ONCE)))


def _peak_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


def _children(pid: int) -> dict[int, list[str]]:
    found = {}
    for child, parent in _parents().items():
        if parent == pid:
            with suppress(OSError):
                found[child] = Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")
    return found


def _parents() -> dict[int, int]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            found[int(folder.name)] = int(fields[1])
    return found

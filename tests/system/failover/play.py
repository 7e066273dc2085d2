"""One play: the hosts start, phones work, one fault after the other happens.

Then all books are compared.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from pydantic import SecretStr

from gateway.app import open_runtime
from gateway.queue.inline import InlineJobQueue
from gateway.settings import Settings
from gateway.steps.people import register

from . import programs
from .cluster import Cluster, eventually
from .hosts import Network
from .judge import OPEN, Verdict, judge
from .town import Town

BACK_WITHIN_S = 30.0
_PARTNER = "KIBERA"
_MONEY_MINOR = 10_000_000_00
_CALM_S = 6.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """The length and severity of a play: `faults` by name, in this order."""

    seed: int
    faults: tuple[str, ...]
    phones: int
    away_s: float
    """The time that a host stays away while the others go on."""
    tasks: int = 20_000

    @classmethod
    def short(cls, seed: int) -> "Plan":
        return cls(
            seed, ("kill primary", "cut off webhooks", "fail Redis over"), phones=8, away_s=20.0
        )

    @classmethod
    def long(cls, seed: int) -> "Plan":
        """Every fault, in an order that the seed decides."""
        faults = [*FAULTS]
        random.Random(seed).shuffle(faults)
        return cls(seed, tuple(faults), phones=16, away_s=BACK_WITHIN_S)


@dataclass
class Scene:
    """The hosts and phones that a fault works on."""

    cluster: Cluster
    random: random.Random

    async def kill_primary(self) -> Callable[[], Awaitable[None]]:
        """The host of the leading database loses its power."""
        name = await eventually(self.cluster.primary, "no database leads")
        self.cluster.host(name).kill()

        async def undo() -> None:
            self.cluster.start_host(name)

        return undo

    async def cut_off_primary(self) -> Callable[[], Awaitable[None]]:
        return self._cut_off(await eventually(self.cluster.primary, "no database leads"))

    async def cut_off_webhooks(self) -> Callable[[], Awaitable[None]]:
        return self._cut_off(self.random.choice(("web1", "web2")))

    async def cut_off_clients(self) -> Callable[[], Awaitable[None]]:
        return self._cut_off(self.random.choice(("api1", "api2")))

    async def cut_off_runner(self) -> Callable[[], Awaitable[None]]:
        """A runner, with its ticker, and with Redis and Sentinel."""
        return self._cut_off(self.random.choice(("run1", "run2")))

    async def fail_redis_over(self) -> Callable[[], Awaitable[None]]:
        """The leading Redis is killed."""
        name = await eventually(self.cluster.redis_leader, "no Redis leads")
        self.cluster.kill_redis(name)

        async def undo() -> None:
            self.cluster.start_redis(name)

        return undo

    def _cut_off(self, name: str) -> Callable[[], Awaitable[None]]:
        host = self.cluster.host(name)
        self.cluster.network.cut_off(host)

        async def undo() -> None:
            self.cluster.network.join_again(host)

        return undo


FAULTS: dict[str, Callable[[Scene], Awaitable[Callable[[], Awaitable[None]]]]] = {
    "kill primary": Scene.kill_primary,
    "cut off primary": Scene.cut_off_primary,
    "cut off webhooks": Scene.cut_off_webhooks,
    "cut off clients": Scene.cut_off_clients,
    "cut off runner": Scene.cut_off_runner,
    "fail Redis over": Scene.fail_redis_over,
}


def play(plan: Plan, folder: Path, *, namespaces: bool, say: Say) -> Verdict:
    """Play once in a folder of its own, which stays when something was wrong."""
    folder = Path(tempfile.mkdtemp(prefix=f"gateway-machines-{plan.seed}-", dir=folder))
    folder.chmod(0o755)  # PostgreSQL's user comes in here
    say(f"seed {plan.seed}: logs of all hosts are in {folder}")
    with Network(folder, namespaces=namespaces) as network:
        return asyncio.run(_play(plan, Cluster(network, programs.find()), say))


async def _play(plan: Plan, cluster: Cluster, say: Say) -> Verdict:
    front = cluster.host("front").address
    outside = cluster.host("outside").address
    url = f"http://{front}" if cluster.network.namespaces else f"http://{front}:8080"
    async with Town(outside, url, plan.seed, plan.phones) as town:
        cluster.config = town.config(f"{outside}/32")
        began = time.monotonic()
        await cluster.start()
        await _admits(cluster, town)
        await _answers(url)
        say(f"all hosts work after {time.monotonic() - began:.0f} s")
        await town.starts_a_batch(plan.tasks)
        await town.join()
        town.go()
        await asyncio.sleep(_CALM_S)
        back = await _faults(plan, cluster, town, say)
        await town.rest()
        await _settled(cluster)
        verdict = await judge(await _settings(cluster), town)
        if town.deferred:
            say(
                f"the client was told {town.deferred} times to come again, since phones were waiting"
            )
        verdict.away = [kind for kind, probe in town.probes.items() if not probe.is_well]
    verdict.back_after_s = back
    return verdict


async def _faults(plan: Plan, cluster: Cluster, town: Town, say: Say) -> dict[str, float]:
    """Let one fault after the other happen; return after how many seconds the service was back."""
    scene, back = Scene(cluster, random.Random(plan.seed)), dict[str, float]()
    for name in plan.faults:
        at = time.monotonic()
        undo = await FAULTS[name](scene)
        await asyncio.sleep(plan.away_s)
        until = time.monotonic()
        await undo()
        await eventually(cluster.standby, "there is no synchronous standby again")
        await eventually(cluster.redis_pair, "Redis is no pair again")
        await asyncio.sleep(_CALM_S)
        each = {kind: probe.back_after(at, until) for kind, probe in town.probes.items()}
        back[name] = round(max(each.values()), 1)
        said = ", ".join(f"{kind} {took:.1f} s" for kind, took in each.items())
        say(f"{name}: back after {said}; whole again after {time.monotonic() - at:.0f} s")
        for kind, probe in town.probes.items():
            for one in probe.failed(at, until)[-2:]:
                say(
                    f"  {kind} failed at {one.began - at:.1f} to {one.ended - at:.1f} s: {one.why[:90]!r}"
                )
    return back


async def _settings(cluster: Cluster) -> Settings:
    """Return settings that lead to the books, past everything in between."""
    name = await eventually(cluster.primary, "no database leads")
    return Settings(
        database_url=SecretStr(cluster.database_url(name)),
        secret_key=SecretStr(cluster.words["SECRET_KEY"]),
    )


async def _admits(cluster: Cluster, town: Town) -> None:
    async with open_runtime(await _settings(cluster), InlineJobQueue(), connections=2) as rt:
        client, town.client_key = await register.add_client(rt, "Acme", "KES")
        await register.top_up(rt, client, "bank-1", _MONEY_MINOR)
        await register.add_partner(rt, _PARTNER, "Kibera Youth")


async def _answers(url: str) -> None:
    """Wait until webhook and client hosts answer through the front."""

    async def both() -> bool:
        try:
            async with (
                session.get(f"{url}/healthz") as clients,
                session.get(f"{url}/in/at/wrong/sms") as phones,
            ):
                return clients.status == 200 and phones.status < 500
        except (aiohttp.ClientError, OSError):
            return False

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        await eventually(both, "the front does not answer")


async def _settled(cluster: Cluster) -> None:
    """Wait until nothing is under way."""
    connection = await cluster.connect()

    async def rests() -> bool:
        return not await connection.fetchval(OPEN)

    try:
        await eventually(rests, "something stays under way")
    finally:
        await connection.close()

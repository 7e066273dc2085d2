"""A webhook process is killed (kill -9) behind each web server.

No connection is refused, and no phone is left without a screen. nginx brings what was on its way to
the other process. Caddy cannot: it answers 503 with Retry-After, and the carrier brings the same
step again.
"""

import asyncio
import os
import signal
from collections import Counter
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import pytest

from tests.api.edge.served import prepared
from tests.console.tree import Tree, words_of

from .conftest import SETTINGS, processes
from .front import FRONTS, NAME, Behind, Front, fronted

STREAMS, STEPS = 4, 12
FORM = "Content-Type: application/x-www-form-urlencoded"


async def phone(front, session: str):
    """A USSD step of the try-out's phone."""
    form = urlencode({"session": session, "from": "+254799000666", "text": ""}).encode()
    return await front.says("POST", "/in/phone/local/ussd", FORM, body=form)


async def steps(front, dials, stream: int, kill: asyncio.Event) -> list[int]:
    """Return the statuses of many USSD steps, one after the other.

    The process is killed in the middle of them.
    """
    statuses = []
    for n in range(STEPS):
        statuses.append((await dials(front, f"k{stream}-{n}")).status)
        if statuses[-1] == 503:
            again = [(await dials(front, f"k{stream}-{n}")).status for _ in range(3)]
            assert 200 in again, "the carrier asks again"
        if n == STEPS // 2:
            kill.set()
    return statuses


async def is_survived(front, dials, victim: int) -> None:
    """Dial while the process is killed, and look at every answer."""
    kill = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        streams = [group.create_task(steps(front, dials, n, kill)) for n in range(STREAMS)]
        await kill.wait()
        os.kill(victim, signal.SIGKILL)
    statuses = Counter(status for stream in streams for status in stream.result())
    on_their_way = STREAMS if front.kind == "caddy" else 0
    assert statuses[503] <= on_their_way
    assert statuses[200] == STREAMS * STEPS - statuses[503]


@pytest.mark.parametrize("kind", FRONTS)
async def test_one_of_two_webhook_processes_dies_and_every_phone_is_answered(
    embedded, new_database, tmp_path, kind
):
    url = await new_database(f"killed_{kind}")
    env, key = await prepared(url, embedded.redis_url, tmp_path, **SETTINGS)
    async with (
        processes(env, tmp_path) as (ports, victim),
        fronted(kind, ports, tmp_path, key) as front,
    ):
        await is_survived(front, Front.dials, victim)


@asynccontextmanager
async def up(folder):
    """A try-out of `gateway up` with the settings of the operator page."""
    told = {"GATEWAY_PUBLIC_URL": f"https://{NAME}", "GATEWAY_TRUSTED_PROXIES": '["127.0.0.1"]'}
    tree = Tree(folder / "data", settings=told)
    await asyncio.to_thread(tree.start)
    try:
        yield tree
    finally:
        await asyncio.to_thread(tree.stop)


@pytest.mark.parametrize("kind", FRONTS)
async def test_the_example_as_it_stands_in_front_of_gateway_up(tmp_path, kind):
    async with (
        up(tmp_path) as tree,
        fronted(kind, Behind((tree.port,), tree.port), tmp_path) as front,
    ):
        assert (await front.says("GET", "/readyz")).json["ready"]
        assert (await front.says("GET", "/api/v1/account")).status == 401
        assert (await front.says("GET", "/console")).status == 401
        victim = next(pid for pid, words in words_of(tree.pid).items() if "--webhooks" in words)
        await is_survived(front, phone, victim)

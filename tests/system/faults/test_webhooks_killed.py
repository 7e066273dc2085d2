# pyright: basic
"""A receiver that fails half of the time and is away for an hour, while kill -9 meets the gateway.

The API is killed behind each change and its client sends the request again. The runner that calls
webhooks is killed at each of its named points. The receiver gets every event at least once, and
verifies each call with the public library.
"""

import asyncio
from collections import Counter

import pytest

from tests.stories.messages.test_client_webhooks import Receiver
from tests.support.served import served
from tests.support.town import eventually

from .installation import a_client, installation
from .test_files_killed import BATCH, Client, armed, is_killed

pytestmark = [
    pytest.mark.timeout(1800),
    # A request that the killed API never answered leaves its half of the connection behind.
    pytest.mark.filterwarnings("ignore:Unclosed connection:ResourceWarning"),
]

POINTS = ("webhooks.published", "webhooks.claimed", "webhooks.called")
HOUR_OF_CALLS = 6
"""The calls that fail for one delivery while its receiver is away for an hour."""


async def time_passes(rt):
    """Make every call due that waits, as the wait behind a failed call or a lease would."""
    await rt.db.execute("update webhook_delivery set due_at = now() where state = 'waiting'")


async def is_made_by_a_killed_api(here, client, method, path, key, **given):
    """Let the API die behind a change, and send the request again."""
    here.kills("api")
    await armed(here, "api", "answer.unkept")
    order = {"headers": {"Idempotency-Key": key}, **given}
    await client.is_cut_off(method, path, **order)
    await is_killed(here, "api")
    await here.starts("api")
    return await client.asks(method, path, **order)


async def test_every_event_arrives_though_api_and_runner_are_killed(tmp_path):
    receiver = Receiver()
    receiver.says = lambda number: 500 if number % 2 else 204
    async with installation(tmp_path) as here, served(receiver.take) as url:
        here.env["GATEWAY_LOCAL_PHONE"] = "true"
        await here.starts("api")
        async with here.books() as rt:
            client = Client(here, await a_client(rt))
            await here.starts("ticker")
            hook = await client.asks("POST", "/webhooks", json={"url": f"{url}/hook"})
            receiver.secrets = [hook["secret"]]
            expected = set()
            for number, point in enumerate(POINTS):
                expected |= await a_batch(here, client, number)
                await armed(here, "runner", point)
                await is_killed(here, "runner")
                await time_passes(rt)
            await is_away(here, rt, receiver)
            expected |= await a_batch(here, client, len(POINTS))
            receiver.says = lambda number: 500 if number % 2 else 204

            async def told():
                await time_passes(rt)
                await asyncio.sleep(1)
                return not await rt.db.value(
                    """select exists (select from client_event) or exists
                         (select from webhook_delivery where state <> 'delivered')"""
                )

            await eventually(told, 600)
            waiting = await rt.db.rows("select state, count(*) as n from webhook_delivery group by state")  # fmt: skip
    arrived = Counter((one["type"], one["data"]["batch"]) for one in dict(receiver.diary).values())
    assert set(arrived) == expected, "every event arrived"
    assert set(arrived.values()) == {1}, "under one message id each"
    assert [row["state"] for row in waiting] == ["delivered"]
    assert receiver.refused, "half of the calls failed"


async def a_batch(here, client, number):
    """Make a batch, start it by an API that is killed, and end it; return the events of that."""
    batch = (await client.asks("POST", "/batches", json={**BATCH, "name": f"b{number}"}))["id"]
    tasks = [{"id": "t1", "text": "Is it open?"}]
    await client.asks("POST", f"/batches/{batch}/tasks", json=tasks)
    for change in ("start", "pause", "cancel"):
        path, key = f"/batches/{batch}/{change}", f"{change}-{number}"
        if change == ("start", "pause", "cancel")[number % 3]:
            await is_made_by_a_killed_api(here, client, "POST", path, key)
        else:
            await client.asks("POST", path, headers={"Idempotency-Key": key})
    return {(f"batch.{state}", batch) for state in ("started", "paused", "cancelled")}


async def is_away(here, rt, receiver):
    """Let the receiver be away for the calls of an hour, while runner and API are killed again."""
    receiver.says = lambda _: 503
    await here.starts("runner")
    for killed in ("runner", "api", "runner"):
        before = len(receiver.refused)

        async def called(before=before):
            await time_passes(rt)
            await asyncio.sleep(0.5)
            return len(receiver.refused) >= before + HOUR_OF_CALLS // 3

        if await rt.db.value(
            "select exists (select from webhook_delivery where state = 'waiting')"
        ):
            await eventually(called, 300)
        here.kills(killed)
        await here.starts(killed)

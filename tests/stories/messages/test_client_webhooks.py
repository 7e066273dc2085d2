# pyright: basic
"""A client's own server is told what happens to its batches, and can prove that we told it."""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from gateway.steps.messages.webhooks.publish import publish_events
from tests.support.served import served

YES = "1"


class Receiver:
    """A client's server: it verifies each call with the public library, and keeps a diary.

    `says` gives the status of each call by its number, counted from 0.
    """

    def __init__(self):
        self.secrets, self.diary, self.refused, self.says = [], [], [], lambda _: 204

    async def take(self, request):
        body, number = await request.text(), len(self.diary) + len(self.refused)
        sent = request.headers["webhook-signature"].split()
        at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
        signed = {
            Webhook(one).sign(request.headers["webhook-id"], at, body) for one in self.secrets
        }
        assert signed == set(sent), "each valid secret signs, and nothing else does"
        status = self.says(number)
        (self.diary if status < 300 else self.refused).append(
            (request.headers["webhook-id"], json.loads(body))
        )
        return web.Response(status=status, text=f"said {status}")

    @property
    def told(self):
        """Return the types of what was taken, in order, without repetitions."""
        return [body["type"] for body in dict(self.diary).values()]

    def of(self, kind):
        return [body["data"] for body in dict(self.diary).values() if body["type"] == kind]


@asynccontextmanager
async def receiving(town, **given):
    """A receiver that is registered as a webhook of the town's client."""
    receiver = Receiver()
    async with served(receiver.take) as url:
        made = await town.client.asks("POST", "/webhooks", json={"url": f"{url}/hook", **given})
        assert made.status_code == 201, made.text
        receiver.id, receiver.secrets = made.json()["id"], [made.json()["secret"]]
        yield receiver


@pytest.fixture(autouse=True)
def local(configure):
    """Permit receivers on this machine."""
    configure(local_phone=True)


async def finishes(town, *texts, **given):
    """One worker answers a batch to its end."""
    amina = await town.enrols("amina")
    batch = await town.posts_batch(*texts, **given)
    await amina.texts("WORK")
    for _ in texts:
        await amina.texts(YES)
    await town.ticks()
    return batch


async def test_a_client_is_told_of_the_whole_life_of_a_batch(town):
    async with receiving(town) as receiver:
        batch = await finishes(town, *(f"Shop {n}?" for n in range(4)))
        await town.ticks(minutes=1)
    assert set(receiver.told) == {"batch.started", "task.decided", "batch.done"}
    assert receiver.told.index("batch.started") == 0
    decided = [task for one in receiver.of("task.decided") for task in one["tasks"]]
    assert Counter(one["task"] for one in decided) == Counter(["t1", "t2", "t3", "t4"])
    (done,) = receiver.of("batch.done")
    link = f"/api/v1/batches/{batch.id}/results"
    assert done == {"batch": batch.id, "state": "done", "link": done["link"]}
    assert done["link"].endswith(link)


async def test_progress_is_told_once_for_each_quarter(town):
    async with receiving(town, events=["batch.progress"]) as receiver:
        amina = await town.enrols("amina")
        await town.posts_batch(*(f"Shop {n}?" for n in range(10)))
        await amina.texts("WORK")
        for _ in range(9):
            await amina.texts(YES)
            await town.ticks(seconds=20)
    assert [one["percent"] for one in receiver.of("batch.progress")] == [25, 50, 75, 90]


async def test_no_message_holds_a_workers_number_or_name(town):
    async with receiving(town) as receiver:
        await finishes(town, "Shop?")
    said = json.dumps(receiver.diary)
    assert "amina" not in said.lower()
    assert town["amina"].msisdn[-6:] not in said


async def test_a_receiver_that_fails_half_the_time_and_is_away_for_an_hour_gets_every_event(town):
    async with receiving(town) as receiver:
        receiver.says = lambda number: 500 if number % 2 else 204
        batches = [await town.client.drafts(name=f"b{n}") for n in range(6)]
        for batch in batches:
            path = f"/batches/{batch.id}/tasks"
            await town.client.asks("POST", path, json=[{"id": "t1", "text": "Shop?"}])
            await batch.changes("start")
            await batch.changes("pause")
            await town.ticks()
        receiver.says = lambda _: 503
        for batch in batches:
            await batch.changes("cancel")
        for _ in range(12):
            await town.ticks(minutes=5)
        receiver.says = lambda number: 500 if number % 2 else 204
        for _ in range(60):
            await town.ticks(minutes=30)
    told = Counter((one["type"], one["data"]["batch"]) for one in dict(receiver.diary).values())
    expected = {
        (f"batch.{state}", one.id)
        for one in batches
        for state in ("started", "paused", "cancelled")
    }
    assert set(told) == expected, "every event arrived"
    assert set(told.values()) == {1}, "under one message id each"
    assert not await town.count("webhook_delivery", "state <> 'delivered'")


@pytest.mark.parametrize("point", ["webhooks.published", "webhooks.claimed", "webhooks.called"])
async def test_a_runner_killed_on_the_way_loses_no_event(town, point):
    async with receiving(town) as receiver:
        batch = await town.posts_batch("Shop?")
        await batch.changes("pause")
        if point != "webhooks.published":
            await publish_events(town.rt)
        town.jobs.take()
        settings = town.rt.settings
        killed = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", _STEP],
            env={
                **os.environ,
                "FAILPOINT": point,
                "GATEWAY_DATABASE_URL": settings.database_url.get_secret_value(),
                "GATEWAY_SECRET_KEY": settings.secret_key.get_secret_value(),
                "GATEWAY_DATA_DIR": str(settings.data_dir),
                "GATEWAY_LOCAL_PHONE": "true",
                "STEP": "publish_events" if point == "webhooks.published" else "call_webhooks",
            },
            capture_output=True,
            check=False,
            timeout=300,
        )
        assert killed.returncode == -9, killed.stderr.decode()[-2000:]
        await town.ticks(minutes=2)
        await town.ticks()
    assert Counter(receiver.told) == Counter(["batch.started", "batch.paused"])


_STEP = """
import asyncio, os
from gateway.app import STEPS, open_runtime
from gateway.queue.inline import InlineJobQueue
from gateway.settings import Settings
async def main():
    async with open_runtime(Settings(), InlineJobQueue()) as rt:
        await STEPS[os.environ["STEP"]](rt)
asyncio.run(main())
"""


async def test_a_new_secret_signs_beside_the_former_one_for_a_day(town):
    async with receiving(town) as receiver:
        path = f"/webhooks/{receiver.id}/secret"
        changed = (await town.client.asks("POST", path)).json()
        receiver.secrets.append(changed["secret"])
        batch = await town.posts_batch("Shop?")
        await town.ticks()
        await town.ticks(hours=25)
        receiver.secrets = receiver.secrets[1:]
        await batch.changes("pause")
        await town.ticks()
    assert receiver.told == ["batch.started", "batch.paused"]


async def test_a_repeated_request_shows_the_same_secret_and_it_is_stored_sealed(town):
    headers, said = {"Idempotency-Key": "hook-1"}, {"url": "https://example.org/hook"}
    first, second = [
        (await town.client.asks("POST", "/webhooks", json=said, headers=headers)).json()
        for _ in range(2)
    ]
    assert first == second
    assert len((await town.client.asks("GET", "/webhooks")).json()) == 1
    kept = await town.value("select body::text from idempotency where key = 'hook-1'")
    assert first["secret"] not in kept
    assert first["id"] not in kept


async def test_gone_switches_a_webhook_off_and_its_client_sees_why(town):
    async with receiving(town) as receiver:
        receiver.says = lambda _: 410
        batch = await town.posts_batch("Shop?")
        await town.ticks()
        shown = (await town.client.asks("GET", f"/webhooks/{receiver.id}")).json()
        assert (shown["state"], shown["disabled_because"]) == (
            "disabled",
            "the receiver answered 410 Gone",
        )
        account = (await town.client.asks("GET", "/account")).json()
        assert account["notices"] == [
            f"webhook {receiver.id} was disabled: the receiver answered 410 Gone"
        ]
        receiver.says = lambda _: 204
        await town.client.asks("PATCH", f"/webhooks/{receiver.id}", json={"active": True})
        await batch.changes("pause")
        await town.ticks()
    assert receiver.told == ["batch.paused"], "what came later is sent"


async def test_five_days_without_a_good_answer_disable_a_webhook(town):
    async with receiving(town) as receiver:
        receiver.says = lambda _: 500
        await town.posts_batch("Shop?")
        for day in range(6):
            await town.client.asks("POST", f"/webhooks/{receiver.id}/test")
            await town.ticks(hours=24)
            shown = (await town.client.asks("GET", f"/webhooks/{receiver.id}")).json()
            assert (shown["state"] == "disabled") == (day >= 5), day
    assert shown["disabled_because"] == "every call has failed for 5 days"
    page = (await town.client.asks("GET", f"/webhooks/{receiver.id}/deliveries")).json()
    assert {one["state"] for one in page["deliveries"]} == {"failed"}


async def test_a_delivery_is_given_up_after_twelve_calls_and_can_be_sent_again(town):
    async with receiving(town) as receiver:
        receiver.says = lambda _: 500
        await town.posts_batch("Shop?")
        await town.ticks()
        for _ in range(60):
            await town.ticks(minutes=40)
        path = f"/webhooks/{receiver.id}/deliveries"
        (one,) = (await town.client.asks("GET", path)).json()["deliveries"]
        assert (one["state"], one["attempts"], one["status"], one["answer"]) == (
            "failed",
            12,
            500,
            "said 500",
        )
        receiver.says = lambda _: 204
        again = await town.client.asks("POST", f"{path}/{one['id']}/replay")
        assert again.status_code == 202, again.text
        await town.answers_bells()
        (one,) = (await town.client.asks("GET", f"{path}?state=delivered")).json()["deliveries"]
    assert [message for message, _ in receiver.diary] == [one["message"]]


async def test_the_list_of_deliveries_has_pages(town):
    async with receiving(town) as receiver:
        for _ in range(5):
            await town.client.asks("POST", f"/webhooks/{receiver.id}/test")
        await town.answers_bells()
        found, after = [], ""
        while after is not None:
            path = f"/webhooks/{receiver.id}/deliveries?limit=2" + (
                f"&after={after}" if after else ""
            )
            page = (await town.client.asks("GET", path)).json()
            found += [one["id"] for one in page["deliveries"]]
            after = page["next"]
    assert len(found) == len(set(found)) == 5
    assert found == sorted(found, reverse=True)


async def test_a_hundred_decisions_are_one_message(town):
    async with receiving(town, events=["task.decided"]) as receiver:
        await finishes(town, *(f"Shop {n}?" for n in range(1)))
        client = town.client.id
        await town.rt.db.execute(
            """insert into client_event (client_id, batch_id, type, data)
               select $1, (select id from batch), 'task.decided', jsonb_build_object('task', n, 'state', 'decided')
               from generate_series(1, 250) n""",
            client,
        )
        await town.ticks()
    assert sorted(len(one["tasks"]) for one in receiver.of("task.decided")) == [1, 50, 100, 100]


async def test_a_client_whose_money_does_not_last_for_another_batch_is_told(town):
    poor = await town.new_client("Poor", 700)
    town.client, rich = poor, town.client
    async with receiving(town, events=["money.low"]) as receiver:
        await town.posts_batch("Shop?")
        await town.ticks()
        assert receiver.told == [], "KES 4 pay for another batch of KES 3"
        await town.posts_batch("Shop?")
        await town.ticks()
    (low,) = receiver.of("money.low")
    assert (low["available_minor"], low["reserved_minor"], low["currency"]) == (100, 300, "KES")
    town.client = rich


async def test_another_clients_webhook_does_not_exist(town):
    stranger = await town.new_client("Stranger")
    async with receiving(town) as receiver:
        await town.client.asks("POST", f"/webhooks/{receiver.id}/test")
        await town.answers_bells()
        path = f"/webhooks/{receiver.id}"
        (one,) = (await town.client.asks("GET", f"{path}/deliveries")).json()["deliveries"]
        for method, at, said in (
            ("GET", path, None),
            ("PATCH", path, {"active": False}),
            ("DELETE", path, None),
            ("POST", f"{path}/test", None),
            ("POST", f"{path}/secret", None),
            ("GET", f"{path}/deliveries", None),
            ("POST", f"{path}/deliveries/{one['id']}/replay", None),
        ):
            answer = await stranger.asks(method, at, **({"json": said} if said else {}))
            assert answer.status_code == 404, (method, at, answer.text)
        batch = await town.posts_batch("Shop?")
        made = await stranger.asks(
            "POST", "/webhooks", json={"url": "https://a.example/x", "batch": batch.id}
        )
        assert made.status_code == 404
        assert (await stranger.asks("GET", "/webhooks")).json() == []
        await town.ticks()
        deleted = await town.client.asks("DELETE", path)
        assert deleted.status_code == 204
    assert (await town.client.asks("GET", "/webhooks")).json() == []


BAD = [
    "http://example.org/hook",
    "ftp://example.org",
    "https://",
    "example.org",
    "https://user:secret@example.org/",
    "https://example.org/#here",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://2130706433/",
    "https://10.0.0.7/hook",
    "https://169.254.169.254/latest/meta-data",
    "https://localhost/hook",
    "https://[::ffff:10.0.0.1]/",
    "https://example.org:99999/",
]


@pytest.mark.parametrize("url", BAD)
async def test_an_address_that_must_not_be_called_is_refused_by_field(town, configure, url):
    configure(local_phone=False)
    answer = await town.client.asks("POST", "/webhooks", json={"url": url})
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"].startswith("url: ")


async def test_a_name_that_leads_into_a_private_network_is_never_called(town, configure):
    async with receiving(town) as receiver:
        configure(local_phone=False)  # The same address, on a gateway for the public.
        await town.posts_batch("Shop?")
        await town.ticks()
        path = f"/webhooks/{receiver.id}/deliveries"
        (one,) = (await town.client.asks("GET", path)).json()["deliveries"]
    assert receiver.diary == receiver.refused == []
    assert (one["state"], one["status"], one["answer"]) == (
        "waiting",
        None,
        "the address leads into a private network",
    )


async def test_a_redirect_is_not_followed(town):
    async with receiving(town) as receiver:
        receiver.says = lambda _: 302
        await town.posts_batch("Shop?")
        await town.ticks()
    assert len(receiver.refused) == 1


async def test_an_unknown_type_of_event_is_refused_with_the_known_ones(town):
    said = {"url": "https://example.org/", "events": ["batch.finished"]}
    answer = await town.client.asks("POST", "/webhooks", json=said)
    assert answer.status_code == 422
    assert "batch.done" in answer.text


async def test_a_client_without_webhooks_costs_nothing(town):
    await finishes(town, "Shop?")
    assert not await town.count("client_event")
    assert not await town.count("webhook_message")
    assert not await town.count("batch_progress")


async def test_old_messages_are_forgotten(town):
    async with receiving(town):
        await town.posts_batch("Shop?")
        await town.ticks()
        await town.ticks(days=32)
    assert not await town.count("webhook_message", "type = 'batch.started'")

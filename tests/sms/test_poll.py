"""Africa's Talking beyond messages: its list of what it received, and notices of subscriptions."""

import pytest
from aiohttp import web

from gateway.settings import ChannelSettings, ChannelSide
from gateway.store.turns import polls
from tests.conftest import opened_gateway

CHEGE = "+254711000003"


def message(number, sender, text, date="2099-01-01T00:00:00Z"):
    return {"id": number, "from": sender, "to": "21512", "text": text, "date": date, "linkId": ""}


@pytest.fixture
async def town(provider, new_database, request, tmp_path):
    options = {
        "username": "t",
        "api_key": "k",
        "sender": "21512",
        "base_url": provider.url,
        "poll_s": 60,
    }
    at = ChannelSettings(secret="s", sms=ChannelSide(kind="africastalking", options=options))
    name = request.node.name[:40]
    changes = {"channels": {"at": at}, "sms_channel": "at", "data_dir": tmp_path}
    async with opened_gateway(await new_database(name), **changes) as town:
        await town.opens()
        yield town


async def test_messages_whose_webhook_never_came_are_found_and_heard_once(town, provider):
    """15071 did come; 15072 was lost; 15070 is older than this gateway."""
    listed = [
        message(15070, CHEGE, "JOIN KIBERA", "2020-01-01T00:00:00Z"),
        message(15071, "+254711000001", "JOIN KIBERA"),
        message(15072, "+254711000002", "JOIN KIBERA"),
    ]
    asked = []

    def answer(request):
        if request.path.endswith("messaging") and "lastReceivedId" in request.query:
            after = int(request.query["lastReceivedId"])
            asked.append(after)
            page = [one for one in listed if one["id"] > after]
            return web.json_response({"SMSMessageData": {"Messages": page}})
        return web.Response(status=500)

    provider.answer = answer
    await town.post("/in/at/s/sms", {k: str(v) for k, v in listed[1].items()})
    await polls.plan(town.rt.db, {"at": 60.0})
    await town.ticks()
    assert asked == [0, 15072]
    assert await town.count("worker") == 2
    assert await town.count("inbox", "event_id like '15070@%'") == 0
    await town.ticks()
    assert asked == [0, 15072], "not due yet"
    await town.ticks(seconds=61)
    assert asked == [0, 15072, 15072]
    assert await town.count("worker") == await town.count("inbox", "state = 'done'") == 2
    # The lost webhook comes after all.
    await town.post("/in/at/s/sms", {k: str(v) for k, v in listed[2].items()})
    assert await town.count("inbox") == 2
    await polls.plan(town.rt.db, {})
    await town.ticks(seconds=61)
    assert len(asked) == 3, "switched off"


async def test_a_listed_message_that_cannot_be_read_hides_none_behind_it(town, provider):
    broken = {"id": 15071, "text": "who is it?", "date": "2099-01-01T00:00:00Z"}
    listed = [broken, message(15072, CHEGE, "JOIN KIBERA")]
    pages = [listed]
    provider.answer = lambda _: web.json_response({"SMSMessageData": {"Messages": pages.pop() if pages else []}})  # fmt: skip
    await polls.plan(town.rt.db, {"at": 60.0})
    await town.ticks()
    assert await town.count("worker") == 1


async def test_a_provider_that_does_not_answer_is_asked_again_later(town, provider):
    provider.answer = lambda _: web.Response(status=500)
    await polls.plan(town.rt.db, {"at": 60.0})
    await town.ticks()
    assert len(provider.requests) == 1
    assert await town.value("select last_id from poll") == "0"


async def test_a_subscriber_is_asked_to_join_and_one_who_leaves_has_stopped(town):
    notice = {"phoneNumber": CHEGE, "shortCode": "21512", "keyword": "WORK"}

    async def tells(change):
        form = notice | {"updateType": change}
        return (await town.post("/in/at/s/subscription", form)).status_code

    for _ in range(3):
        assert await tells("addition") == 200
    assert await town.count("outbox") == 1, "one answer, however often they tell"
    chege = town.meets("chege", CHEGE)
    await town.post(
        "/in/at/s/sms",
        {"id": "1", "from": CHEGE, "to": "21512", "text": "JOIN KIBERA", "date": ""},
    )
    assert (await chege.row())["state"] == "invited"
    for _ in range(2):
        assert await tells("deletion") == 200
    assert (await chege.row())["state"] == "stopped"
    assert await tells("brandnew") == 200
    assert await town.count("inbox", "kind = 'subscription' and state = 'failed'") == 1

"""One message that cannot be sent holds up no other, and no worker is met with silence for it."""

from dataclasses import replace

import pytest
from aiohttp import web
from pydantic import SecretStr

from gateway.cli.doctor import running
from gateway.cli.doctor.verdict import CheckLevel
from gateway.cli.messages import channel_lines
from gateway.simulator.carriers.twilio import ACCOUNT, NUMBER, TOKEN, TwilioServer
from gateway.sms.channels import kannel, twilio
from gateway.steps.messages.compose import message
from gateway.steps.messages.deliver import deliver
from gateway.steps.runtime import Channel
from gateway.store.messages import outbox
from gateway.store.turns import turns
from tests.support.served import served

UNROUTABLE, AMINA, NIA = "+254733000009", "+254711000001", "+254711000002"


class Smsbox:
    """The server at Kannel's sendsms address. `rule`: status and body by receiver."""

    def __init__(self):
        self.sent = []
        self.rule = lambda _: (202, "0: Accepted for delivery")

    async def handle(self, request):
        status, body = self.rule(request.query["to"])
        if status == 202:
            self.sent.append((request.query["to"], request.query["text"]))
        return web.Response(status=status, text=body)


@pytest.fixture
async def smsbox(town):
    """The town's own channel goes by a Kannel that sends four parts at most."""
    box, before = Smsbox(), dict(town.rt.channels)
    async with served(box.handle) as url:
        options = {
            "send_url": f"{url}/cgi-bin/sendsms",
            "username": "u",
            "password": "p",
            "sender": "20880",
        }
        town.rt.channels["k"] = Channel("k", SecretStr("s"), kannel.make("k", options), None)
        phone = town.rt.channels["phone"]
        phone.sms.capacity = kannel.make("k", options).capacity
        town.rt.channels["phone"] = replace(phone)  # A channel reads its capacity when it is made.
        yield box
        phone.sms.capacity = type(phone.sms.capacity)()
        town.rt.channels.clear()
        town.rt.channels.update(before)


async def writes(town, text, to, purpose="reply"):
    made = message(town.rt, "k", None, to, text, purpose)
    return (await town.rt.db.write([turns.put_message(made)]))["put_message"]


async def state(town, message_id):
    return await town.value("select state from outbox where id = $1", message_id)


def not_routable(to):
    if to == UNROUTABLE:
        return 403, "Not routable. Do not try again."
    return 202, "0: Accepted for delivery"


async def test_a_number_kannel_cannot_route_is_final_and_the_others_go_on(town, smsbox):
    smsbox.rule = not_routable
    bad = await writes(town, "hi", UNROUTABLE)
    good = await writes(town, "HELP: text WORK", AMINA)
    await deliver(town.rt, "k")
    assert (await state(town, bad), await state(town, good)) == ("refused", "accepted")
    assert await town.value("select breaker from channel_state where channel = 'k'") == "closed"
    (row,) = await outbox.troubled(town.rt.db, town.clock.now().replace(year=2000))
    said = channel_lines.trouble(town.rt, row)
    assert "Not routable" in said
    assert "+2547..09" in said
    assert UNROUTABLE not in said
    found = await running._channel_health(town.rt)
    assert any(f.verdict is CheckLevel.WARN and said in f.said for f in found)


async def test_a_message_that_opens_the_breaker_is_not_the_probe(town, smsbox):
    """A provider of another kind says "your account" about one number.

    The next message shows that it works.
    """
    smsbox.rule = lambda to: (403, "Forbidden") if to == UNROUTABLE else (202, "0: Accepted")
    bad = await writes(town, "hi", UNROUTABLE)
    await deliver(town.rt, "k")
    assert await town.value("select breaker from channel_state where channel = 'k'") == "open"
    found = await running._channel_health(town.rt)
    assert any(f"message {bad} to +2547..09" in f.said for f in found), "doctor names the message"
    good = await writes(town, "HELP: text WORK", AMINA)
    await deliver(town.rt, "k")
    assert await state(town, good) == "accepted", "at once, not after the breaker's time"
    assert await town.value("select breaker from channel_state where channel = 'k'") == "closed"


async def test_a_wrong_password_still_pauses_the_whole_channel(town, smsbox):
    smsbox.rule = lambda _: (403, "Authorization failed for sendsms")
    first = await writes(town, "one", AMINA)
    await deliver(town.rt, "k")
    second = await writes(town, "two", NIA)
    third = await writes(town, "three", UNROUTABLE)
    await deliver(town.rt, "k")
    assert await deliver(town.rt, "k") == 0, "two different messages have failed: it is the account"
    smsbox.rule = lambda _: (202, "0: Accepted for delivery")
    town.clock.advance(minutes=5)
    for _ in range(3):
        await deliver(town.rt, "k")
    assert [await state(town, m) for m in (first, second, third)] == ["accepted"] * 3
    assert smsbox.sent[0][1] == "three", "the probe was one that had not failed"


async def test_one_that_the_account_is_blamed_for_again_and_again_ends(town, smsbox):
    smsbox.rule = lambda to: (403, "Forbidden") if to == UNROUTABLE else (202, "0: Accepted")
    bad = await writes(town, "hi", UNROUTABLE)
    for n in range(15):
        await deliver(town.rt, "k")
        await writes(town, f"text {n}", AMINA)
        await deliver(town.rt, "k")
        town.clock.advance(minutes=20)
    assert await state(town, bad) == "given_up"
    assert await town.count("outbox", "text like 'text %' and state = 'accepted'") == 15


# --- what the channel can carry ---

LONG_AMHARIC = "ይህ ሱቅ በመንገዱ ላይ ይገኛል ወይስ አይገኝም? " * 8  # five parts of UCS-2


async def test_a_workers_yes_and_work_are_answered_where_the_next_question_cannot_be_sent(
    town, smsbox
):
    await town.posts_batch(LONG_AMHARIC, "Is it open?", languages=["am"])
    amina = await town.enrols("amina", "am")
    worker = await amina.row()
    assert worker["state"] == "active"
    said = await amina.texts("WORK")
    assert said
    assert "Is it open?" in said, "the question that fits"
    await town.answers_bells()
    assert not await town.count("outbox", "state = 'refused'")


async def test_her_consent_is_answered_where_every_question_is_too_long(town, smsbox):
    await town.posts_batch(LONG_AMHARIC, languages=["am"])
    amina = town.meets("amina")
    await town["wanjiku"].texts(f"ADD {amina.msisdn} Amina am")
    said = await amina.texts("YES")
    assert said
    assert town.rt.channels["phone"].capacity.carries(said)
    assert await amina.texts("WORK")
    await town.answers_bells()
    assert not await town.count("outbox", "state = 'refused'")


async def test_a_change_of_language_in_the_middle_of_a_pack_leaves_no_silence(town, smsbox):
    texts = [f"Shop {n}: {'is it on the main road near the school ' * 2}?" for n in range(9)]
    await town.posts_batch(*texts, pack=9)
    amina = await town.enrols("amina")
    await amina.texts("WORK")
    assert await amina.texts("LANG am")
    said = await amina.texts("WORK")
    assert said
    assert town.rt.channels["phone"].capacity.carries(said)


async def test_the_client_hears_at_upload_what_cannot_go_on_a_channel(town, smsbox):
    batch = await town.client.drafts(languages=["am"])
    tasks = [{"id": "1", "text": LONG_AMHARIC}, {"id": "2", "text": "Is it open?"}]
    added = (await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=tasks)).json()
    said = {w["task"]: w["cannot_go"] for w in added["warnings"]}
    assert said["1"].startswith("cannot go on channel k in am: ")
    assert said.get("2") is None
    quote = (await town.client.asks("GET", f"/batches/{batch.id}/quote")).json()
    assert any(w["cannot_go"] for w in quote["warnings"])


async def test_where_nothing_can_carry_it_the_upload_is_refused(town, smsbox):
    phone = town.rt.channels["phone"]
    town.rt.channels["phone"] = replace(phone, ussd=None)
    batch = await town.client.drafts(languages=["am"])
    task = [{"id": "1", "text": LONG_AMHARIC}]
    refused = await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=task)
    assert refused.status_code == 422, refused.text
    assert "row 1, text: cannot go on channel" in refused.text


async def test_a_text_the_provider_finds_too_long_is_followed_by_a_shorter_one(town):
    async with TwilioServer() as server:
        options = {
            "account_sid": ACCOUNT,
            "auth_token": TOKEN,
            "sender": NUMBER,
            "base_url": server.url,
        }
        made = twilio.make("tw", options)
        made.capacity = type(made.capacity)(parts_max=255)  # as if the gateway had not been told
        town.rt.channels["tw"] = Channel("tw", SecretStr("s"), made, None)
        put = message(town.rt, "tw", None, AMINA, "x" * 1601, "reply")
        first = (await town.rt.db.write([turns.put_message(put)]))["put_message"]
        await deliver(town.rt, "tw")
        await deliver(town.rt, "tw")
        del town.rt.channels["tw"]
    reason = await town.value("select reason from outbox where id = $1", first)
    assert reason == "Twilio error 21617"
    assert [m.body for m in server.messages] == [
        "A message for you could not be sent. Text WORK for a question, HELP for help."
    ]

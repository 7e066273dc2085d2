"""An event that could not be processed waits in the inbox.

Once the reason is gone an operator replays it, on every channel, once.
"""

import pytest
from pydantic import SecretStr

from gateway.cli.turns import inbox as command
from gateway.sms.channels import africastalking, http, kannel, phone, twilio
from gateway.steps.messages.compose import message
from gateway.steps.runtime import Channel
from gateway.steps.turns import events
from gateway.store.turns import inbox, turns
from gateway.ussd.channels import africastalking as at_ussd
from gateway.ussd.channels import phone as phone_ussd
from tests.stories.turns.test_the_same_webhook_again import counts
from tests.system.entries.others import KANNEL

AMINA = "+254712000099"
NOWHERE = "http://127.0.0.1:1"
HTTP = {"sender": "21512", "url": NOWHERE, "insecure": True,
        "form": {"to": "{to}"}, "statuses": {"DELIVRD": "delivered"}, "opt_out": "msisdn"}  # fmt: skip
AT = {"username": "u", "api_key": "k", "sender": "21512", "base_url": NOWHERE}
SIDES = {
    "africastalking": (africastalking.make("africastalking", AT), at_ussd.make("africastalking", {"service_code": "*1#"})),
    "http": (http.make("http", HTTP), None),
    "kannel": (kannel.make("kannel", KANNEL), None),
    "phone": (phone.make("phone", {}), phone_ussd.make("phone", {"service_code": "*1#"})),
    "twilio": (twilio.make("twilio", {"account_sid": "AC1", "auth_token": "t", "sender": "+254200000000"}), None),
}  # fmt: skip
# What each provider posts, by event; `{id}` is the provider's id of the one message we sent her.
FORMS = {
    ("africastalking", "sms"): {"id": "1", "from": AMINA, "to": "21512", "text": "JOIN KIBERA"},
    ("africastalking", "receipt"): {"id": "{id}", "status": "Success"},
    ("africastalking", "opt-out"): {"senderId": "21512", "phoneNumber": AMINA},
    ("africastalking", "subscription"): {"phoneNumber": AMINA, "shortCode": "21512", "keyword": "K", "updateType": "deletion"},
    ("africastalking", "ussd"): {"sessionId": "s1", "phoneNumber": AMINA, "serviceCode": "*1#", "text": ""},
    ("http", "sms"): {"id": "1", "from": AMINA, "to": "21512", "text": "JOIN KIBERA"},
    ("http", "receipt"): {"id": "{id}", "status": "DELIVRD"},
    ("http", "opt-out"): {"msisdn": AMINA},
    ("kannel", "sms"): {"id": "1", "from": AMINA, "to": "21512", "ts": "1795278872", "text": "JOIN KIBERA"},
    ("kannel", "receipt"): {"id": "{id}", "status": "1"},
    ("phone", "sms"): {"id": "1", "from": AMINA, "to": "21512", "text": "JOIN KIBERA"},
    ("phone", "receipt"): {"id": "{id}", "status": "delivered"},
    ("phone", "ussd"): {"session": "s1", "from": AMINA, "text": ""},
    ("twilio", "sms"): {"MessageSid": "SM1", "From": AMINA, "To": "+254200000000", "Body": "JOIN KIBERA"},
    ("twilio", "receipt"): {"MessageSid": "{id}", "MessageStatus": "delivered"},
}  # fmt: skip
EFFECTS = {
    "sms": "select count(*) = 1 from worker w where msisdn_index = $1",
    "receipt": "select delivery = 'delivered' from outbox where to_index = $1",
    "opt-out": "select count(*) = 1 from opt_out where msisdn_index = $1",
    "subscription": "select count(*) = 1 from opt_out where msisdn_index = $1",
    "ussd": "select count(*) = 1 from ussd_session where session = 's1' and $1::bytea is not null",
}


@pytest.fixture
def everywhere(town):
    before = dict(town.rt.channels)
    for name, (sms, ussd) in SIDES.items():
        town.rt.channels[name] = Channel(name, SecretStr("s"), sms, ussd)
    yield town
    town.rt.channels.clear()
    town.rt.channels.update(before)


def test_every_event_of_every_channel_is_here():
    for kind in events.KINDS:
        assert any(event == kind for _, event in FORMS)
    assert {name for name, _ in FORMS} == set(SIDES)


@pytest.mark.parametrize(("name", "kind"), FORMS, ids=str)
async def test_what_breaks_behind_the_door_is_kept_and_replayed_once(
    everywhere, monkeypatch, name, kind
):
    """The fault is the gateway's: the provider is answered as ever, and the event waits as failed.

    It has its effect when the fault is mended.
    """
    town, rt = everywhere, everywhere.rt
    if kind == "receipt":
        await rt.db.write([turns.put_message(message(rt, name, None, AMINA, "Hello", "reply"))])
        await rt.db.execute("update outbox set state = 'accepted', provider_id = 'p-1', sent_at = now()")  # fmt: skip
    form = {field: said.format(id="p-1") for field, said in FORMS[name, kind].items()}
    with monkeypatch.context() as bug:
        bug.setattr(SIDES["twilio"][0], "authentic", lambda _: True)
        for place in (
            "api.webhooks.intake.process_sms",
            "steps.turns.events.process_event",
            "api.webhooks.routes.answer_in_time",
        ):
            bug.setattr(f"gateway.{place}", _broken)
        answer = await town.post(f"/in/{name}/s/{kind}", form)
    assert answer.status_code == 200
    (waiting,) = await inbox.not_done(rt.db)
    assert (waiting["state"], waiting["channel"], waiting["kind"]) == ("failed", name, kind)
    assert "a bug" in waiting["error"]

    assert await command._replay(rt, None) == (1, [])
    assert await town.value(EFFECTS[kind], rt.vault.index(AMINA))
    assert await town.count("inbox", "state = 'failed'") == 0
    before = await counts(town)
    assert await command._replay(rt, waiting["id"]) == (0, [(waiting["id"], "is done already")])
    assert await counts(town) == before


async def _broken(*_: object) -> None:
    raise KeyError("a bug")

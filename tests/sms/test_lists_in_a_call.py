"""Several messages in one call, reports beside messages, and providers' own names.

The settings of `http` alone read them. The shapes are those of the documentation named in
`test_calls_of_providers.py`; here they are varied.
"""

import json
from urllib.parse import quote

import pytest

from gateway.base import forms
from gateway.base.errors import Refused
from gateway.sms.channels import http as generic
from gateway.steps.turns.arrival.split_calls import sort

AMINA, FATUMA = "+254711000001", "+254711000002"


class Channel:
    """A channel of the runtime, as far as sorting looks at it."""

    def __init__(self, **options):
        given = {"sender": "21512", "url": "https://sms.example.org/send"}
        self.sms = generic.make("local", given | options)

    def reads(self, body, address="sms"):
        """Return what was understood of a call: (kind, event)."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        read = {"sms": self.sms.parse_sms, "receipt": self.sms.parse_receipt}
        return [(kind, read[kind](forms.fields(one))) for kind, one in sort(self, address, raw)]


INFOBIP = {
    "incoming": {"messages": "results", "id": "messageId", "date": "receivedAt"},
    "receipt": {"reports": "results", "id": "messageId", "status": "status.groupName"},
    "statuses": {"DELIVERED": "delivered", "UNDELIVERABLE": "failed"},
}
ONEAPI = {
    "incoming": {
        "messages": "inboundSMSMessageList.inboundSMSMessage",
        "id": "messageId",
        "sender": "senderAddress",
        "to": "destinationAddress",
        "text": "message",
        "date": "dateTime",
    }
}
BANDWIDTH = {
    "incoming": {
        "messages": ".",
        "id": "message.id",
        "sender": "message.from",
        "text": "message.text",
        "date": "time",
    },
    "receipt": {
        "reports": ".",
        "id": "message.id",
        "status": "type",
        "reason": "description",
        "when": {"type": "^message-(sending|delivered|failed)$"},
    },
    "statuses": {"message-delivered": "delivered", "message-failed": "failed"},
}


def infobip(n, sender, text):
    return {
        "messageId": f"m{n}", "from": sender, "to": "21512", "text": text, "cleanText": text,
        "receivedAt": "2026-11-21T08:43:44.000+0000", "price": {"pricePerMessage": 0, "currency": "KES"},
    }  # fmt: skip


def test_infobip_both_messages_are_heard():
    body = {
        "results": [infobip(1, AMINA, "1 Ndiyo"), infobip(2, FATUMA, "HELP & é")],
        "messageCount": 2,
        "pendingMessageCount": 0,
    }
    found = Channel(**INFOBIP).reads(body)
    assert [(kind, s.provider_id, s.sender, s.text) for kind, s in found] == [
        ("sms", "m1", AMINA, "1 Ndiyo"),
        ("sms", "m2", FATUMA, "HELP & é"),
    ]


def test_infobip_reports_in_one_list():
    body = {"results": [{"messageId": f"m{n}", "to": "254711000001", "status": {"groupName": word}}
                        for n, word in ((1, "DELIVERED"), (2, "UNDELIVERABLE"))]}  # fmt: skip
    found = Channel(**INFOBIP).reads(body, "receipt")
    assert [(k, r.provider_id, r.delivery) for k, r in found] == [
        ("receipt", "m1", "delivered"),
        ("receipt", "m2", "failed"),
    ]
    assert Channel(**INFOBIP).reads(body, "sms") == found, "at the address of messages too"


def test_oneapi_a_batch_of_two_and_of_one():
    one = {"dateTime": "2026-11-19T12:00:00Z", "destinationAddress": "tel:21512", "messageId": "a",
           "message": "JOIN", "senderAddress": f"tel:{AMINA}"}  # fmt: skip
    two = {**one, "messageId": "b", "senderAddress": FATUMA}
    for items, senders in (([one, two], [AMINA, FATUMA]), ([one], [AMINA]), (one, [AMINA])):
        body = {"inboundSMSMessageList": {"inboundSMSMessage": items, "numberOfMessagesInThisBatch": "2"}}  # fmt: skip
        found = Channel(**ONEAPI).reads(body)
        assert [s.sender for _, s in found] == senders
        assert {s.to for _, s in found} == {"21512"}
        assert all(s.sent_at.hour == 12 for _, s in found)


def test_bandwidth_a_list_that_is_the_body_and_a_report_that_looks_like_a_message():
    def event(n, kind, **message):
        said = {"id": f"b{n}", "from": AMINA, "text": "1", "to": ["21512"], **message}
        return {"type": kind, "time": "2026-11-21T18:20:16Z", "to": "21512", "message": said}

    body = [event(1, "message-received"), event(2, "message-received", text="2"),
            event(3, "message-delivered"), event(4, "message-failed")]  # fmt: skip
    found = Channel(**BANDWIDTH).reads(body)
    assert [kind for kind, _ in found] == ["sms", "sms", "receipt", "receipt"]
    assert [e.provider_id for _, e in found] == ["b1", "b2", "b3", "b4"]
    assert [e.delivery for _, e in found[2:]] == ["delivered", "failed"]


def test_a_list_twice_the_same_is_heard_once():
    body = {"results": [infobip(1, AMINA, "1"), infobip(1, AMINA, "1")]}
    assert len(Channel(**INFOBIP).reads(body)) == 1


def test_a_call_without_a_list_is_one_event_as_it_came():
    raw = b"messageId=9&from=%2B254711000001&text=1"
    assert sort(Channel(**INFOBIP), "sms", raw) == [("sms", raw)]


def test_mtn_congo_messages_and_reports_at_one_address():
    mtn = Channel(
        incoming={"sender": "senderAddress", "to": "receiverAddress", "text": "message", "date": "created"},
        receipt={"id": "requestId", "status": "deliveryStatus"},
        statuses={"DeliveredToTerminal": "delivered"},
    )  # fmt: skip
    message = {"id": "1", "senderAddress": "242064661201", "receiverAddress": "2020", "message": "1"}  # fmt: skip
    report = {"requestId": "77", "receiverAddress": "242064661201", "deliveryStatus": "DeliveredToTerminal"}  # fmt: skip
    ((kind, sms),) = mtn.reads(message)
    assert (kind, sms.sender, sms.text) == ("sms", "242064661201", "1")
    for address in ("sms", "receipt"):
        ((kind, told),) = mtn.reads(report, address)
        assert (kind, told.provider_id, told.delivery) == ("receipt", "77", "delivered")


@pytest.mark.parametrize("who", ["sender", "from"])
@pytest.mark.parametrize("when", ["date", "time"])
def test_either_name_without_a_setting(who, when):
    body = f"{who}=%2B254711000001&text=1&{when}=2026-11-21T10:00:00Z".encode()
    ((_, sms),) = Channel().reads(body)
    assert (sms.sender, sms.sent_at.hour) == (AMINA, 10)


def test_the_first_name_with_a_value_counts_and_an_error_names_them_all():
    both = Channel(incoming={"sender": ["msisdn", "from"]})
    ((_, sms),) = both.reads({"msisdn": "", "from": FATUMA, "text": "1"})
    assert sms.sender == FATUMA
    with pytest.raises(Refused, match="'msisdn' or 'from'"):
        both.reads({"text": "1"})


@pytest.mark.parametrize("charset", ["UTF-16BE", "UCS-2", "ISO-8859-1", "windows-1252", "utf-8"])
@pytest.mark.parametrize(
    "text", ["é", "trois é", "ሰላም", "STOP", "\x1b[é", "Ã©", "\ufeffSTOP", "😀"]
)
def test_a_charset_that_the_call_names_is_applied_once(charset, text):
    """The items were decoded with the call; nothing in them is decoded again."""
    items = [{"from": AMINA, "text": text, "id": "1"}, {"from": FATUMA, "text": text, "id": "2"}]
    found = Channel(incoming={"messages": "list"}).reads({"charset": charset, "list": items})
    assert [sms.text for _, sms in found] == [text, text]


def test_a_form_with_a_list_is_decoded_in_its_charset_and_then_left_alone():
    def coded(text):
        return quote(text.encode("utf-16-be"))

    body = f"encoding=UTF-16BE&m.0.from={AMINA[1:]}&m.0.text={coded('é')}&m.1.from={FATUMA[1:]}&m.1.text={coded('ሰላም')}"
    found = Channel(incoming={"messages": "m"}).reads(body.encode())
    assert [sms.text for _, sms in found] == ["é", "ሰላም"]

"""The calls of aggregators as their own documentation shows them.

They are read with the settings of the operators' page. Each sample names its source. Where a page
lists fields without an example, the values are made up.
"""

import json
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest

from gateway.base import forms
from gateway.base.options import Options
from gateway.sms.channels import http as generic
from gateway.steps.turns.arrival.split_calls import sort
from gateway.ussd.channels.http import HttpUssdOptions

PAGE = (Path(__file__).parents[2] / "docs" / "operators" / "http.md").read_text()
SETTINGS = {
    found[1]: tomllib.loads(found[2])
    for found in re.finditer(r"```toml\n# sms: (\w+)\n(.*?)```", PAGE, re.DOTALL)
}


class Channel:
    """A channel of the runtime, as far as sorting looks at it."""

    def __init__(self, name):
        given = {"sender": "21512", "url": "https://sms.example.org/send"}
        self.sms = generic.make(name, given | SETTINGS[name])

    def reads(self, body, address):
        """Return what was understood of a call: (kind, event)."""
        read = {"sms": self.sms.parse_sms, "receipt": self.sms.parse_receipt}
        return [(kind, read[kind](forms.fields(one))) for kind, one in sort(self, address, body)]


def form(**fields):
    return urlencode({name.replace("_", "-"): value for name, value in fields.items()}).encode()


def clicked(**event):
    return json.dumps({"integrationId": "fa8090815f05d5ed015f0b5b56080cd2", "integrationName": "My integration",
                       "event": event}).encode()  # fmt: skip


def infobip(n, sender, text):
    return {"messageId": f"81779031323506644{n}", "from": sender, "to": "385921004026", "text": text,
            "cleanText": "Correct answer is Paris", "keyword": "QUIZ", "receivedAt": "2016-10-06T09:28:39.220+0000",
            "smsCount": 1, "price": {"pricePerMessage": 0, "currency": "EUR"}, "callbackData": "callbackData"}  # fmt: skip


def bandwidth(kind, ident, **message):
    said = {"id": ident, "owner": "+19544141212", "applicationId": "5989b095-941d-4edd-82de-64a37c535025",
            "time": "2020-06-15T15:14:31.620Z", "segmentCount": 1, "direction": "in", "to": ["+19544141212"],
            "from": "+19544141299", "text": "Outbound received. Testing inbound", **message}  # fmt: skip
    return {"time": "2020-06-15T15:14:31.656Z", "type": kind, "to": "+19544141212",
            "description": "Incoming message received", "message": said}  # fmt: skip


def telnyx(kind, **payload):
    said = {"record_type": "message", "direction": "inbound", "id": "7ee4241c-f127-47e5-9c34-3aac291f8058", "type": "SMS",
            "from": {"phone_number": "+18665550001", "carrier": "T-MOBILE USA, INC.", "line_type": "Wireless"},
            "to": [{"phone_number": "+18445550001", "status": "delivered", "carrier": "TELNYX LLC", "line_type": "VoIP"}],
            "cc": [], "text": "Hello, World!", "encoding": "GSM-7", "parts": 1, "cost": {"amount": "0.0051", "currency": "USD"},
            "received_at": "2019-01-23T18:10:02.574Z", "errors": [], **payload}  # fmt: skip
    return json.dumps({"data": {"record_type": "event", "id": "bf6307bd-884d-4c1f-b6ea-c62b8c495d3c", "event_type": kind,
                                "occurred_at": "2019-01-23T18:10:02.574Z", "payload": said}}).encode()  # fmt: skip


def moment(*parts):
    return datetime(*parts, tzinfo=UTC)


# (settings, the body, [(id, sender, to, text, when)]).
MESSAGES = [
    # infobip.com/docs/api/channels/sms/inbound-sms/receive-inbound-sms-messages (MO_JSON_2), with a
    # second item
    ("infobip", json.dumps({"results": [infobip(7, "385916242493", "QUIZ Correct answer is Paris"), infobip(8, "254711000002", "1")],
                            "messageCount": 2, "pendingMessageCount": 0}).encode(),
     [("817790313235066447", "385916242493", "385921004026", "QUIZ Correct answer is Paris", moment(2016, 10, 6, 9, 28, 39, 220_000)),
      ("817790313235066448", "254711000002", "385921004026", "1", moment(2016, 10, 6, 9, 28, 39, 220_000))]),
    # gsma.com/oneapi/sms-restful-api: a notification
    ("oneapi", (b'{"inboundSMSMessageNotification": {"callbackData": "inbound_handler", "inboundSMSMessage": {"dateTime": '
               b'"2024-02-10T14:30:00Z", "destinationAddress": "tel:+231123456789", "messageId": "msg-12345", "message": "STOP", '
               b'"senderAddress": "tel:+231770123456"}}}'),
     [("msg-12345", "+231770123456", "+231123456789", "STOP", moment(2024, 2, 10, 14, 30))]),
    # Orange, as in the tests of github.com/praekelt/vumi-transports (orange_sdp): no id of the
    # message
    ("oneapi", (b'{"inboundSMSMessageNotification": {"inboundSMSMessage": {"senderAddress": "tel:+22507099573", '
               b'"destinationAddress": "+2257839", "message": "Burrito test", "dateTime": "2012-10-10T11:17:27+02:00"}}}'),
     [("", "+22507099573", "+2257839", "Burrito test", moment(2012, 10, 10, 9, 17, 27))]),
    # gsma.com/oneapi/sms-restful-api: a list that was asked for
    ("oneapi", (b'{"inboundSMSMessageList": {"inboundSMSMessage": [{"dateTime": "2009-11-19T12:00:00", "destinationAddress": "3456", '
               b'"messageId": "msg1", "message": "Come on Barca!", "senderAddress": "+447825123456"}, {"dateTime": '
               b'"2009-11-19T12:00:00", "destinationAddress": "3456", "messageId": "msg2", "message": "Great goal by Messi", '
               b'"senderAddress": "+447825789123"}], "numberOfMessagesInThisBatch": "2", "totalNumberOfPendingMessages": "4"}}'),
     [("msg1", "+447825123456", "3456", "Come on Barca!", moment(2009, 11, 19, 12)),
      ("msg2", "+447825789123", "3456", "Great goal by Messi", moment(2009, 11, 19, 12))]),
    # dev.bandwidth.com/docs/messaging/webhooks: always a list
    ("bandwidth", json.dumps([bandwidth("message-received", "f1708c12-e76e-40f8-9958-db3dbd3a957e")]).encode(),
     [("f1708c12-e76e-40f8-9958-db3dbd3a957e", "+19544141299", "+19544141212", "Outbound received. Testing inbound",
       moment(2020, 6, 15, 15, 14, 31, 656_000))]),
    # developers.telnyx.com/api-reference/callbacks/inbound-message
    ("telnyx", telnyx("message.received"),
     [("7ee4241c-f127-47e5-9c34-3aac291f8058", "+18665550001", "+18445550001", "Hello, World!", moment(2019, 1, 23, 18, 10, 2, 574_000))]),
    # clickatell.com/developers/api-documentation/one-api-received-message-callback
    ("clickatell", clicked(moText=[{"channel": "sms", "messageId": "3a89680503414383af44dcd0e4e5f184", "relatedMessageId": "d33e",
                                    "from": "2799900001", "to": "2799900002", "timestamp": 1506607698000,
                                    "content": "Text é Content", "charset": "UTF-16BE"}]),
     [("3a89680503414383af44dcd0e4e5f184", "2799900001", "2799900002", "Text é Content", moment(2017, 9, 28, 14, 8, 18))]),
    # MTN Cameroon, as kept by github.com/nyss-platform-norcross/nyss (MTNReport)
    ("mtn", (b'{"senderAddress":"237675159734","receiverAddress":"8748","submittedDate":1678269860786,"message":"Stop",'
            b'"created":1678269860786,"id":"CMR-b184ecfd-9f03-4c4d-9a72-dbdfd88c0253"}'),
     [("CMR-b184ecfd-9f03-4c4d-9a72-dbdfd88c0253", "237675159734", "8748", "Stop", moment(2023, 3, 8, 10, 4, 20, 786_000))]),
    # developer.vonage.com/messaging/sms/guides/inbound-sms: GET, form or JSON
    ("vonage", form(msisdn="447700900001", to="447700900000", messageId="0A0000000123ABCD1", text="Hello world", type="text",
                    keyword="HELLO", message_timestamp="2020-01-01 12:00:00", timestamp="1578787200"),
     [("0A0000000123ABCD1", "447700900001", "447700900000", "Hello world", moment(2020, 1, 1, 12))]),
    # docs.plivo.com/docs/messaging/api/message/handling-incoming: no date
    ("plivo", form(MessageUUID="5b40a428-bfc7-4daf-9d06-726c558bf3b8", From="+14157778888", To="+14157778889", Text="Hi there",
                   Type="sms", Units="1", TotalRate="0", TotalAmount="0", MessageIntent="", PowerpackUUID=""),
     [("5b40a428-bfc7-4daf-9d06-726c558bf3b8", "+14157778888", "+14157778889", "Hi there", None)]),
    # developers.messagebird.com: incoming messages of a number
    ("messagebird", form(id="e8077d803532c0b5937c639b60216938", recipient="31612345678", originator="31687654321", body="Hello",
                         createdDatetime="2016-05-03T14:26:57+00:00"),
     [("e8077d803532c0b5937c639b60216938", "31687654321", "31612345678", "Hello", moment(2016, 5, 3, 14, 26, 57))]),
]  # fmt: skip

# (settings, the body, [(id, delivery)])
REPORTS = [
    # infobip.com/docs/api/channels/sms/sms-messaging/
    # logs-and-status-reports/receive-outbound-sms-message-report
    ("infobip", (b'{"results": [{"bulkId": "BULK-ID-123-xyz", "messageId": "MESSAGE-ID-123-xyz", "to": "41793026727", "sentAt": '
                b'"2019-11-09T16:00:00.000+0000", "doneAt": "2019-11-09T16:00:00.000+0000", "smsCount": 1, "price": '
                b'{"pricePerMessage": 0.01, "currency": "EUR"}, "status": {"groupId": 3, "groupName": "DELIVERED", "id": 5, "name": '
                b'"DELIVERED_TO_HANDSET"}, "error": {"groupId": 0, "groupName": "Ok", "id": 0, "permanent": false}}, {"messageId": '
                b'"12db39c3-7822-4e72-a3ec-c87442c0ffc5", "to": "41793026834", "status": {"groupId": 2, "groupName": "UNDELIVERABLE"}}]}'),
     [("MESSAGE-ID-123-xyz", "delivered"), ("12db39c3-7822-4e72-a3ec-c87442c0ffc5", "failed")]),
    # gsma.com/oneapi/sms-restful-api, and Orange alike
    ("oneapi", (b'{"deliveryInfoNotification": {"callbackData": "12345", "deliveryInfo": {"address": "tel:+13500000991", '
               b'"deliveryStatus": "DeliveredToNetwork"}}}'), [("12345", "sent")]),
    ("oneapi", (b'{"deliveryInfoNotification": {"deliveryInfo": {"address": "tel:+22507099573", "deliveryStatus": '
               b'"DeliveredToTerminal"}, "callbackData": "1"}}'), [("1", "delivered")]),
    # dev.bandwidth.com/docs/messaging/webhooks
    ("bandwidth", json.dumps([bandwidth("message-delivered", "b1", text="", direction="out"),
                              bandwidth("message-failed", "b2", text="", direction="out")]).encode(),
     [("b1", "delivered"), ("b2", "failed")]),
    # developers.telnyx.com/api-reference/callbacks/delivery-update
    ("telnyx", telnyx("message.finalized", direction="outbound", id="40385f64-5717-4562-b3fc-2c963f66afa6"),
     [("40385f64-5717-4562-b3fc-2c963f66afa6", "delivered")]),
    ("telnyx", telnyx("message.sent", direction="outbound", id="4038", to=[{"phone_number": "+18665550001", "status": "queued"}]),
     [("4038", "sent")]),
    # developer.vonage.com: delivery receipts have msisdn and to as well, and no text
    ("vonage", form(msisdn="447700900000", to="AcmeInc", network_code="12345", messageId="0A0000001234567B", price="0.03330000",
                    status="delivered", scts="2001011400", err_code="0", message_timestamp="2020-01-01 12:00:00"),
     [("0A0000001234567B", "delivered")]),
    # docs.plivo.com/docs/messaging/api/message/message-status-callbacks: From and To as well
    ("plivo", form(MessageUUID="5b40", To="14157778888", From="14157778889", Type="sms", Status="undelivered", ErrorCode="450",
                   Units="1", MessageTime="2021-07-01 10:15:30.123456"), [("5b40", "failed")]),
    # MessageBird's status reports: GET; bluemicrodot.com/docs/webhooks/messagebird lists their
    # fields
    ("messagebird", form(id="e8077d80", reference="the-customers-reference", recipient="31612345678", status="delivered",
                         statusDatetime="2017-09-01T10:00:05+00:00"), [("e8077d80", "delivered")]),
    # clickatell.com/developers/api-documentation: status of One API
    ("clickatell", clicked(messageStatusUpdate=[{"channel": "sms", "messageId": "c4b2", "clientMessageId": "k", "to": "2799900001",
                                                 "timestamp": 1506607698000, "status": "DEVICE_ACK", "statusCode": 5}]),
     [("c4b2", "delivered")]),
    # MTN, one address for both kinds, as in the tests of github.com/nyaruka/courier (handlers/mtn)
    ("mtn", (b'{"TransactionID":"rrt-58503","requestId":"58503","clientCorrelator":"k","receiverAddress":"242064661201",'
            b'"deliveryStatus":"DeliveredToTerminal"}'), [("58503", "delivered")]),
]  # fmt: skip


def ids(cases):
    return [f"{name}-{n}" for n, (name, *_) in enumerate(cases)]


@pytest.mark.parametrize(("name", "body", "wanted"), MESSAGES, ids=ids(MESSAGES))
def test_messages_are_heard(name, body, wanted):
    found = Channel(name).reads(body, "sms")
    assert [kind for kind, _ in found] == ["sms"] * len(wanted)
    for (_, sms), (ident, sender, to, text, when) in zip(found, wanted, strict=True):
        assert (sms.provider_id, sms.sender, sms.text, sms.sent_at) == (ident, sender, text, when)
        assert sms.to in (to, "21512")


@pytest.mark.parametrize(("name", "body", "wanted"), REPORTS, ids=ids(REPORTS))
@pytest.mark.parametrize("address", ["receipt", "sms"])
def test_reports_are_taken_at_either_address(name, body, wanted, address):
    found = Channel(name).reads(body, address)
    assert [(kind, r.provider_id, r.delivery) for kind, r in found] == [
        ("receipt", ident, delivery) for ident, delivery in wanted
    ]


def test_every_example_of_the_page_has_a_sample():
    assert set(SETTINGS) == {name for name, *_ in MESSAGES} == {name for name, *_ in REPORTS}


def options_of(model, prefix=""):
    """The names of all options of a model, those of nested ones under their paths."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, Options):
            yield from options_of(inner, f"{field.alias or name}.")
        else:
            yield f"{prefix}{field.alias or name}"


@pytest.mark.parametrize("model", [generic.HttpOptions, HttpUssdOptions])
def test_the_page_lists_every_option(model):
    said = {
        name
        for row in re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)
        for name in re.findall(r"`([\w.]+)`", row)
    }
    short = {
        f"{whole.partition('.')[0]}{name}"
        for whole in said
        for name in said
        if "." in whole and name.startswith(".")
    }
    missing = {name for name in options_of(model) if name not in said | short}
    assert not missing

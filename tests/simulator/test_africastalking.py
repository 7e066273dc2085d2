"""Africa's Talking's formats against bodies typed from its documentation."""

import aiohttp
import pytest

from gateway.simulator.carriers import at_forms
from gateway.simulator.carriers.terms import CarrierTerms
from gateway.simulator.faults import FaultPlan, parse_plan

SEND = {"username": "prod", "to": "+254711000000", "message": "hi", "bulkSMSMode": "1", "from": "X"}


async def send(carrier, key="simulator", **changes):
    """The request as the provider's Python SDK 2.0.3 makes it."""
    form = {name: text for name, text in {**SEND, **changes}.items() if text is not None}
    headers = {"apiKey": key, "Accept": "application/json"}
    url = f"{carrier.url}/version1/messaging"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=form, headers=headers) as reply,
    ):
        text = await reply.text()
        return reply.status, await reply.json() if text.startswith("{") else text


async def test_an_accepted_message_is_answered_as_documented(carrier):
    status, body = await send(carrier)
    ref = body["SMSMessageData"]["Recipients"][0].pop("messageId")
    assert status == 201
    assert ref.startswith("ATXid_")
    assert body == {
        "SMSMessageData": {
            "Message": "Sent to 1/1 Total Cost: KES 0.8000",
            "Recipients": [
                {"statusCode": 101, "number": "+254711000000", "status": "Success", "cost": "KES 0.8000"}
            ],
        }
    }  # fmt: skip


async def test_each_recipient_has_its_own_outcome_and_price(carrier):
    numbers = "+254711000001,+254700098406,0711,+254711000002"
    _, body = await send(carrier, to=numbers, message="a" * 161)
    data = body["SMSMessageData"]
    assert data["Message"] == "Sent to 2/4 Total Cost: KES 3.2000"
    assert [(one["statusCode"], one["status"], one["cost"]) for one in data["Recipients"]] == [
        (101, "Success", "KES 1.6000"),
        (406, "UserInBlacklist", "0"),
        (403, "InvalidPhoneNumber", "0"),
        (101, "Success", "KES 1.6000"),
    ]
    assert data["Recipients"][1]["messageId"] == "None"
    assert carrier.tally().segments_out == 4


async def test_a_wrong_key_is_refused_in_plain_text(carrier):
    assert await send(carrier, key="wrong") == (401, "The supplied authentication is invalid")


async def test_an_unknown_sender_id_refuses_the_whole_batch(carrier):
    carrier.terms = CarrierTerms(sender_ids=frozenset({"GATEWAY"}))
    status, body = await send(carrier, to="+254711000001,+254711000002")
    assert (status, body) == (201, {"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}})  # fmt: skip
    assert carrier.messages == []


async def test_a_missing_field_is_named(carrier):
    status, text = await send(carrier, message=None)
    assert (status, text) == (400, "Request is missing required form field 'message'")


async def test_do_not_disturb_is_an_http_409(carrier):
    status, body = await send(carrier, to="+234800098409")
    assert status == 409
    assert body["SMSMessageData"] == {
        "Message": "Sent to 0/1 Total Cost: 0",
        "Recipients": [
            {
                "cost": "0",
                "messageId": "None",
                "number": "+234800098409",
                "status": "DoNotDisturbRejection",
                "statusCode": 409,
            }
        ],
    }


async def test_an_account_without_money_sends_nothing(carrier):
    carrier.balance_minor = 100
    _, body = await send(carrier, to="+254711000001,+254711000002")
    codes = [one["statusCode"] for one in body["SMSMessageData"]["Recipients"]]
    assert codes == [101, 405]
    assert carrier.balance_minor == 20


async def test_a_delivery_report_follows(carrier, gateway):
    _, body = await send(carrier)
    await carrier.settle()
    (report,) = gateway.at("/in/at/s3cret/receipt")
    assert report.content_type == "application/x-www-form-urlencoded"
    assert report.form == {
        "id": body["SMSMessageData"]["Recipients"][0]["messageId"],
        "status": "Success",
        "phoneNumber": "+254711000000",
        "networkCode": "63902",
    }


@pytest.mark.parametrize(
    ("number", "status", "reason"),
    [
        ("+254711097001", "Failed", "DeliveryFailure"),
        ("+254711097002", "AbsentSubscriber", None),
        ("+254711097003", "Expired", None),
        ("+254711097004", "Rejected", "UserInBlackList"),
    ],
)
async def test_magic_numbers_are_accepted_and_never_delivered(carrier, gateway, number, status, reason):  # fmt: skip
    await send(carrier, to=number)
    await carrier.settle()
    (report,) = gateway.at("/receipt")
    assert (report.form["status"], report.form.get("failureReason")) == (status, reason)
    assert carrier.phone(number).inbox == []


async def test_some_receipts_never_come_and_some_come_twice(carrier, gateway):
    await send(carrier, to="+254711097005")
    carrier.plan = parse_plan({"rates": {"receipt": {"duplicate": 1}}})
    await send(carrier, to="+254711000001")
    await carrier.settle()
    assert [one.form["phoneNumber"] for one in gateway.at("/receipt")] == ["+254711000001"] * 2


async def test_a_dropped_answer_still_sent_the_message(carrier):
    carrier.plan = parse_plan({"rates": {"sms": {"drop_after": 1}}})
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await send(carrier)
    assert len(carrier.phone("+254711000000").inbox) == 1
    carrier.plan = parse_plan({"rates": {"sms": {"drop_before": 1}}})
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await send(carrier)
    carrier.plan = FaultPlan()
    assert len(carrier.phone("+254711000000").inbox) == 1
    assert (await send(carrier))[0] == 201


def test_an_sms_from_a_phone_has_the_documented_fields():
    form = at_forms.inbound("+254711000001", "28901", "Hello", "15071", 1521448458.445)
    assert form == {
        "linkId": "",
        "text": "Hello",
        "to": "28901",
        "id": "15071",
        "date": "2018-03-19T08:34:18.445Z",
        "from": "+254711000001",
        "cost": "None",
        "networkCode": "63902",
    }


def test_the_end_of_a_session_has_the_documented_fields():
    end = at_forms.SessionEndForm(
        at=1790683200.0,
        session="ATUid_1",
        service="*384*123#",
        network="63902",
        msisdn="+254711000001",
        status="Incomplete",
        cost_minor=10,
        currency="KES",
        duration_s=12.345,
        hops=3,
        metadata="menu|task",
        transcript="1*1",
        last_screen="CON Next",
    )
    assert at_forms.session_end(end) == {
        "date": "2026-09-29 12:00:00",
        "sessionId": "ATUid_1",
        "serviceCode": "*384*123#",
        "networkCode": "63902",
        "phoneNumber": "+254711000001",
        "status": "Incomplete",
        "cost": "KES 0.1000",
        "durationInMillis": "12345",
        "hopsCount": "3",
        "hopsMetadata": "menu|task",
        "input": "1*1",
        "lastAppResponse": "CON Next",
    }

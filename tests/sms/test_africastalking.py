"""Africa's Talking SMS against recorded bodies, its own SDK, and a network that misbehaves."""

import asyncio
import json
import socket
from pathlib import Path
from urllib.parse import parse_qsl

import aiohttp
import pytest
from africastalking.SMS import SMSService
from aiohttp import web

from gateway.base.errors import Refused, SettingsError
from gateway.sms import lost
from gateway.sms.channels import africastalking
from gateway.sms.channels.africastalking import adapter
from gateway.sms.channels.africastalking.adapter import calls
from gateway.sms.channels.africastalking.answers import understood as read
from gateway.sms.port import OutboundSms, SendStatus

RECORDED = json.loads(
    (Path(__file__).parents[1] / "support" / "recorded" / "africastalking.json").read_text()
)
AMINA, BRIAN = "+254711000001", "+254711000002"


def channel(**options):
    given = {"username": "prod", "api_key": "key-that-is-secret", "sender": "21512"}
    return africastalking.make("at", given | options)


def form(body):
    return dict(parse_qsl(body, keep_blank_values=True))


@pytest.mark.parametrize("case", RECORDED["incoming"], ids=lambda case: case["form"])
def test_incoming_messages(case):
    sms = channel().parse_sms(form(case["form"]))
    assert (sms.sender, sms.text) == (case["sender"], case["text"])
    assert sms.sent_at.isoformat() == case["sent_at"]
    assert sms.provider_id in {"15071", "x1", "x2", "x3"}


def test_a_message_without_id_has_its_second():
    """The test of its repetition is tests/stories/turns/test_the_same_sms.py."""
    body = form("text=YES&to=21512&date=2017-05-03T06%3A04%3A45Z&from=%2B254791541111")
    sms = channel().parse_sms(body)
    assert (sms.provider_id, sms.sent_at.isoformat()) == ("", "2017-05-03T06:04:45+00:00")
    assert sms.stamp.exact


def test_a_text_left_out_is_an_empty_text():
    assert channel().parse_sms(form("to=21512&id=x1&from=%2B254791541111")).text == ""


def test_what_no_database_can_store_is_left_out():
    assert channel().parse_sms(form("to=1&id=x%00&from=1&text=a%00b")).text == "ab"


@pytest.mark.parametrize("case", RECORDED["receipts"], ids=lambda case: case["form"])
def test_receipts(case):
    receipt = channel().parse_receipt(form(case["form"]))
    assert receipt.delivery == case["delivery"]
    assert receipt.opted_out is case["opted_out"]


@pytest.mark.parametrize(("status", "delivery"), RECORDED["receipt_status"].items())
def test_every_documented_receipt_status_is_known(status, delivery):
    assert channel().parse_receipt({"id": "ATXid_1", "status": status}).delivery == delivery


@pytest.mark.parametrize("reason", RECORDED["failure_reasons"])
def test_every_failure_reason_is_kept(reason):
    receipt = channel().parse_receipt({"id": "1", "status": "Failed", "failureReason": reason})
    assert receipt.reason == reason
    assert receipt.opted_out is (reason == "UserInBlackList")


def test_an_opt_out_names_the_phone_and_the_sender():
    gone = channel().parse_opt_out(form(RECORDED["opt_out"]))
    assert (gone.msisdn, gone.sender) == (AMINA, "MYBRAND")


def test_a_subscription_names_the_phone_the_code_and_the_word():
    said = channel().parse_subscription(form(RECORDED["subscription"]))
    assert (said.msisdn, said.sender, said.keyword, said.added) == (AMINA, "21512", "WORK", True)
    gone = form(RECORDED["subscription"]) | {"updateType": "deletion"}
    assert not channel().parse_subscription(gone).added
    with pytest.raises(Refused):
        channel().parse_subscription(gone | {"updateType": "brandnew"})


# Sending.


@pytest.fixture
def carrier(provider):
    provider.answer = lambda request: web.json_response(accepted(request.to), status=201)
    return provider


def accepted(numbers):
    return {
        "SMSMessageData": {
            "Message": f"Sent to {len(numbers)}/{len(numbers)} Total Cost: KES 0.8000",
            "Recipients": [
                {"statusCode": 101, "number": n, "status": "Success", "cost": "KES 0.8000", "messageId": f"ATXid_{n}"}
                for n in numbers
            ],
        }
    }  # fmt: skip


async def send(url, *messages, **options):
    async with aiohttp.ClientSession() as http:
        return await channel(base_url=url, **options).send(
            http, [OutboundSms(f"k{i}", to, text) for i, (to, text) in enumerate(messages)]
        )


@pytest.mark.parametrize(
    ("text", "numbers", "enqueue"),
    [
        ("hi", [AMINA], False),
        ("1 Ndiyo 2 La? 50% & +more=~*'()", [AMINA, BRIAN], False),
        ("ሰላም 😀\nline two", [AMINA], True),
    ],
)
async def test_our_request_is_the_sdks_byte_for_byte(carrier, text, numbers, enqueue):
    sdk = SMSService("prod", "key-that-is-secret")
    sdk._baseUrl = f"{carrier.url}/version1"
    await asyncio.to_thread(sdk.send, text, numbers, "21512", enqueue)
    await send(carrier.url, *((n, text) for n in numbers), enqueue=enqueue)
    theirs, ours = carrier.requests
    assert ours.path == theirs.path == "/version1/messaging"
    assert ours.body == theirs.body
    for header in ("Accept", "Content-Type", "Content-Length", "apiKey"):
        assert ours.headers[header] == theirs.headers[header]
    # All that differs is who we say we are, and how the connection is kept.
    assert theirs.headers.keys() - {"Connection"} == ours.headers.keys()


async def test_a_message_gets_an_id_and_a_cost(carrier):
    (sent,) = await send(carrier.url, (AMINA, "hi"))
    assert (sent.outcome, sent.provider_id) == (SendStatus.ACCEPTED, f"ATXid_{AMINA}")
    assert (sent.cost_micro, sent.currency, sent.reason) == (800_000, "KES", None)


async def test_equal_texts_share_a_call_and_a_number_is_never_twice_in_one(carrier):
    sent = await send(carrier.url, (AMINA, "a"), (BRIAN, "a"), (AMINA, "b"), (AMINA, "a"))
    assert [each.key for each in sent] == ["k0", "k1", "k2", "k3"]
    called = sorted(request.form["to"] for request in carrier.requests)
    assert called == [AMINA, AMINA, f"{AMINA},{BRIAN}"]
    assert {each.outcome for each in sent} == {SendStatus.ACCEPTED}


def test_a_call_holds_no_more_numbers_than_its_limit():
    many = [OutboundSms(str(i), f"+2547{i:08}", "same") for i in range(250)]
    assert [len(call) for call in calls(many)] == [100, 100, 50]


def understood(body, status=201, *, to=(AMINA,)):
    call = [OutboundSms(f"k{i}", n, "hi") for i, n in enumerate(to)]
    return read(call, status, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize("case", RECORDED["send_replies"], ids=lambda case: case["what"])
def test_recorded_replies(case):
    (sent,) = understood(case["body"], case["status"])
    expected = {"accepted": "accepted", "nothing": "refused", "Nigeria": "retry"}[
        case["what"].split()[0].rstrip(":")
    ]
    assert sent.outcome == expected
    assert sent.provider_id in {None, "ATPid_SampleTxnId123"}


@pytest.mark.parametrize(("code", "meaning"), RECORDED["status_codes"].items())
def test_every_status_code_by_name_and_by_number(code, meaning):
    name, outcome = meaning
    for recipient in ({"statusCode": int(code), "status": name}, {"statusCode": int(code)}):
        (sent,) = understood(
            {"SMSMessageData": {"Message": "", "Recipients": [recipient | {"number": AMINA}]}}
        )
        assert sent.outcome == outcome
        assert sent.opted_out is (name == "UserInBlacklist")


def test_the_name_counts_before_the_number():
    recipient = {"statusCode": 409, "status": "DuplicateRequest", "number": AMINA}
    assert (
        understood({"SMSMessageData": {"Recipients": [recipient]}})[0].outcome == SendStatus.UNKNOWN
    )


def test_an_undocumented_status_is_unknown_and_kept():
    recipient = {"statusCode": 999, "status": "Brandnew", "number": AMINA}
    (sent,) = understood({"SMSMessageData": {"Recipients": [recipient]}})
    assert (sent.outcome, sent.reason) == (SendStatus.UNKNOWN, "Brandnew")


def test_a_number_the_answer_leaves_out_is_unknown():
    reply = accepted([AMINA])
    amina, brian = understood(reply, to=(AMINA, BRIAN))
    assert (amina.outcome, brian.outcome) == (SendStatus.ACCEPTED, SendStatus.UNKNOWN)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (401, b"The supplied authentication is invalid", SendStatus.RETRY),
        (429, b"slow down", SendStatus.RETRY),
        (302, b"", SendStatus.RETRY),
        (400, b"Must have a valid message", SendStatus.REFUSED),
        (500, b"", SendStatus.UNKNOWN),
        (503, b"<html>", SendStatus.UNKNOWN),
        (201, b"", SendStatus.UNKNOWN),
        (201, b'{"SMSMessageData": null}', SendStatus.UNKNOWN),
        (201, b'{"SMSMessageData": {"Message": "InsufficientBalance", "Recipients": []}}', SendStatus.RETRY),
        (201, b'{"SMSMessageData": {"Message": "Sent to 0/1", "Recipients": []}}', SendStatus.RETRY),
        (500, b'{"SMSMessageData": {"Message": "Oops", "Recipients": []}}', SendStatus.UNKNOWN),
    ],
)  # fmt: skip
def test_answers_that_are_not_the_expected_one(status, body, outcome):
    assert understood(body, status)[0].outcome == outcome


def test_a_reason_never_holds_a_whole_number():
    (sent,) = understood(f"cannot reach {AMINA}".encode(), 400)
    assert AMINA not in sent.reason
    assert "cannot reach" in sent.reason


async def test_no_connection_is_certainly_not_sent():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: refused
        (sent,) = await send(f"http://127.0.0.1:{taken.getsockname()[1]}", (AMINA, "hi"))
    assert sent.outcome == SendStatus.RETRY


async def test_no_answer_is_unknown(carrier, monkeypatch):
    monkeypatch.setattr(adapter, "TIMEOUT", aiohttp.ClientTimeout(connect=5, sock_read=0.1))
    carrier.answer = lambda _: asyncio.sleep(1, web.Response())
    (sent,) = await send(carrier.url, (AMINA, "hi"))
    assert sent.outcome == SendStatus.UNKNOWN


async def test_a_connection_cut_after_the_request_is_unknown():
    async def cut(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    async with server:
        (sent,) = await send(
            f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", (AMINA, "hi")
        )
    assert sent.outcome == SendStatus.UNKNOWN


async def test_a_call_that_found_no_place_in_time_is_not_begun(carrier, monkeypatch):
    monkeypatch.setattr(lost, "BEGIN_WITHIN_S", -1)
    (sent,) = await send(carrier.url, (AMINA, "hi"))
    assert sent.outcome == SendStatus.RETRY
    assert carrier.requests == []


async def test_one_failed_call_takes_no_other_with_it(carrier):
    def answer(request):
        if BRIAN in request.to:
            return web.Response(status=500)
        return web.json_response(accepted(request.to), status=201)

    carrier.answer = answer
    sent = await send(carrier.url, (AMINA, "a"), (BRIAN, "b"))
    assert [each.outcome for each in sent] == [SendStatus.ACCEPTED, SendStatus.UNKNOWN]


async def test_the_key_does_not_follow_a_redirect(carrier):
    carrier.answer = lambda _: web.Response(
        status=302, headers={"Location": f"{carrier.url}/elsewhere"}
    )
    (sent,) = await send(carrier.url, (AMINA, "hi"))
    assert sent.outcome == SendStatus.RETRY
    assert len(carrier.requests) == 1


def test_the_sandbox_is_chosen_by_its_username():
    assert (
        channel(username="sandbox")._url
        == "https://api.sandbox.africastalking.com/version1/messaging"
    )
    assert channel()._url == "https://api.africastalking.com/version1/messaging"
    assert channel(base_url="http://h:1/version1/")._url == "http://h:1/version1/messaging"


def test_the_key_is_in_no_repr_and_in_no_error():
    made = channel()
    assert "secret" not in repr(made) + repr(vars(made)) + str(made._options)
    with pytest.raises(SettingsError, match="apikey") as wrong:
        africastalking.make("at", {"username": "u", "apikey": "key-that-is-secret", "sender": "x"})
    assert "secret" not in str(wrong.value)

"""The answers of Airtel, pawaPay and airtime, word by word, and their meaning for money.

An unknown answer is never final.
"""

import base64
import hashlib
import hmac
import json

import aiohttp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import SettingsError
from gateway.payments.port import Order, PaymentStatus, Status, SubmitOutcome, Validation
from gateway.payments.providers import africastalking_airtime, airtel, manual, pawapay

KEY = "7f9c2ba4-e88f-427d-a23c-0c5a1b1e7a11"
_DER = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .public_key()
    .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
)
LIMITS = {"minimum": 10, "maximum": 70_000}
OPTIONS = {
    "airtel": {
        "client_id": "id",
        "client_secret": "secret",
        "country": "KE",
        "currency": "KES",
        "public_key": base64.b64encode(_DER).decode(),
        "pin": "1234",
        **LIMITS,
    },
    "pawapay": {"api_token": "t", "provider": "MTN_MOMO_RWA", "currency": "RWF", **LIMITS},
    "airtime": {"username": "acme", "api_key": "key", "currency": "KES", **LIMITS},
}
MODULES = {"airtel": airtel, "pawapay": pawapay, "airtime": africastalking_airtime}
ORDERS = {
    "airtel": Order(KEY, "+254733123456", 30_000, "KES", "", "", ""),
    "pawapay": Order(KEY, "+250788123456", 300, "RWF", "", "", ""),
    "airtime": Order(KEY, "+254733123456", 30_000, "KES", "", "", "", reference="ATQid_1"),
}


class Tokens:
    async def get(self, name):
        return "t"

    async def put(self, name, token, lives_s):
        pass

    async def drop(self, name, token):
        pass


@pytest.fixture
async def operator():
    """Say what `answer` holds to every call."""
    box = {}

    async def handle(request: web.Request) -> web.StreamResponse:
        status, told = box["answer"]
        if status == 0:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if isinstance(told, str):
            return web.Response(status=status, text=told, content_type="text/html")
        return web.json_response(told, status=status)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    box["url"] = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield box
    await runner.cleanup()


def made(name, url="http://127.0.0.1:1"):
    return MODULES[name].make(name, {**OPTIONS[name], "base_url": url}, Tokens())


def airtel_says(code, status=None, **more):
    data = {"transaction": {"id": KEY.replace("-", ""), "status": status, **more}} if status else {}
    return {"data": data, "status": {"response_code": f"DP00900001{code}", "code": "200"}}


def airtime_says(error="None", sent=None):
    responses = [{"status": sent, "requestId": "ATQid_9", "errorMessage": "None"}] if sent else []
    return {"errorMessage": error, "numSent": len(responses), "responses": responses}


def pawapay_says(status, code=None):
    reason = {"failureReason": {"failureCode": code, "failureMessage": "x"}} if code else {}
    return {"payoutId": KEY, "status": status, **reason}


@pytest.mark.parametrize(
    ("name", "http_status", "told", "outcome", "pauses"),
    [
        ("airtel", 200, airtel_says("006", "TIP"), SubmitOutcome.ACCEPTED, False),
        ("airtel", 200, airtel_says("001", "TS"), SubmitOutcome.ACCEPTED, False),
        ("airtel", 200, airtel_says("000"), SubmitOutcome.AMBIGUOUS, False),
        ("airtel", 200, airtel_says("014"), SubmitOutcome.AMBIGUOUS, False),
        ("airtel", 200, airtel_says("005"), SubmitOutcome.AMBIGUOUS, False),
        ("airtel", 200, airtel_says("011"), SubmitOutcome.DUPLICATE, False),
        ("airtel", 200, airtel_says("017"), SubmitOutcome.DUPLICATE, False),
        ("airtel", 200, airtel_says("012"), SubmitOutcome.REJECTED, False),
        ("airtel", 200, airtel_says("007"), SubmitOutcome.REJECTED, True),
        ("airtel", 200, airtel_says("999"), SubmitOutcome.AMBIGUOUS, False),
        ("airtel", 502, "<html>", SubmitOutcome.AMBIGUOUS, False),
        ("airtel", 403, "<html>blocked", SubmitOutcome.NOT_SENT, True),
        ("airtel", 429, "slow down", SubmitOutcome.NOT_SENT, False),
        ("airtel", 0, "", SubmitOutcome.AMBIGUOUS, False),
        ("pawapay", 200, pawapay_says("ACCEPTED"), SubmitOutcome.ACCEPTED, False),
        ("pawapay", 200, pawapay_says("ENQUEUED"), SubmitOutcome.ACCEPTED, False),
        ("pawapay", 200, pawapay_says("DUPLICATE_IGNORED"), SubmitOutcome.DUPLICATE, False),
        ("pawapay", 200, pawapay_says("REJECTED", "INVALID_PHONE_NUMBER"), SubmitOutcome.REJECTED, False),
        ("pawapay", 200, pawapay_says("REJECTED", "PAWAPAY_WALLET_OUT_OF_FUNDS"), SubmitOutcome.REJECTED, True),
        ("pawapay", 200, pawapay_says("SOMETHING_NEW"), SubmitOutcome.AMBIGUOUS, False),
        ("pawapay", 401, pawapay_says("", "AUTHENTICATION_ERROR"), SubmitOutcome.NOT_SENT, True),
        ("pawapay", 500, "oops", SubmitOutcome.AMBIGUOUS, False),
        ("pawapay", 0, "", SubmitOutcome.AMBIGUOUS, False),
        ("airtime", 201, airtime_says(sent="Sent"), SubmitOutcome.ACCEPTED, False),
        ("airtime", 201, airtime_says("A duplicate request was received"), SubmitOutcome.DUPLICATE, False),
        ("airtime", 201, airtime_says("Invalid phone number"), SubmitOutcome.REJECTED, False),
        ("airtime", 201, airtime_says("Insufficient balance"), SubmitOutcome.REJECTED, True),
        ("airtime", 201, airtime_says("Anything else"), SubmitOutcome.REJECTED, True),
        ("airtime", 201, airtime_says(), SubmitOutcome.AMBIGUOUS, False),
        ("airtime", 401, "The supplied authentication is invalid", SubmitOutcome.NOT_SENT, True),
        ("airtime", 503, "later", SubmitOutcome.AMBIGUOUS, False),
        ("airtime", 0, "", SubmitOutcome.AMBIGUOUS, False),
    ],
)  # fmt: skip
async def test_an_answer_to_a_payout(operator, name, http_status, told, outcome, pauses):
    operator["answer"] = (http_status, told)
    async with aiohttp.ClientSession() as http:
        answer = await made(name, operator["url"]).submit(http, ORDERS[name])
    assert (answer.outcome, answer.pause_provider) == (outcome, pauses)
    assert answer.table.startswith(("airtel", "pawapay", "africastalking_airtime"))


async def test_airtime_keeps_the_id_it_will_be_asked_by(operator):
    operator["answer"] = (201, airtime_says(sent="Sent"))
    async with aiohttp.ClientSession() as http:
        answer = await made("airtime", operator["url"]).submit(http, ORDERS["airtime"])
    assert answer.reference == "ATQid_9"


def found_by_pawapay(status, code=None, amount="300"):
    account = {"accountDetails": {"phoneNumber": "250788123456"}}
    data = {**pawapay_says(status, code), "amount": amount, "currency": "RWF", "recipient": account}
    return {"status": "FOUND", "data": data}


def found_by_airtime(status):
    data = {"status": status, "value": "KES 300.0000", "destination": "+254733123456"}
    return {"status": "Success", "data": {**data, "transactionId": "ATQid_1"}}


@pytest.mark.parametrize(
    ("name", "http_status", "told", "found", "generic"),
    [
        ("airtel", 200, airtel_says("001", "TS", airtel_money_id="MP1"), PaymentStatus.PAID, False),
        ("airtel", 200, airtel_says("012", "TF"), PaymentStatus.FAILED, False),
        ("airtel", 200, airtel_says("005", "TF"), PaymentStatus.FAILED, True),
        ("airtel", 200, airtel_says("006", "TIP"), PaymentStatus.PENDING, False),
        ("airtel", 200, airtel_says("000", "TA"), PaymentStatus.PENDING, False),
        ("airtel", 200, airtel_says("015"), PaymentStatus.NOT_FOUND, False),
        ("airtel", 200, airtel_says("000"), PaymentStatus.NO_ANSWER, False),
        ("airtel", 404, "<html>", PaymentStatus.NO_ANSWER, False),
        ("airtel", 0, "", PaymentStatus.NO_ANSWER, False),
        ("pawapay", 200, found_by_pawapay("COMPLETED"), PaymentStatus.PAID, False),
        (
            "pawapay",
            200,
            found_by_pawapay("FAILED", "RECIPIENT_NOT_FOUND"),
            PaymentStatus.FAILED,
            False,
        ),
        (
            "pawapay",
            200,
            found_by_pawapay("FAILED", "UNSPECIFIED_FAILURE"),
            PaymentStatus.FAILED,
            True,
        ),
        ("pawapay", 200, found_by_pawapay("SUBMITTED"), PaymentStatus.PENDING, False),
        ("pawapay", 200, {"status": "NOT_FOUND"}, PaymentStatus.NOT_FOUND, False),
        ("pawapay", 404, "<html>", PaymentStatus.NO_ANSWER, False),
        ("pawapay", 500, {"status": "NOT_FOUND"}, PaymentStatus.NO_ANSWER, False),
        ("airtime", 200, found_by_airtime("Success"), PaymentStatus.PAID, False),
        ("airtime", 200, found_by_airtime("Failed"), PaymentStatus.FAILED, True),
        ("airtime", 200, found_by_airtime("Sent"), PaymentStatus.PENDING, False),
        (
            "airtime",
            200,
            {"status": "Failure", "errorMessage": "none"},
            PaymentStatus.NO_ANSWER,
            False,
        ),
        ("airtime", 0, "", PaymentStatus.NO_ANSWER, False),
    ],
)
async def test_an_answer_to_our_question(operator, name, http_status, told, found, generic):
    operator["answer"] = (http_status, told)
    async with aiohttp.ClientSession() as http:
        status = await made(name, operator["url"]).ask(http, ORDERS[name])
    assert (status.found, status.generic) == (found, generic)
    if found is PaymentStatus.PAID:
        assert status.amount_minor == ORDERS[name].amount_minor
        assert status.key == KEY
    if found is PaymentStatus.FAILED:
        assert status.key == KEY, "a failure must name the payout it is the failure of"


@pytest.mark.parametrize(
    ("name", "http_status", "told", "minor"),
    [
        ("airtime", 200, {"UserData": {"balance": "KES 1785.5000"}}, 178_550),
        ("airtime", 200, {"UserData": {"balance": "UGX 1785"}}, None),
        ("airtime", 200, {"UserData": "none"}, None),
        ("airtime", 401, "The supplied authentication is invalid", None),
        ("airtel", 200, {"data": {"balance": "251.99", "currency": "KES"}}, 25_199),
        ("airtel", 200, {"data": {"balance": "251.99", "currency": "ZMW"}}, None),
        ("airtel", 503, "<html>", None),
        ("pawapay", 200, {"balances": [{"balance": "5000", "currency": "RWF"}]}, 5_000),
        ("pawapay", 200, {"balances": [{"balance": "5000", "currency": "RWF", "provider": "X"}]}, None),
        ("pawapay", 200, {"balances": {}}, None),
        ("pawapay", 0, None, None),
    ],
)  # fmt: skip
async def test_what_an_operator_holds_for_us(operator, name, http_status, told, minor):
    operator["answer"] = (http_status, told)
    async with aiohttp.ClientSession() as http:
        assert await made(name, operator["url"]).float_minor(http) == minor


async def test_airtime_whose_answer_was_lost_cannot_be_asked_about():
    nameless = Order(KEY, "+254733123456", 30_000, "KES", "", "", "")
    async with aiohttp.ClientSession() as http:
        assert (await made("airtime").ask(http, nameless)).found is PaymentStatus.NO_ANSWER


async def test_paid_with_another_amount_is_told_as_it_is(operator):
    operator["answer"] = (200, found_by_pawapay("COMPLETED", amount="3000"))
    async with aiohttp.ClientSession() as http:
        status = await made("pawapay", operator["url"]).ask(http, ORDERS["pawapay"])
    assert status.amount_minor == 3000, "the machine must see the mismatch"


@pytest.mark.parametrize("name", MODULES)
async def test_an_order_outside_the_limits_is_never_sent(name):
    order = ORDERS[name]
    odd = [
        Order(KEY, order.msisdn, 10**9, order.currency, "", "", ""),
        Order(KEY, order.msisdn, order.amount_minor, "USD", "", "", ""),
        Order(KEY, "0733", order.amount_minor, order.currency, "", "", ""),
    ]
    async with aiohttp.ClientSession() as http:
        for each in odd:
            answer = await made(name).submit(http, each)
            assert (answer.outcome, answer.code) == (SubmitOutcome.REJECTED, "order")


@pytest.mark.parametrize("name", MODULES)
def test_settings_name_what_is_wrong_and_never_show_a_secret(name):
    good = {**OPTIONS[name], "base_url": "http://x"}
    for broken in (
        {**good, "colour": "red"},
        {k: v for k, v in good.items() if k != "currency"},
        {**good, "minimum": 0},
    ):
        with pytest.raises(SettingsError, match=f"payout provider '{name}'") as refused:
            MODULES[name].make(name, broken, Tokens())
        assert "1234" not in str(refused.value)
    with pytest.raises(SettingsError, match="bank"):
        manual.make("bank", {"currency": "KES", "minimum": 9, "maximum": 1}, Tokens())


def test_airtels_signed_callback_and_a_forged_one():
    provider = made("airtel")
    transaction = {"id": KEY.replace("-", ""), "status_code": "TS", "airtel_money_id": "MP1"}
    compact = json.dumps(transaction, separators=(",", ":")).encode()
    signed = base64.b64encode(hmac.new(b"secret", compact, hashlib.sha256).digest()).decode()
    good = json.dumps({"transaction": transaction, "hash": signed}).encode()
    bad = json.dumps({"transaction": transaction, "hash": "x" + signed[1:]}).encode()
    assert provider.parse_callback(good, {}).key == KEY
    assert provider.parse_callback(bad, {}).found is PaymentStatus.NO_ANSWER


def test_airtime_asks_whether_we_ordered_it():
    provider = made("airtime")
    asked = {"phoneNumber": "+254733123456", "amount": 300.0, "currencyCode": "KES"}
    told = provider.parse_validation(json.dumps(asked).encode())
    assert told == Validation("+254733123456", 30_000, "KES")
    assert provider.parse_validation(b"{}") is None
    assert json.loads(provider.answer_validation(ours=True)) == {"status": "Validated"}
    assert json.loads(provider.answer_validation(ours=False)) == {"status": "Failed"}


CALLBACKS = {
    "airtel": {"transaction": {"id": KEY.replace("-", ""), "status_code": "TS"}},
    "pawapay": {**found_by_pawapay("COMPLETED")["data"]},
    "airtime": {"status": "Success", "requestId": "ATQid_1", "value": "KES 300.0000"},
}


@pytest.mark.parametrize("name", MODULES)
@given(data=st.data())
def test_a_callback_broken_in_any_way_is_read_without_an_exception(name, data):
    whole = json.dumps(CALLBACKS[name]).encode()
    cut = data.draw(st.integers(0, len(whole)))
    noise = data.draw(st.binary(max_size=20))
    body = data.draw(
        st.sampled_from(
            [whole[:cut] + noise + whole[cut:], whole[:cut], noise, whole[:cut] + noise]
        )
    )
    assert isinstance(made(name).parse_callback(body, {}), Status)
    if name == "airtime":
        made(name).parse_validation(body)

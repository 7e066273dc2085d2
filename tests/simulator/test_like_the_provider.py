"""Simulators neither kinder nor stricter than the provider.

The oracles are clients that others wrote, and documented answers.
"""

import asyncio
import base64
import json

import aiohttp
import phonenumbers
import pytest
from africastalking.Airtime import AirtimeService
from africastalking.SMS import SMSService
from babel.numbers import get_territory_currencies
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from gateway.payments.port import Order, PaymentStatus, SubmitOutcome
from gateway.payments.providers import africastalking_airtime, airtel, mtn_momo, pawapay
from gateway.simulator.carriers.twilio import ACCOUNT, NUMBER, TOKEN
from gateway.simulator.countries import AIRTEL
from gateway.simulator.operators.airtel import public_key
from gateway.simulator.operators.server import Operators
from gateway.sms.channels import africastalking, twilio
from gateway.sms.port import OutboundSms, SendStatus
from tests.payments.test_independent_clients import Tokens

AMINA = "+254711000001"
KEYS = iter(f"7f9c2ba4-e88f-427d-a23c-0c5a1b1e7{n:03x}" for n in range(4096))


@pytest.fixture
async def operators():
    async with Operators(seed=5) as serving:
        yield serving


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


def sdk_of_twilio(operators):
    sdk = Client(ACCOUNT, TOKEN)
    sdk.api.base_url = operators.url
    return sdk


def phone(region):
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


# --- Twilio (T1, T2, T3) ---


async def test_operators_serves_twilio_beside_the_others(operators, http, gateway):
    told = f"{gateway.url}/in/tw/s/receipt"
    options = {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": NUMBER, "base_url": operators.url, "receipt_url": told}  # fmt: skip
    channel = twilio.make("tw", options)
    assert await channel.balance(http) == "USD 9.99"
    (sent,) = await channel.send(http, [OutboundSms("k", AMINA, "Karibu")])
    assert sent.outcome is SendStatus.ACCEPTED
    await operators.twilio.settle()
    assert [one.form["MessageStatus"] for one in gateway.heard] == ["sent", "delivered"]
    assert {one.path for one in gateway.heard} == {"/in/tw/s/receipt"}
    async with http.get(f"{operators.url}/admin/twilio") as answer:
        assert (await answer.json())["took"][0]["body"] == "Karibu"


async def test_a_phone_texts_through_twilio(operators, http, gateway):  # fmt: skip
    url = f"{gateway.url}/in/tw/s/sms"
    asked = {"url": url, "from": AMINA, "text": "JOIN & stay"}
    async with http.post(f"{operators.url}/admin/twilio/text", json=asked) as answer:
        assert (await answer.json())["status"] == 200
    (one,) = gateway.heard
    assert one.form["Body"] == "JOIN & stay"


async def test_twilio_fetches_one_message_and_says_404_in_its_own_words(operators):
    sdk = sdk_of_twilio(operators)
    made = await asyncio.to_thread(sdk.messages.create, to=AMINA, from_=NUMBER, body="hi")
    found = await asyncio.to_thread(sdk.messages(made.sid).fetch)
    assert (found.sid, found.body, found.status) == (made.sid, "hi", "queued")
    with pytest.raises(TwilioRestException) as error:
        await asyncio.to_thread(sdk.messages("SM" + "0" * 32).fetch)
    assert (error.value.status, error.value.code) == (404, 20404)


async def test_twilio_takes_1600_characters_and_no_more(operators):
    sdk = sdk_of_twilio(operators)
    assert await asyncio.to_thread(sdk.messages.create, to=AMINA, from_=NUMBER, body="x" * 1600)
    with pytest.raises(TwilioRestException) as error:
        await asyncio.to_thread(sdk.messages.create, to=AMINA, from_=NUMBER, body="x" * 1601)
    assert (error.value.status, error.value.code) == (400, 21617)


# --- Africa's Talking (T4, T5) ---


@pytest.mark.parametrize(("enqueue", "code"), [(True, 102), (False, 101)])
async def test_an_enqueued_sms_is_queued(operators, enqueue, code):
    sdk = SMSService("acme", "simulator")
    sdk._baseUrl = f"{operators.url}/version1"
    said = await asyncio.to_thread(sdk.send, "hi", [AMINA], "21512", enqueue)
    (one,) = said["SMSMessageData"]["Recipients"]
    assert one["statusCode"] == code


async def test_our_channel_takes_queued_for_accepted(operators, http):
    options = {"username": "acme", "api_key": "simulator", "sender": "21512", "base_url": operators.url, "enqueue": True}  # fmt: skip
    (sent,) = await africastalking.make("at", options).send(http, [OutboundSms("k", AMINA, "hi")])
    assert sent.outcome is SendStatus.ACCEPTED


async def test_airtime_needs_no_key_and_has_one_effect_with_one(operators):
    sdk = AirtimeService("acme", "simulator")
    sdk._baseUrl = f"{operators.url}/version1/airtime"
    for _ in range(2):
        said = await asyncio.to_thread(sdk.send, AMINA, "10", "KES")
        assert said["numSent"] == 1
    for sent in (1, 0):
        said = await asyncio.to_thread(sdk.send, AMINA, "10", "KES", None, "the-same-key")
        assert said["numSent"] == sent


# --- MTN (T6) ---


def mtn(url, environment="mtnuganda", currency="UGX"):
    return mtn_momo.make("mtn", {"base_url": url, "api_user": "u", "api_key": "k", "subscription_key": "s",
                                 "target_environment": environment, "currency": currency, "minimum": 1,
                                 "maximum": 10_000}, Tokens())  # fmt: skip


@pytest.mark.parametrize(
    ("currency", "status", "told"),
    [("UGX", 200, {"availableBalance": "100000000", "currency": "UGX"}), ("KES", 400, {"code": "INVALID_CURRENCY"})],
)  # fmt: skip
async def test_the_float_in_a_currency(operators, http, currency, status, told):
    head = {"Ocp-Apim-Subscription-Key": "s", "X-Target-Environment": "mtnuganda"}
    basic = {"Authorization": "Basic " + base64.b64encode(b"u:k").decode()}
    async with http.post(f"{operators.url}/disbursement/token/", headers=head | basic) as answer:
        bearer = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
    url = f"{operators.url}/disbursement/v1_0/account/balance/{currency}"
    async with http.get(url, headers=head | bearer) as answer:
        assert answer.status == status
        assert told.items() <= (await answer.json()).items()


async def test_a_path_that_mtn_has_not_is_a_404_with_a_body(operators, http):
    async with http.get(f"{operators.url}/disbursement/v9/x") as answer:
        assert answer.status == 404
        assert (await answer.json())["message"] == "Resource not found"


@pytest.mark.parametrize(
    ("environment", "region", "currency"),
    [("mtnuganda", "UG", "UGX"), ("mtnghana", "GH", "GHS"), ("mtnzambia", "ZM", "ZMW"), ("mtnivorycoast", "CI", "XOF"),
     ("mtncameroon", "CM", "XAF"), ("mtnguineaconakry", "GN", "GNF"), ("mtnliberia", "LR", "LRD"), ("sandbox", "UG", "EUR")],
)  # fmt: skip
async def test_mtn_pays_in_the_currency_of_its_environment(operators, http, environment, region, currency):  # fmt: skip
    provider = mtn(operators.url, environment, currency)
    await pays(operators, http, provider, region, currency, "mtn")
    assert await provider.float_minor(http) is not None
    wrong = mtn(operators.url, environment, "KES")
    refused = await wrong.submit(http, made(region, "KES"))
    assert (refused.outcome, refused.code) == (SubmitOutcome.REJECTED, "INVALID_CURRENCY")


def made(region, currency, msisdn=None):
    from gateway.base.money import minor_per_major

    major = 500 * minor_per_major(currency)
    return Order(next(KEYS), msisdn or phone(region), major, currency, "", "", "")


async def pays(operators, http, provider, region, currency, name):
    """A payout is taken, paid and told with its amount."""
    order = made(region, currency)
    answer = await provider.submit(http, order)
    assert answer.outcome is SubmitOutcome.ACCEPTED, answer
    other = operators.others[name]
    await other.post.settle()
    status = await provider.ask(http, Order(**{**vars_of(order), "reference": answer.reference}))
    assert status.found is PaymentStatus.PAID, status
    assert status.amount_minor == order.amount_minor


def vars_of(order):
    return {name: getattr(order, name) for name in order.__dataclass_fields__}


# --- Airtel (A2, paths of version 1, ids with dashes) ---


def airtel_of(url, region, currency):
    return airtel.make("airtel", {"base_url": url, "client_id": "i", "client_secret": "secret", "country": region,
                                  "currency": currency, "public_key": public_key(), "pin": "1234", "minimum": 1,
                                  "maximum": 10_000}, Tokens())  # fmt: skip


@pytest.mark.parametrize("region", sorted(AIRTEL))
async def test_airtel_pays_in_each_of_its_countries(operators, http, region):
    (currency, *_) = get_territory_currencies(region)
    provider = airtel_of(operators.url, region, currency)
    await pays(operators, http, provider, region, currency, "airtel")
    assert await provider.name_of(http, phone(region)) == "Sam Doe"


async def test_our_float_is_the_wallet_that_payouts_leave_from(operators, http):
    provider = airtel_of(operators.url, "KE", "KES")
    assert (
        await provider.float_minor(http)
        == operators.others["airtel"].books.funds().utility_minor
        > 0
    )


async def bearer_of_airtel(operators, http):
    said = {"client_id": "i", "client_secret": "secret", "grant_type": "client_credentials"}
    async with http.post(f"{operators.url}/auth/oauth2/token", json=said) as answer:
        token = (await answer.json())["access_token"]
    return {"Authorization": f"Bearer {token}", "X-Country": "KE", "X-Currency": "KES"}


@pytest.mark.parametrize(
    ("wallet", "status"), [("DISB", 200), ("COLL", 200), ("CASHIN", 200), ("SAVINGS", 400)]
)
@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_airtels_wallets_are_told_apart(operators, http, wallet, status, version):
    url = f"{operators.url}/standard/{version}/users/balance?type={wallet}"
    async with http.get(url, headers=await bearer_of_airtel(operators, http)) as answer:
        assert answer.status == status
        if status == 200:
            assert ((await answer.json())["data"]["balance"] != "0.00") is (wallet == "DISB")


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    "key", ["7f9c2ba4-e88f-427d-a23c-0c5a1b1e7a11", "7f9c2ba4e88f427da23c0c5a1b1e7a11"]
)
async def test_airtel_takes_a_uuid_with_and_without_dashes_at_both_versions(operators, http, version, key):  # fmt: skip
    headers = await bearer_of_airtel(operators, http)
    url = f"{operators.url}/standard/{version}/disbursements/"
    body = {"payee": {"msisdn": "733123456"}, "reference": "Payout", "pin": "x", "transaction": {"amount": 100, "id": key}}  # fmt: skip
    async with http.post(url, headers=headers, json=body) as answer:
        said = await answer.json()
        assert said["status"]["response_code"] == "DP00900001006", said
    async with http.get(f"{url}{key}", headers=headers) as answer:
        assert (await answer.json())["data"]["transaction"]["id"] == key


@pytest.mark.parametrize(
    ("country", "currency", "msisdn", "status", "code"),
    [
        ("KE", "KES", "254733123456", 200, "DP00900001012"),
        ("KE", "KES", "0733123456", 200, "DP00900001012"),
        ("NG", "NGN", "733123456", 200, "DP00900001012"),
        ("ZA", "ZAR", "711234567", 400, None),
        ("KE", "UGX", "733123456", 400, None),
    ],
)
async def test_airtel_refuses_what_its_country_has_not(operators, http, country, currency, msisdn, status, code):  # fmt: skip
    headers = await bearer_of_airtel(operators, http)
    headers |= {"X-Country": country, "X-Currency": currency}
    body = {"payee": {"msisdn": msisdn}, "reference": "Payout", "pin": "x", "transaction": {"amount": 100, "id": next(KEYS)}}  # fmt: skip
    url = f"{operators.url}/standard/v2/disbursements/"
    async with http.post(url, headers=headers, json=body) as answer:
        assert answer.status == status
        assert (await answer.json())["status"].get("response_code") == code


async def test_airtel_gives_its_public_key(operators, http):
    url = f"{operators.url}/v1/rsa/encryption-keys"
    async with http.get(url, headers=await bearer_of_airtel(operators, http)) as answer:
        assert (await answer.json())["data"]["key"] == public_key()


# --- pawaPay and airtime, country by country ---


@pytest.mark.parametrize(
    ("provider", "region", "currency"),
    [("MTN_MOMO_RWA", "RW", "RWF"), ("MPESA_KEN", "KE", "KES"), ("AIRTEL_OAPI_ZMB", "ZM", "ZMW"), ("TNM_MWI", "MW", "MWK"),
     ("VODACOM_MPESA_COD", "CD", "CDF"), ("ORANGE_SEN", "SN", "XOF"), ("MTN_MOMO_CMR", "CM", "XAF")],
)  # fmt: skip
async def test_pawapay_pays_in_the_country_of_the_operator(operators, http, provider, region, currency):  # fmt: skip
    def at(money):
        return pawapay.make("p", {"base_url": operators.url, "api_token": "t", "provider": provider, "currency": money,
                                  "minimum": 1, "maximum": 10_000}, Tokens())  # fmt: skip

    await pays(operators, http, at(currency), region, currency, "pawapay")
    for wrong, money, why in ((made("TZ", currency), currency, "INVALID_PHONE_NUMBER"), (made(region, "TZS"), "TZS", "INVALID_CURRENCY")):  # fmt: skip
        answer = await at(money).submit(http, wrong)
        assert (answer.outcome, answer.code) == (SubmitOutcome.REJECTED, why)


@pytest.mark.parametrize(
    ("region", "currency"),
    [("KE", "KES"), ("UG", "UGX"), ("TZ", "TZS"), ("RW", "RWF"), ("MW", "MWK")],
)
async def test_airtime_is_sent_in_the_currency_of_the_number(operators, http, region, currency):
    provider = africastalking_airtime.make("a", {"base_url": operators.url, "username": "acme", "api_key": "k",
                                                 "currency": currency, "minimum": 1, "maximum": 10_000}, Tokens())  # fmt: skip
    await pays(operators, http, provider, region, currency, "airtime")
    elsewhere = await provider.submit(http, made("GH" if region != "GH" else "KE", currency))
    assert elsewhere.outcome is SubmitOutcome.REJECTED


# --- USSD over HTTP, written out ---


async def test_a_person_can_be_a_phone_of_an_aggregator(operators, http, gateway):
    from starlette.responses import JSONResponse

    gateway.reply = lambda _: JSONResponse({"message": "Karibu", "ussdServiceOp": 2})
    phone_url = f"{operators.url}/admin/ussd/uzo/254711000001"
    asked = {"url": f"{gateway.url}/in/uzo/s/ussd", "code": "*1234#"}
    async with http.post(f"{phone_url}/dial", json=asked) as answer:
        assert (await answer.json())["text"] == "Karibu"
    async with http.post(f"{phone_url}/press", json={"text": "1"}) as answer:
        assert (await answer.json())["open"] is True
    said = [json.loads(one.raw) for one in gateway.heard]
    assert [(one["ussdServiceOp"], one["ussdString"]) for one in said] == [("1", "*1234#"), ("18", "1")]  # fmt: skip
    async with http.post(
        f"{operators.url}/admin/ussd/nobody/254711000001/dial", json=asked
    ) as answer:
        assert answer.status == 404

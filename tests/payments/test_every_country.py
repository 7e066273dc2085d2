"""Numbers and amounts of every country that a provider serves, as that provider wants them."""

import json

import phonenumbers
import pytest
from aiohttp import ClientSession, web
from babel.numbers import get_territory_currencies
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.base.errors import SettingsError
from gateway.base.money import minor_per_major
from gateway.payments.port import Order, SubmitOutcome
from gateway.payments.providers import africastalking_airtime, airtel, mtn_momo, pawapay
from tests.payments.test_independent_clients import Tokens
from tests.support.served import served

KEY = "7f9c2ba4-e88f-427d-a23c-0c5a1b1e7a11"
SERVED = {
    "airtel": ["NG", "KE", "UG", "TZ", "RW", "ZM", "MW", "CD", "CG", "MG", "NE", "TD", "GA", "SC"],
    "mtn_momo": ["UG", "GH", "RW", "ZM", "CM", "CI", "BJ", "CG", "GN", "LR", "SZ", "SS", "NG", "ZA"],
    "pawapay": ["BJ", "BF", "CM", "CI", "CD", "ET", "GA", "GH", "KE", "LS", "MW", "MZ", "NG", "CG", "RW", "SN", "SL",
                "TZ", "UG", "ZM"],
    "africastalking_airtime": ["KE", "UG", "TZ", "RW", "MW", "ZM", "NG", "GH", "ET", "CI"],
}  # fmt: skip
CASES = [(kind, region) for kind, regions in SERVED.items() for region in regions]
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
PUBLIC_KEY = RSA.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def phone(region):
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), number


def currency_of(region):
    return get_territory_currencies(region)[0]


def made(kind, region, url):
    import base64

    common = {"currency": currency_of(region), "minimum": 1, "maximum": 1_000_000}
    match kind:
        case "airtel":
            options = {"base_url": url, "client_id": "c", "client_secret": "s", "country": region,
                       "public_key": base64.b64encode(PUBLIC_KEY).decode(), "pin": "1234"}  # fmt: skip
            return airtel.make("x", common | options, Tokens())
        case "mtn_momo":
            options = {"base_url": url, "api_user": "u", "api_key": "k", "subscription_key": "s",
                       "target_environment": "mtn"}  # fmt: skip
            return mtn_momo.make("x", common | options, Tokens())
        case "pawapay":
            options = {"base_url": url, "api_token": "t", "provider": "MTN_MOMO_RWA"}
            return pawapay.make("x", common | options, Tokens())
        case _:
            options = {"base_url": url, "username": "u", "api_key": "k"}
            return africastalking_airtime.make("x", common | options, Tokens())


@pytest.fixture
async def operator():
    """An operator that notes each request and takes it."""
    asked = []

    async def handle(request):
        if "token" in request.path:
            return web.json_response({"access_token": "t", "expires_in": 3600})
        asked.append((request.path, await request.read()))
        return web.json_response({}, status=202)

    async with served(handle) as url, ClientSession() as http:
        yield url, http, asked


def order(region, msisdn, major=1500):
    currency = currency_of(region)
    return Order(KEY, msisdn, major * minor_per_major(currency), currency, "https://g.example/c", "", "")  # fmt: skip


def sent(kind, body):
    """Number, amount and currency as this provider reads them."""
    if kind == "africastalking_airtime":
        from urllib.parse import parse_qs

        (one,) = json.loads(parse_qs(body.decode())["recipients"][0])
        currency, amount = one["amount"].split()
        return one["phoneNumber"], amount, currency
    told = json.loads(body)
    match kind:
        case "airtel":
            payee, transaction = told["payee"], told["transaction"]
            return payee["msisdn"], str(transaction["amount"]), payee["currency"]
        case "mtn_momo":
            return told["payee"]["partyId"], told["amount"], told["currency"]
        case _:
            number = told["recipient"]["accountDetails"]["phoneNumber"]
            return number, told["amount"], told["currency"]


@pytest.mark.parametrize(("kind", "region"), CASES)
async def test_number_and_amount_are_written_as_the_provider_wants_them(operator, kind, region):
    url, http, asked = operator
    e164, number = phone(region)
    answer = await made(kind, region, url).submit(http, order(region, e164))
    assert answer.code != "order", answer.text
    ((_, body),) = asked
    wanted = {
        "airtel": phonenumbers.national_significant_number(number),
        "africastalking_airtime": e164,
    }.get(kind, e164.removeprefix("+"))
    assert sent(kind, body) == (wanted, "1500", currency_of(region))


@pytest.mark.parametrize("region", SERVED["airtel"])
async def test_airtel_never_pays_the_same_digits_in_its_own_country(operator, region):
    """A national number of another country belongs to another person."""
    url, http, asked = operator
    elsewhere = phone("UG" if region != "UG" else "KE")[0]
    provider = made("airtel", region, url)
    answer = await provider.submit(http, order(region, elsewhere))
    assert (answer.outcome, answer.text) == (SubmitOutcome.REJECTED, f"not a number of {region}")
    assert await provider.name_of(http, elsewhere) is None
    assert asked == []


def test_airtel_names_a_country_that_is_none():
    with pytest.raises(SettingsError, match="country: 'Kenya' is not an ISO 3166 country code"):
        airtel.make("x", {"base_url": "https://a.example", "client_id": "c", "client_secret": "s", "country": "Kenya",
                          "currency": "KES", "public_key": "k", "pin": "1", "minimum": 1, "maximum": 2}, Tokens())  # fmt: skip


@pytest.mark.parametrize("kind", sorted(SERVED))
@pytest.mark.parametrize(
    "msisdn", ["254712345678", "+2547123", "+25471234567890123", "0712345678", "", "+254 712345678"]
)
async def test_what_is_no_number_is_never_sent(operator, kind, msisdn):
    url, http, asked = operator
    answer = await made(kind, "KE" if kind != "mtn_momo" else "UG", url).submit(
        http, order("KE" if kind != "mtn_momo" else "UG", msisdn)
    )
    assert (answer.outcome, answer.code) == (SubmitOutcome.REJECTED, "order")
    assert asked == []


@pytest.mark.parametrize(("region", "taken"), [("KE", True), ("UG", False), ("TZ", False)])
async def test_mpesa_pays_kenyan_numbers_only(region, taken):
    from gateway.payments.providers.mpesa.adapter import _wrong

    assert (_wrong(order("KE", phone(region)[0])) == "") is taken

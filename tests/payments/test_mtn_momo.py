"""MTN MoMo: what goes out, what each answer means, and bodies broken in every way."""

import asyncio
import base64
import json
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.base import plugins
from gateway.base.errors import SettingsError
from gateway.payments import providers
from gateway.payments.port import Order, PaymentStatus, Status, SubmitOutcome
from gateway.payments.providers import mtn_momo
from tests.support.served import served

RECORDED = Path(__file__).parent / "recorded"
BODIES = {p.stem: p.read_bytes() for p in sorted(RECORDED.glob("mtn_*.json"))}
KEY = "7f9c2ba4-e88f-427d-a23c-0c5a1b1e7a11"
ORDER = Order(
    KEY,
    "+256772123456",
    5_000,
    "UGX",
    "https://g.example/r",
    "https://g.example/s",
    "https://g.example/t",
)
OPTIONS = {
    "base_url": "http://127.0.0.1:1",
    "api_user": "user",
    "api_key": "key",
    "subscription_key": "sub",
    "target_environment": "mtnuganda",
    "currency": "UGX",
    "minimum": 500,
    "maximum": 5_000_000,
}


class Tokens:
    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def get(self, name):
        return self.kept.get(name)

    async def put(self, name, token, lives_s):
        assert lives_s == 3_540
        self.kept[name] = token

    async def drop(self, name, token):
        if self.kept.get(name) == token:
            del self.kept[name]


class Operator:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.token = 0
        self.answer = lambda _: web.Response(status=202)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/disbursement/token/":
            basic = "Basic " + base64.b64encode(b"user:key").decode()
            assert (request.method, request.headers["Authorization"]) == ("POST", basic)
            assert request.headers["X-Target-Environment"] == "mtnuganda"
            self.token += 1
            told = {"access_token": f"t{self.token}", "token_type": "x", "expires_in": 3600}
            return web.json_response(told)
        headers = {k.lower(): v for k, v in request.headers.items()}
        self.asked.append((request.method, request.path, headers, await request.read()))
        if headers["authorization"] != f"Bearer t{self.token}":
            return web.json_response({"message": "Access token expired"}, status=401)
        return self.answer(request)


@pytest.fixture
async def mtn():
    stand_in = Operator()
    async with served(stand_in.handle) as stand_in.url:
        yield stand_in


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def provider(mtn):
    return mtn_momo.make("mtn", {**OPTIONS, "base_url": mtn.url}, Tokens())


def says(status, told=None, text="<html>"):
    if told is None:
        return lambda _: web.Response(status=status, text=text, content_type="text/html")
    return lambda _: web.json_response(told, status=status)


def hang_up(request):
    request.transport.abort()
    return web.Response()


async def test_a_transfer_as_mtn_wants_it(provider, mtn, http):
    assert (await provider.submit(http, ORDER)).outcome is SubmitOutcome.ACCEPTED
    method, path, headers, body = mtn.asked[0]
    assert (method, path) == ("POST", "/disbursement/v1_0/transfer")
    assert json.loads(body) == json.loads(BODIES["mtn_transfer_request"])
    told = {
        "x-reference-id": KEY,
        "x-target-environment": "mtnuganda",
        "x-callback-url": "https://g.example/r",
        "ocp-apim-subscription-key": "sub",
        "authorization": "Bearer t1",
        "content-type": "application/json",
    }
    assert told.items() <= headers.items()
    assert "python-requests" not in headers["user-agent"]


S = SubmitOutcome
CLASSES = [
    (says(202, text=""), S.ACCEPTED, False),
    (says(409, {"code": "RESOURCE_ALREADY_EXIST", "message": "Duplicated"}), S.DUPLICATE, False),
    (says(400, {"code": "PAYEE_NOT_FOUND", "message": ""}), S.REJECTED, False),
    (says(400, {"code": "INVALID_CURRENCY", "message": ""}), S.REJECTED, True),
    (says(429), S.NOT_SENT, False),
    (says(403), S.NOT_SENT, True),
    (says(404), S.AMBIGUOUS, False),
    (says(200, {}), S.AMBIGUOUS, False),
    (says(500, {"code": "NOT_ENOUGH_FUNDS"}), S.AMBIGUOUS, False),
    (says(503), S.AMBIGUOUS, False),
    (hang_up, S.AMBIGUOUS, False),
]


@pytest.mark.parametrize(("answer", "outcome", "pause"), CLASSES, ids=range(len(CLASSES)))
async def test_each_answer_has_its_class(provider, mtn, http, answer, outcome, pause):
    mtn.answer = answer
    told = await provider.submit(http, ORDER)
    assert (told.outcome, told.pause_provider) == (outcome, pause)
    assert len(mtn.asked) == 1


FAILED = json.loads(BODIES["mtn_status_failed"])
QUESTIONS = [
    (says(200, FAILED), PaymentStatus.FAILED, False, False),
    (
        says(200, {**FAILED, "reason": {"code": "PAYEE_NOT_FOUND"}}),
        PaymentStatus.FAILED,
        False,
        False,
    ),
    (says(200, {**FAILED, "reason": "NOT_ENOUGH_FUNDS"}), PaymentStatus.FAILED, True, False),
    (
        says(200, {**FAILED, "reason": "INTERNAL_PROCESSING_ERROR"}),
        PaymentStatus.FAILED,
        False,
        True,
    ),
    (says(200, {**FAILED, "reason": None}), PaymentStatus.FAILED, False, True),
    (says(200, {**FAILED, "reason": "ONGOING"}), PaymentStatus.PENDING, False, False),
    (says(200, {**FAILED, "status": "PENDING"}), PaymentStatus.PENDING, False, False),
    (says(200, {**FAILED, "status": "NEW"}), PaymentStatus.NO_ANSWER, False, False),
    (
        says(404, {"code": "RESOURCE_NOT_FOUND", "message": "not found"}),
        PaymentStatus.NOT_FOUND,
        False,
        False,
    ),
    (
        says(404, {"statusCode": 404, "message": "Resource not found"}),
        PaymentStatus.NO_ANSWER,
        True,
        False,
    ),
    (says(403), PaymentStatus.NO_ANSWER, True, False),
    (says(500), PaymentStatus.NO_ANSWER, False, False),
    (hang_up, PaymentStatus.NO_ANSWER, False, False),
]


@pytest.mark.parametrize(
    ("answer", "found", "pause", "generic"), QUESTIONS, ids=range(len(QUESTIONS))
)
async def test_what_a_question_brings(provider, mtn, http, answer, found, pause, generic):
    mtn.answer = answer
    told = await provider.ask(http, ORDER)
    assert (told.found, told.pause_provider, told.generic) == (found, pause, generic)


async def test_a_success_tells_all_that_must_match(provider, mtn, http):
    mtn.answer = says(200, json.loads(BODIES["mtn_status_successful"]))
    told = await provider.ask(http, ORDER)
    assert mtn.asked[0][:2] == ("GET", f"/disbursement/v1_0/transfer/{KEY}")
    assert (told.found, told.key, told.receipt) == (PaymentStatus.PAID, KEY, "363440463")
    assert (told.amount_minor, told.msisdn_tail) == (5_000, "256772123456")
    mtn.answer = says(200, {**json.loads(BODIES["mtn_status_successful"]), "currency": "EUR"})
    assert (await provider.ask(http, ORDER)).amount_minor is None


async def test_an_expired_token_costs_one_more_call(provider, mtn, http):
    await provider.submit(http, ORDER)
    mtn.token = 5
    assert (await provider.submit(http, ORDER)).outcome is S.ACCEPTED
    assert len(mtn.asked) == 3
    mtn.answer = says(401)
    told = await provider.submit(http, ORDER)
    assert (told.outcome, told.pause_provider) == (S.NOT_SENT, True)


async def test_a_refused_connection_was_certainly_not_sent(http):
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    tokens = Tokens()
    provider = mtn_momo.make("mtn", {**OPTIONS, "base_url": f"http://127.0.0.1:{port}"}, tokens)
    assert (await provider.submit(http, ORDER)).outcome is S.NOT_SENT
    tokens.kept[provider._bearer.name] = "t"
    assert (await provider.submit(http, ORDER)).outcome is S.NOT_SENT
    assert (await provider.ask(http, ORDER)).found is PaymentStatus.NO_ANSWER


@pytest.mark.parametrize(
    "wrong",
    [{"key": "P7K2"}, {"amount_minor": 499}, {"currency": "KES"}, {"msisdn": "0772123456"}],
)
async def test_what_can_never_be_sent_is_refused_here(provider, mtn, http, wrong):
    fields = {f: getattr(ORDER, f) for f in Order.__slots__}
    told = await provider.submit(http, Order(**{**fields, **wrong}))
    assert (told.outcome, told.code) == (S.REJECTED, "order")
    assert mtn.asked == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"api_key": ""}, "api_key: Field required"),
        ({"colour": 1}, "colour: Extra inputs"),
        ({"minimum": 0}, "above zero"),
        ({"minimum": "9", "maximum": "8"}, "above zero"),
    ],
)
def test_a_wrong_setting_is_named(change, words):
    with pytest.raises(SettingsError, match=words):
        mtn_momo.make("mtn", {**OPTIONS, **change}, Tokens())


def test_it_is_a_plug_in_and_tells_no_secrets():
    provider = plugins.load(providers, "mtn_momo").make("mtn", OPTIONS, Tokens())
    assert (provider.minimum_minor, provider.maximum_minor, provider.dedups) == (
        500,
        5_000_000,
        True,
    )
    seen = repr(vars(provider))
    assert all(repr(OPTIONS[secret]) not in seen for secret in ("api_key", "subscription_key"))


JUNK = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.lists(st.none())
)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(sorted(BODIES)), st.dictionaries(st.sampled_from(sorted(FAILED)), JUNK))
def test_no_broken_shape_raises(name, changes):
    provider = mtn_momo.make("mtn", OPTIONS, Tokens())
    body = json.dumps({**json.loads(BODIES[name]), **changes}).encode()
    assert isinstance(provider.parse_callback(body, {}), Status)


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(sorted(BODIES)), st.integers(0, 300), st.integers(0, 20), st.binary(max_size=6)
)
def test_no_broken_bytes_raise(name, at, cut, junk):
    provider = mtn_momo.make("mtn", OPTIONS, Tokens())
    body = bytearray(BODIES[name])
    body[at : at + cut] = junk
    assert isinstance(provider.parse_callback(bytes(body), {}), Status)

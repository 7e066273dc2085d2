"""The adapter against an operator that hangs up, stalls, babbles and forgets its tokens."""

import asyncio
import base64
import contextlib
import datetime as dt
import json
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from gateway.base import plugins
from gateway.base.errors import SettingsError
from gateway.base.net import outbound
from gateway.payments import providers
from gateway.payments.port import Order, PaymentStatus, PayoutProvider, SubmitOutcome
from gateway.payments.providers import mpesa
from tests.support.served import served

RECORDED = Path(__file__).parent / "recorded"
ORDER = Order(
    key="600997_Test_32et3241ed8yu",
    msisdn="+254705912645",
    amount_minor=1_000,
    currency="KES",
    result_url="https://mydomain.com/path",
    status_url="https://mydomain.com/status",
    timeout_url="https://mydomain.com/path",
)
OPTIONS = {
    "base_url": "http://127.0.0.1:1/",
    "consumer_key": "ck",
    "consumer_secret": "cs",
    "initiator": "testapi",
    "security_credential": "RC6E9WDxXR4b9X2c6z3gp0oC5Th ==",
    "shortcode": 600992,
    "remarks": "remarked",
    "occasion": "ChristmasPay",
}
ACK = {"ResponseCode": "0", "ResponseDescription": "Accept the service request successfully."}
DUPLICATE = json.loads((RECORDED / "mpesa_duplicate.json").read_bytes())


class Tokens:
    """The store all processes share."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.lives: list[int] = []

    async def get(self, name):
        return self.kept.get(name)

    async def put(self, name, token, lives_s):
        self.kept[name] = token
        self.lives.append(lives_s)

    async def drop(self, name, token):
        if self.kept.get(name) == token:
            del self.kept[name]


class Hostile:
    """A Daraja whose every answer is told by the test; it keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict, str]] = []
        self.tokens_given = 0
        self.answer = lambda _: web.json_response(ACK)
        self.token_answer = None
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/oauth/v1/generate":
            assert request.query["grant_type"] == "client_credentials"
            assert (
                request.headers["Authorization"] == "Basic " + base64.b64encode(b"ck:cs").decode()
            )
            if self.token_answer:
                return self.token_answer()
            self.tokens_given += 1  # and every token before it is void
            return web.json_response(
                {"access_token": f"t{self.tokens_given}", "expires_in": "3599"}
            )
        body = await request.json()
        self.asked.append((request.path, body, request.headers["Authorization"]))
        if request.headers["Authorization"] != f"Bearer t{self.tokens_given}":
            told = {
                "errorCode": "401.002.01",
                "errorMessage": "Error Occurred - Invalid Access Token",
            }
            return web.json_response(told, status=401)
        answer = self.answer(request)
        return await answer if asyncio.iscoroutine(answer) else answer


def hang_up(request):
    request.transport.abort()
    return web.Response()


@pytest.fixture
async def daraja():
    stand_in = Hostile()
    async with served(stand_in.handle) as stand_in.url:
        yield stand_in


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def tokens():
    return Tokens()


@pytest.fixture
def provider(daraja, tokens) -> PayoutProvider:
    return mpesa.make("mpesa", {**OPTIONS, "base_url": daraja.url}, tokens)


def says(status: int, told=None, text: str = "", content_type: str = "text/html"):
    if told is not None:
        return lambda _: web.json_response(told, status=status)
    return lambda _: web.Response(status=status, text=text, content_type=content_type)


def error(status: int, code: str, message: str):
    return says(status, {"requestId": "1", "errorCode": code, "errorMessage": message})


async def test_the_request_is_safaricoms_own_sample_field_by_field(provider, daraja, http):
    answer = await provider.submit(http, ORDER)
    assert answer.outcome is SubmitOutcome.ACCEPTED
    path, body, _ = daraja.asked[0]
    sample = json.loads((RECORDED / "mpesa_b2c_request.json").read_bytes())
    assert path == "/mpesa/b2c/v3/paymentrequest"
    assert list(body.items()) == list(sample.items())


async def test_the_question_for_the_balance_is_safaricoms_own_sample(provider, daraja, http):
    answer = await provider.ask_float(
        http, "https://gw.example/hooks/p/r", "https://gw.example/hooks/p/t"
    )
    assert answer.outcome is SubmitOutcome.ACCEPTED
    assert daraja.asked[0][:2] == (
        "/mpesa/accountbalance/v1/query",
        {
            "Initiator": "testapi",
            "SecurityCredential": OPTIONS["security_credential"],
            "CommandID": "AccountBalance",
            "PartyA": "600992",
            "IdentifierType": "4",
            "Remarks": "remarked",
            "QueueTimeOutURL": "https://gw.example/hooks/p/t",
            "ResultURL": "https://gw.example/hooks/p/r",
        },
    )


async def test_the_question_names_our_key_and_where_the_answer_goes(provider, daraja, http):
    status = await provider.ask(http, ORDER)
    assert (status.found, status.key) == (PaymentStatus.PENDING, None)
    assert daraja.asked[0][:2] == (
        "/mpesa/transactionstatus/v1/query",
        {
            "Initiator": "testapi",
            "SecurityCredential": OPTIONS["security_credential"],
            "CommandID": "TransactionStatusQuery",
            "OriginalConversationID": ORDER.key,
            "PartyA": "600992",
            "IdentifierType": "4",
            "ResultURL": "https://mydomain.com/status",
            "QueueTimeOutURL": "https://mydomain.com/path",
            "Remarks": "remarked",
            "Occasion": "status",
        },
    )


S = SubmitOutcome


CLASSES = [
    (says(200, ACK), S.ACCEPTED, False),
    (says(200, {"ResponseCode": 0}), S.ACCEPTED, False),
    (says(500, DUPLICATE), S.DUPLICATE, False),
    (error(500, "500.002.1001", "System internal error."), S.AMBIGUOUS, False),
    (error(500, "00.002.1001", "Service is currently under maintenance."), S.AMBIGUOUS, False),
    (error(500, "500.003.1001", "Internal Server Error"), S.AMBIGUOUS, False),
    (error(500, "500.003.02", "Spike arrest violation"), S.NOT_SENT, False),
    (error(500, "500.003.03", "Quota violation"), S.NOT_SENT, False),
    (error(400, "400.002.02", "Bad Request - Invalid PartyB"), S.REJECTED, False),
    (error(400, "400.002.02", "Bad Request - Invalid Amount"), S.REJECTED, False),
    (error(400, "400.002.02", "Bad Request - Invalid PartyA"), S.NOT_SENT, True),
    (error(400, "400.002.02", "Bad Request"), S.AMBIGUOUS, False),
    (error(404, "404.001.01", "Resource not found"), S.NOT_SENT, True),
    (error(405, "405.001", "Method not allowed"), S.NOT_SENT, True),
    (error(400, "400.999.99", "news"), S.AMBIGUOUS, False),
    (says(429, text="slow down"), S.NOT_SENT, False),
    (says(403, text="<html>blocked</html>"), S.NOT_SENT, True),
    (says(200, text="<html>welcome</html>"), S.AMBIGUOUS, False),
    (says(200, text=""), S.AMBIGUOUS, False),
    (says(200, []), S.AMBIGUOUS, False),
    (says(200, {"ResponseCode": None}), S.AMBIGUOUS, False),
    (says(200, {"ResponseCode": "1"}), S.REJECTED, True),
    (says(200, {"ResponseCode": "2040"}), S.REJECTED, False),
    (says(200, {"ResponseCode": "17"}), S.AMBIGUOUS, False),
    (says(200, {"ResponseCode": "4711"}), S.AMBIGUOUS, False),
    (says(202, ACK), S.AMBIGUOUS, False),
    (says(302, ACK), S.AMBIGUOUS, False),
    (says(502, text="Bad Gateway"), S.AMBIGUOUS, False),
    (says(503, ACK), S.AMBIGUOUS, False),
    (says(200, text="x" * 300_000), S.AMBIGUOUS, False),
    (hang_up, S.AMBIGUOUS, False),
]


@pytest.mark.parametrize(("answer", "outcome", "pause"), CLASSES, ids=range(len(CLASSES)))
async def test_each_answer_has_its_class(provider, daraja, http, answer, outcome, pause):
    daraja.answer = answer
    told = await provider.submit(http, ORDER)
    assert (told.outcome, told.pause_provider) == (outcome, pause), told
    assert len(told.text) <= 1_000
    assert len(daraja.asked) == 1  # no retries inside, ever
    assert told.table
    daraja.answer = answer
    asked = await provider.ask(http, ORDER)
    assert asked.found is (
        PaymentStatus.PENDING if outcome is S.ACCEPTED else PaymentStatus.NO_ANSWER
    )


async def test_a_redirect_is_not_followed(provider, daraja, http):
    daraja.answer = lambda _: web.Response(status=307, headers={"Location": daraja.url + "/else"})
    assert (await provider.submit(http, ORDER)).outcome is S.AMBIGUOUS
    assert len(daraja.asked) == 1


async def test_a_slow_operator_may_have_taken_it(provider, daraja, http, monkeypatch):
    async def stalls(_):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(5)
        return web.json_response(ACK)

    await provider.submit(http, ORDER)
    monkeypatch.setattr(outbound, "CALL_S", 0.2)
    monkeypatch.setattr(
        outbound.call, "__kwdefaults__", {**outbound.call.__kwdefaults__, "total_s": 0.2}
    )
    daraja.answer = stalls
    assert (await provider.submit(http, ORDER)).outcome is S.AMBIGUOUS
    assert (await provider.ask(http, ORDER)).found is PaymentStatus.NO_ANSWER


async def test_an_answer_cut_in_the_middle_may_have_been_taken(provider, daraja, http):
    async def cut(request):
        reply = web.StreamResponse(headers={"Content-Length": "1000"})
        await reply.prepare(request)
        await reply.write(b'{"ResponseCode": "0"')
        request.transport.close()
        return reply

    daraja.answer = cut
    assert (await provider.submit(http, ORDER)).outcome is S.AMBIGUOUS


async def test_a_refused_connection_was_certainly_not_sent(http, tokens, unused_port):
    base = f"http://127.0.0.1:{unused_port}"
    provider = mpesa.make("mpesa", {**OPTIONS, "base_url": base}, tokens)
    assert (await provider.submit(http, ORDER)).outcome is S.NOT_SENT  # no token
    tokens.kept[provider._bearer.name] = "t1"
    told = await provider.submit(http, ORDER)
    assert (told.outcome, told.pause_provider) == (S.NOT_SENT, False)
    assert (await provider.ask(http, ORDER)).found is PaymentStatus.NO_ANSWER


async def test_a_name_that_does_not_resolve_was_certainly_not_sent(http, tokens):
    tokens.kept["mpesa:x"] = "t"
    provider = mpesa.make("mpesa", {**OPTIONS, "base_url": "http://nowhere.invalid"}, tokens)
    assert (await provider.submit(http, ORDER)).outcome is S.NOT_SENT


@pytest.fixture
async def unused_port():
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def test_a_token_ended_by_another_process_costs_one_more_try_and_no_more(
    provider, daraja, http, tokens
):
    await provider.submit(http, ORDER)
    daraja.tokens_given = 7  # another process fetched one
    assert (await provider.submit(http, ORDER)).outcome is S.ACCEPTED
    assert [auth for _, _, auth in daraja.asked] == ["Bearer t1", "Bearer t1", "Bearer t8"]
    assert tokens.lives == [3539, 3539]


async def test_a_token_refused_twice_is_not_sent_and_pauses(provider, daraja, http):
    daraja.answer = error(401, "401.002.01", "Invalid Access Token")
    told = await provider.submit(http, ORDER)
    assert (told.outcome, told.pause_provider) == (S.NOT_SENT, True)
    assert len(daraja.asked) == 2
    asked = await provider.ask(http, ORDER)
    assert (asked.found, asked.pause_provider) == (PaymentStatus.NO_ANSWER, True)


@pytest.mark.parametrize(
    ("status", "told", "pause"),
    [
        (400, {"errorCode": "400.008.01", "errorMessage": "Invalid Authentication passed"}, True),
        (500, {}, False),
        (429, {}, False),
        (200, {"access_token": "two\r\nlines", "expires_in": "3599"}, False),
        (200, {"access_token": None}, False),
        (200, [], False),
    ],
)
async def test_without_a_token_nothing_is_sent(provider, daraja, http, status, told, pause):
    daraja.token_answer = lambda: web.json_response(told, status=status)
    answer = await provider.submit(http, ORDER)
    assert (answer.outcome, answer.pause_provider) == (S.NOT_SENT, pause)
    assert daraja.asked == []


async def test_a_hundred_payouts_at_once_fetch_one_token(provider, daraja, http):
    answers = await asyncio.gather(*(provider.submit(http, ORDER) for _ in range(100)))
    assert {a.outcome for a in answers} == {S.ACCEPTED}
    assert daraja.tokens_given == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_minor": 1_050},
        {"amount_minor": 900},
        {"amount_minor": 25_000_100},
        {"currency": "UGX"},
        {"msisdn": "+256712345678"},
        {"msisdn": "0712345678"},
    ],
)
async def test_what_can_never_be_sent_is_refused_here(provider, daraja, http, wrong):
    fields = {f: getattr(ORDER, f) for f in Order.__slots__}
    told = await provider.submit(http, Order(**{**fields, **wrong}))
    assert (told.outcome, told.code) == (S.REJECTED, "order")
    assert daraja.asked == []


async def test_the_evidence_of_a_request_does_not_depend_on_the_credential(daraja, http, tokens):
    hashes_seen = set()
    for credential in ("one", "two"):
        options = {**OPTIONS, "base_url": daraja.url, "security_credential": credential}
        told = await mpesa.make("mpesa", options, tokens).submit(http, ORDER)
        hashes_seen.add(told.request_hash)
    assert len(hashes_seen) == 1


def certificate(key) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "apigee")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )


@pytest.mark.parametrize("form", [serialization.Encoding.PEM, serialization.Encoding.DER])
def test_the_password_goes_out_under_the_operators_certificate(tmp_path, form):
    key = rsa.generate_private_key(65537, 2048)
    file = tmp_path / "cert.cer"
    file.write_bytes(certificate(key).public_bytes(form))
    options = {k: v for k, v in OPTIONS.items() if k != "security_credential"}
    options |= {"initiator_password": "S#cret%9", "certificate_file": str(file)}
    provider = mpesa.make("mpesa", options, Tokens())
    sealed = base64.b64decode(provider._account.credential.get_secret_value())
    assert key.decrypt(sealed, padding.PKCS1v15()) == b"S#cret%9"
    assert "S#cret" not in repr(provider._account)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"base_url": ""}, "base_url: Field required"),
        ({"consumer_secret": None}, "consumer_secret: Field required"),
        ({"colour": "red"}, "colour: Extra inputs"),
        ({"command_id": "Pay"}, "command_id: Input should be 'BusinessPayment'"),
        ({"remarks": "x"}, "remarks: String should have at least 2"),
        ({"security_credential": ""}, "give security_credential"),
        (
            {"security_credential": "", "initiator_password": "x", "certificate_file": "/nowhere"},
            "certificate_file",
        ),
    ],
)
def test_a_wrong_setting_is_named(change, words):
    with pytest.raises(SettingsError, match=words):
        mpesa.make("mpesa", {**OPTIONS, **change}, Tokens())


def test_a_certificate_of_another_kind_is_named(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    file = tmp_path / "ec.pem"
    file.write_bytes(certificate(key).public_bytes(serialization.Encoding.PEM))
    change = {"security_credential": "", "initiator_password": "x", "certificate_file": str(file)}
    with pytest.raises(SettingsError, match="not an RSA certificate"):
        mpesa.make("mpesa", {**OPTIONS, **change}, Tokens())


def test_it_is_a_plug_in():
    assert "mpesa" in plugins.kinds(providers)
    provider = plugins.load(providers, "mpesa").make("kenya", OPTIONS, Tokens())
    assert provider.name == "kenya"
    assert (provider.minimum_minor, provider.maximum_minor, provider.dedups) == (
        1_000,
        25_000_000,
        True,
    )

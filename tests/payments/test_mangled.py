"""Bodies that strangers and broken proxies send.

No parser fails, and no callback moves money.
"""

# The strict rules are the product's (pyproject: include); fixtures have no types.
# pyright: basic

import base64
import random
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.base import plugins
from gateway.base.ids import PayoutId, WorkerId, derived_id
from gateway.base.net.outbound import HttpReply
from gateway.payments import providers
from gateway.payments.payout import Hinted, Payout
from gateway.payments.payouts import decide_payout
from gateway.payments.port import PaymentStatus, Status, SubmitAnswer
from gateway.payments.providers import mtn_momo
from gateway.payments.providers.mpesa.tables import result_of_answer
from gateway.payments.states import PayoutState

RECORDED = sorted((Path(__file__).parent / "recorded").rglob("*.json"))
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ODD = [
    None,
    True,
    -1,
    0,
    1e309,
    10**30,
    "",
    "0",
    "SUCCESSFUL",
    "\u0000",
    "9" * 5_000,
    [],
    {},
    [[]],
    {"Key": "Amount"},
]
KEY = "7f9c2ba4-e88f-427d-a23c-0c5a1b1e7a11"
_LIMITS = {"minimum": "1", "maximum": "100000"}
_PUBLIC = base64.b64encode(
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .public_key()
    .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
OPTIONS = {  # A provider that is not named here has the options of its EXAMPLE.
    "mpesa": {"base_url": "https://x", "consumer_key": "k", "consumer_secret": "s", "initiator": "i",
              "security_credential": "dA==", "shortcode": "600997"},
    "mtn_momo": {"base_url": "https://x", "api_user": "u", "api_key": "k", "subscription_key": "s",
                 "target_environment": "t", "currency": "ZMW", **_LIMITS},
    "airtel": {"base_url": "https://x", "client_id": "i", "client_secret": "s", "country": "KE", "currency": "KES",
               "public_key": _PUBLIC, "pin": "1234", **_LIMITS},
    "pawapay": {"base_url": "https://x", "api_token": "t", "provider": "MTN_MOMO_RWA", "currency": "RWF", **_LIMITS},
    "africastalking_airtime": {"base_url": "https://x", "username": "a", "api_key": "k", "currency": "KES", **_LIMITS},
}  # fmt: skip
SPOKEN = {  # Bodies beside those in the folder `recorded`.
    "mtn_momo": [{"status": "SUCCESSFUL", "amount": "10", "currency": "ZMW", "financialTransactionId": "1", "externalId": KEY,
                  "payee": {"partyIdType": "MSISDN", "partyId": "254712345678"}, "reason": {"code": "PAYEE_NOT_FOUND"}}],
    "airtel": [{"transaction": {"id": KEY.replace("-", ""), "status_code": said, "airtel_money_id": "MP1", "message": "Paid"}}
               for said in ("TS", "TF")],
    "pawapay": [{"payoutId": KEY, "status": said, "amount": "10", "currency": "RWF", "providerTransactionId": "1",
                 "recipient": {"type": "MMO", "accountDetails": {"phoneNumber": "254712345678", "provider": "MTN_MOMO_RWA"}},
                 "failureReason": {"failureCode": "RECIPIENT_NOT_FOUND", "failureMessage": "x"}}
                for said in ("COMPLETED", "FAILED", "ENQUEUED")],
    "africastalking_airtime": [{"requestId": "ATQid_1", "status": said, "phoneNumber": "+254712345678", "value": "KES 10",
                                "description": "x", "discount": "KES 0.4"} for said in ("Success", "Failed")],
}  # fmt: skip
PROVIDERS = {
    kind: plugins.load(providers, kind).make(
        kind, OPTIONS.get(kind, plugins.load(providers, kind).EXAMPLE), None
    )
    for kind in plugins.kinds(providers)
    if kind != "manual"  # A payment that is made manually has no callback.
}


def bodies() -> list[bytes]:
    found = [orjson.dumps(body) for listed in SPOKEN.values() for body in listed]
    found += [urlencode(body).encode() for body in SPOKEN["africastalking_airtime"]]

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if {"Result", "ResultCode", "errorCode", "ResponseCode", "status"} & set(value):
                found.append(orjson.dumps(value))
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)
        elif isinstance(value, str) and value.lstrip().startswith("{"):
            found.append(value.encode())

    for file in RECORDED:
        found.append(file.read_bytes())
        walk(orjson.loads(file.read_bytes()))
    return found


def mangled(body: bytes, dice: random.Random) -> bytes:
    """Return one body with one to four things wrong.

    Bytes are cut, flipped or doubled, or values have another shape.
    """
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(body) + 1)
        match dice.randrange(5):
            case 0:
                body = body[:at]
            case 1:
                body = body[:at] + bytes([dice.randrange(256)]) + body[at + 1 :]
            case 2:
                body = body[:at] + body[dice.randrange(len(body) + 1) :]
            case _:
                try:
                    body = orjson.dumps(_reshaped(orjson.loads(body), dice))
                except (ValueError, TypeError):
                    body = body[::-1]
    return body


def _reshaped(value: object, dice: random.Random) -> object:
    if isinstance(value, dict) and value and dice.random() < 0.8:
        name = dice.choice(list(value))
        return {**value, name: _reshaped(value[name], dice)}
    if isinstance(value, list) and value and dice.random() < 0.8:
        at = dice.randrange(len(value))
        return [*value[:at], _reshaped(value[at], dice), *value[at + 1 :]]
    return dice.choice(ODD)


READERS = {
    **{
        f"{kind} callback": partial(lambda made, body: made.parse_callback(body, {}), made)
        for kind, made in PROVIDERS.items()
    },
    "mpesa answer": lambda body: result_of_answer(HttpReply(200, body)),
    "mpesa error": lambda body: result_of_answer(HttpReply(500, body)),
    "mtn answer": lambda body: mtn_momo._judged(HttpReply(400, body)),
}


@pytest.mark.parametrize("reader", READERS)
def test_ten_thousand_mangled_bodies(reader):
    dice, listed = random.Random(reader), bodies()
    for _ in range(10_000):
        read = READERS[reader](mangled(dice.choice(listed), dice))
        assert isinstance(read, Status | SubmitAnswer)


def forged_tries(count: int) -> int:
    """Try forged callbacks of every provider against payouts in every state.

    Return how many had any effect but a question.
    """
    dice, listed, effects = random.Random(1), bodies(), 0
    made = list(PROVIDERS.values())
    states = [s for s in PayoutState if s is not PayoutState.REQUESTED]
    for n in range(count):
        one = Payout(
            PayoutId(derived_id("f", n)), WorkerId(1), "mpesa", KEY, "+254712345678", 1_000, "KES",
            state=states[n % len(states)], tries=1, maybe_taken=True, first_sent_at=NOW, sent_at=NOW,
        )  # fmt: skip
        body = dice.choice(listed) if dice.random() < 0.5 else mangled(dice.choice(listed), dice)
        status = made[n // len(states) % len(made)].parse_callback(body, {})
        after = decide_payout(one, Hinted(status), NOW + timedelta(minutes=1))
        same = (after.payout.state, after.payout.receipt, after.payout.tries) == (
            one.state,
            one.receipt,
            one.tries,
        )
        effects += bool(after.postings) or not same
    return effects


@pytest.mark.parametrize("kind", PROVIDERS)
def test_a_callback_forged_here_would_be_believed_from_the_asked_operator(kind):
    """Else the forgeries would prove nothing."""
    spoken = [PROVIDERS[kind].parse_callback(body, {}).found for body in bodies()]
    assert {PaymentStatus.PAID, PaymentStatus.FAILED} & set(spoken), (
        f"put a callback of {kind} for a payment that was made, or failed, into "
        f"tests/payments/recorded/{kind}_paid.json: none of the bodies there is one"
    )


def test_forged_callbacks_have_no_effect():
    assert forged_tries(10_000) == 0

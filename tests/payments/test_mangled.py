"""Bodies that strangers and broken proxies send: no parser falls over, and no callback moves money."""

# The strict rules are the product's (pyproject: include); fixtures have no types.
# pyright: basic

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from gateway.ids import PayoutId, WorkerId, derived_id
from gateway.payments.payouts import Hinted, Payout, decide
from gateway.payments.port import Answer, Status
from gateway.payments.providers import mtn_momo
from gateway.payments.providers.mpesa.results import read_callback
from gateway.payments.providers.mpesa.tables import judged
from gateway.payments.states import State
from gateway.payments.wire import Reply

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
MOMO = mtn_momo.make(
    "momo",
    {"base_url": "https://x", "api_user": "u", "api_key": "k", "subscription_key": "s", "target_environment": "t",
     "currency": "ZMW", "minimum": "1", "maximum": "100"},
    None,  # type: ignore[arg-type]  # it fetches no token here
)  # fmt: skip


def bodies() -> list[bytes]:
    found = [
        b'{"status":"SUCCESSFUL","amount":"10","currency":"ZMW","financialTransactionId":"1","externalId":"k","payee":{"partyIdType":"MSISDN","partyId":"260971234567"},"reason":{"code":"PAYEE_NOT_FOUND"}}'
    ]

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
        walk(orjson.loads(file.read_bytes()))
    return found


def mangled(body: bytes, dice: random.Random) -> bytes:
    """One body with one to four things wrong: bytes cut, flipped, doubled, or values of another shape."""
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
    "mpesa callback": read_callback,
    "mpesa answer": lambda body: judged(Reply(200, body)),
    "mpesa error": lambda body: judged(Reply(500, body)),
    "mtn callback": lambda body: MOMO.parse_callback(body, {}),
    "mtn answer": lambda body: mtn_momo._judged(Reply(400, body)),
}


@pytest.mark.parametrize("reader", READERS)
def test_ten_thousand_mangled_bodies(reader):
    dice, listed = random.Random(reader), bodies()
    for _ in range(10_000):
        read = READERS[reader](mangled(dice.choice(listed), dice))
        assert isinstance(read, Status | Answer)


def forged_tries(count: int) -> int:
    """Forged callbacks against payouts in every state; how many had any effect but a question."""
    dice, listed, effects = random.Random(1), bodies(), 0
    states = [s for s in State if s is not State.REQUESTED]
    for n in range(count):
        one = Payout(
            PayoutId(derived_id("f", n)), WorkerId(1), "mpesa", "k", "+254712345678", 1_000, "KES",
            state=states[n % len(states)], tries=1, maybe_taken=True, first_sent_at=NOW, sent_at=NOW,
        )  # fmt: skip
        body = dice.choice(listed) if dice.random() < 0.5 else mangled(dice.choice(listed), dice)
        status = read_callback(body) if n % 2 else MOMO.parse_callback(body, {})
        made = decide(one, Hinted(status), NOW + timedelta(minutes=1))
        same = (made.payout.state, made.payout.receipt, made.payout.tries) == (
            one.state,
            one.receipt,
            one.tries,
        )
        effects += bool(made.postings) or not same
    return effects


def test_forged_callbacks_have_no_effect():
    assert forged_tries(10_000) == 0

"""Every webhook under forged, replayed, malformed and mutated calls, over a real server."""

from collections.abc import Mapping

import httpx2
import pytest
from pydantic import SecretStr

from gateway.settings import LOCAL_CHANNEL, ChannelSettings, ChannelSide, ProviderSettings
from tests.conftest import opened_gateway
from tests.stories.payouts.test_payday_elsewhere import providers as elsewhere
from tests.system.fuzz.webhooks import OPERATORS, SECRET, TWILIO_TOKEN, Webhooks, judged

CASES = 1_000  # python -m tests.system.fuzz webhooks --cases 100000 for more
TWILIO = ChannelSettings(
    secret="t",
    sms=ChannelSide(
        kind="twilio",
        options={
            "account_sid": "AC1",
            "auth_token": TWILIO_TOKEN,
            "sender": "+254200000000",
        },
    ),
)
NOWHERE = "http://127.0.0.1:1"


def _channel(
    sms: Mapping[str, object], ussd: Mapping[str, object] | None = None
) -> ChannelSettings:
    def side(options: Mapping[str, object]) -> ChannelSide:
        rest = {name: value for name, value in options.items() if name != "kind"}
        return ChannelSide(kind=str(options["kind"]), options=rest)

    return ChannelSettings(secret=SECRET, sms=side(sms), ussd=side(ussd) if ussd else None)


# One channel of every kind. None of them sends: nothing here is worth a reply that goes out.
CHANNELS = {
    **LOCAL_CHANNEL,
    "tw": TWILIO,
    "at": _channel(
        {"kind": "africastalking", "username": "u", "api_key": "k", "sender": "21512", "base_url": NOWHERE},
        {"kind": "africastalking", "service_code": "*384*20#"},
    ),
    "ka": _channel({"kind": "kannel", "username": "u", "password": "p", "sender": "21512", "send_url": NOWHERE}),
    "ht": _channel(
        {"kind": "http", "sender": "21512", "url": NOWHERE, "insecure": True, "form": {"to": "{to}"}},
        {"kind": "http", "service_code": "*384*20#", "input": "last",
         "fields": {"session": ["session", "sessionId"], "number": ["from", "phoneNumber"]}},
    ),
}  # fmt: skip


def providers(url: str) -> dict[str, ProviderSettings]:
    """Return those payout providers whose portals know one address for all payouts.

    Their operator is asked at `url`.
    """
    known = elsewhere(url)
    return {
        name: known[name].model_copy(update={"secret": SecretStr(SECRET)}) for name in OPERATORS
    }


@pytest.fixture
async def doors(new_database):
    database = await new_database("fuzzed")
    async with opened_gateway(database, providers, channels=CHANNELS) as town:
        await town.opens()
        yield town


async def test_no_call_causes_a_fault_and_no_forgery_an_effect(doors):
    url = doors.rt.settings.public_url
    async with httpx2.AsyncClient(base_url=url, timeout=300) as http:
        report = await judged(doors.rt.db.value, Webhooks(http, url, seed=1), CASES)
    assert report.cases == CASES
    assert not report.faults, "\n".join(report.faults[:30])
    assert report.statuses["replayed", 200] == CASES // 4
    assert report.statuses["forged", 403] > 10, "signatures are judged"

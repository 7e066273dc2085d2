"""Every webhook under forged, replayed, malformed and mutated calls, over a real server."""

import httpx2
import pytest

from gateway.settings import LOCAL_CHANNEL, ChannelSettings, Side
from tests.conftest import opened_gateway
from tests.fuzz.webhooks import TWILIO_TOKEN, Webhooks, judged

CASES = 1_000  # python -m tests.fuzz webhooks --cases 100000 for more
TWILIO = ChannelSettings(
    secret="t",
    sms=Side(
        kind="twilio",
        options={
            "account_sid": "AC1",
            "auth_token": TWILIO_TOKEN,
            "sender": "+254200000000",
        },
    ),
)
CHANNELS = {**LOCAL_CHANNEL, "tw": TWILIO}


@pytest.fixture
async def doors(new_database):
    async with opened_gateway(await new_database("fuzzed"), channels=CHANNELS) as town:
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

"""An aggregator brings the SMS of several workers in one call.

Each worker gets her answer, once.
"""

import json

import pytest

from gateway.settings import ChannelSettings, ChannelSide
from gateway.steps.turns import events
from tests.conftest import opened_gateway

OPTIONS = {
    "sender": "20880",
    "url": "https://sms.example.org/send",
    "incoming": {"messages": "results", "id": "messageId"},
}
AMINA, FATUMA, ZAWADI = "+254712000101", "+254712000102", "+254712000103"


@pytest.fixture(scope="module")
async def lokal(new_database):
    side = ChannelSide(kind="http", options=OPTIONS)
    channels = {"lokal": ChannelSettings(secret="t", sms=side)}
    async with opened_gateway(await new_database("lists"), channels=channels) as town:
        yield town


def call(*messages):
    results = [
        {"messageId": str(n), "from": sender, "to": "20880", "text": text}
        for n, sender, text in messages
    ]
    return json.dumps({"results": results}).encode()


async def replies(town):
    rows = await town.rt.db.rows("select to_index from outbox where channel = 'lokal'")
    names = {town.rt.vault.index(number): number for number in (AMINA, FATUMA, ZAWADI)}
    return sorted(names[row["to_index"]] for row in rows)


async def test_one_that_cannot_be_read_does_not_lose_the_others(lokal):
    body = call((1, AMINA, "HELP"), (2, "", "HELP"), (3, FATUMA, "HELP"))
    for _ in range(2):
        answer = await lokal.http.post("/in/lokal/t/sms", content=body)
        assert answer.status_code == 200
        assert await replies(lokal) == [AMINA, FATUMA], "each was answered once"
        assert await lokal.count("inbox", "state = 'failed'") == 1, "the bad one alone is kept"
    grown = call((1, AMINA, "HELP"), (4, ZAWADI, "HELP"))
    await lokal.http.post("/in/lokal/t/sms", content=grown)
    assert await replies(lokal) == [AMINA, FATUMA, ZAWADI], "only the new one of a repeated call"


async def test_a_list_that_was_kept_before_its_settings_were_right_is_replayed_one_by_one(lokal):
    body = call((11, AMINA, "HELP"), (12, FATUMA, "HELP"))
    before = await replies(lokal)
    assert await events.process_event(lokal.rt, lokal.rt.channels["lokal"], "sms", body)
    assert await replies(lokal) == sorted([*before, AMINA, FATUMA])

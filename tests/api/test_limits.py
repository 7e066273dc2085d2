"""A caller that asks too often is told when to come again.

No other caller is held up, and providers never are.
"""

from gateway.api.callers import limits
from gateway.api.callers.limits import Buckets


async def account(town, key):
    return await town.http.get("/api/v1/account", headers={"Authorization": f"Bearer {key}"})


async def test_a_key_that_asks_too_often_waits_and_others_do_not(town, configure):
    configure(requests_per_minute=3)
    other = await town.new_client("Other")
    codes = [(await account(town, town.client.key)).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    refused = await account(town, town.client.key)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "20"
    assert "try again in 20 s" in refused.json()["detail"]
    assert (await account(town, other.key)).status_code == 200
    town.clock.advance(seconds=20)
    assert (await account(town, town.client.key)).status_code == 200
    assert (await account(town, town.client.key)).status_code == 429


async def test_guessing_keys_ends_soon_and_does_not_lock_out_a_client_with_a_key(town, configure):
    """Guesser and client may sit behind the same address."""
    assert (await account(town, town.client.key)).status_code == 200
    configure(strangers_per_minute=5)
    town.clock.advance(minutes=5)
    codes = [(await account(town, f"gw_guess{n}")).status_code for n in range(8)]
    assert codes == [401] * 5 + [429] * 3
    assert (await town.http.get("/api/v1/account")).status_code == 429, "no key at all"
    assert (await account(town, town.client.key)).status_code == 200
    town.clock.advance(seconds=13)
    assert (await account(town, "gw_guess9")).status_code == 401


async def test_providers_and_monitors_are_never_held_up(town, configure):
    configure(strangers_per_minute=1, requests_per_minute=1)
    form = {"from": "+254712000001", "to": "20880", "text": "HELLO"}
    for n in range(5):
        assert (await town.post("/in/phone/local/sms", {"id": str(n), **form})).status_code == 200
        assert (await town.post("/in/phone/wrong/sms", form)).status_code == 404
        assert (await town.http.get("/metrics")).status_code == 200
        assert (await town.http.get("/healthz")).status_code == 200


async def test_no_limit_is_no_limit(town, configure):
    configure(strangers_per_minute=0, requests_per_minute=0)
    assert {(await account(town, "gw_x")).status_code for _ in range(150)} == {401}
    assert {(await account(town, town.client.key)).status_code for _ in range(5)} == {200}


def test_a_bucket_never_holds_more_than_a_minutes_worth():
    buckets = Buckets()
    assert [buckets.take("a", 2, 0.0) for _ in range(3)] == [0.0, 0.0, 30.0]
    assert [buckets.take("a", 2, 1e6) for _ in range(3)] == [0.0, 0.0, 30.0]
    assert buckets.take("a", 2, 0.0) == 0.0, "a clock that was put back holds nobody up"


def test_a_million_addresses_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(limits, "REMEMBERED_MAX", 10)
    buckets = Buckets()
    for n in range(100):
        buckets.take(str(n), 1, 0.0)
    assert [n for n in range(100) if str(n) in buckets] == list(range(90, 100))

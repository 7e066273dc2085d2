"""API keys: what each may do, until when, and how the operator sees them."""

from datetime import timedelta

import pytest

from gateway.api.callers.scopes import scope_of
from gateway.base.errors import Refused
from gateway.base.scopes import MEANINGS, KeyScope, scopes_named
from gateway.steps.people import api_keys
from gateway.steps.people.api_keys import WantedKey
from tests.support.operations import operations_of


async def a_key(town, **wanted):
    return await api_keys.add_key(town.rt, town.client.id, WantedKey(**wanted))


async def asks(town, key, method, path, **given):
    headers = {"Authorization": f"Bearer {key}"}
    return await town.http.request(method, path, headers=headers, **given)


async def test_every_operation_needs_its_scope_and_no_other_one(town, configure):
    """Each key with one scope passes exactly the operations that need it."""
    configure(requests_per_minute=0)
    keys = {scope: await a_key(town, scopes=scope) for scope in KeyScope}
    operations = await operations_of(town)
    assert len(operations) > 50
    for each in operations:
        method, path = each.method, each.path()
        needed = scope_of(method, path)
        assert needed is not None, f"{each.id} has no scope"
        for scope, key in keys.items():
            answer = await asks(town, key, method, path)
            if scope == needed:
                assert answer.status_code not in (401, 403), (each.id, answer.text)
            else:
                assert answer.status_code == 403, (each.id, scope, answer.text)
                assert answer.json()["code"] == "scope_missing"
                assert str(needed) in answer.json()["detail"], "it names the scope to ask for"


async def test_a_key_without_the_scope_is_refused_before_its_body_is_read(town):
    key = await a_key(town, scopes="batches:read")
    body = b"x" * (town.rt.settings.limits.body_bytes + 1)
    assert (await asks(town, key, "POST", "/api/v1/batches", content=body)).status_code == 403


async def test_an_address_without_a_rule_is_closed_to_a_key_with_few_scopes(town):
    key = await a_key(town, scopes="batches:read")
    assert (await asks(town, key, "GET", "/api/v1/unheard-of")).status_code == 404


async def test_an_expired_key_has_a_code_of_its_own(town):
    key = await a_key(town, days=1)
    assert (await asks(town, key, "GET", "/api/v1/account")).status_code == 200
    town.clock.advance(days=1, seconds=1)
    answer = await asks(town, key, "GET", "/api/v1/account")
    assert (answer.status_code, answer.json()["code"]) == (401, "key_expired")
    assert (await town.client.asks("GET", "/account")).status_code == 200, "others go on"
    unknown = await asks(town, "gw_unheard", "GET", "/api/v1/account")
    assert unknown.json()["code"] == "key_unknown"
    without = await town.http.get("/api/v1/account")
    assert without.json()["code"] == "key_missing"


async def test_the_operator_sees_name_scopes_expiry_last_characters_and_last_use(town):
    before = town.clock.now()
    key = await a_key(town, name="dashboard", scopes="results:read", days=90)
    first, added = await api_keys.list_keys(town.rt, town.client.id)
    assert first.scopes == ["*"], "the first key of a client may do everything"
    assert (added.name, added.scopes) == ("dashboard", ["results:read"])
    assert (added.shown, added.last_four) == (key[:8], key[-4:])
    assert added.expires_at is not None
    assert before <= added.expires_at - timedelta(days=90) <= town.clock.now()
    assert added.used_at is None
    await asks(town, key, "GET", "/api/v1/batches/b_1/results")
    assert (await api_keys.list_keys(town.rt, town.client.id))[1].used_at is not None


async def test_the_last_use_is_not_written_with_every_request(town):
    key = await a_key(town)
    await asks(town, key, "GET", "/api/v1/account")
    first = (await api_keys.list_keys(town.rt, town.client.id))[1].used_at
    await asks(town, key, "GET", "/api/v1/account")
    assert (await api_keys.list_keys(town.rt, town.client.id))[1].used_at == first
    town.clock.advance(minutes=11)
    await asks(town, key, "GET", "/api/v1/account")
    assert (await api_keys.list_keys(town.rt, town.client.id))[1].used_at > first


@pytest.mark.parametrize(
    "named",
    [lambda key: key[:8], lambda key: key[-4:], lambda _: "mine"],
    ids=["first characters", "last characters", "name"],
)
async def test_a_key_is_revoked_by_what_the_list_shows(town, named):
    key = await a_key(town, name="mine")
    await api_keys.revoke_key(town.rt, town.client.id, named(key))
    assert (await asks(town, key, "GET", "/api/v1/account")).status_code == 401
    assert (await town.client.asks("GET", "/account")).status_code == 200
    with pytest.raises(Refused):
        await api_keys.revoke_key(town.rt, town.client.id, "")


def test_a_scope_that_does_not_exist_is_refused_with_the_list():
    with pytest.raises(Refused, match="batches:read, batches:write"):
        scopes_named("batch:read")
    assert scopes_named("all") == ("*",)
    assert set(MEANINGS) == set(KeyScope)


async def test_an_answer_tells_the_limit_of_its_key(town, configure):
    configure(requests_per_minute=1)
    answer = await town.client.asks("GET", "/account")
    assert answer.headers["ratelimit-policy"] == '"key";q=1;w=60'
    assert answer.headers["ratelimit"] == '"key";r=0;t=60'
    names = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")
    assert [answer.headers[name] for name in names] == ["1", "0", "60"]
    assert answer.headers["x-request-id"]
    refused = await town.client.asks("GET", "/account")
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert refused.headers["ratelimit-remaining"] == "0"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["x-request-id"] != answer.headers["x-request-id"]
    configure(requests_per_minute=0)
    assert "ratelimit" not in (await town.client.asks("GET", "/account")).headers

"""The methods, names and origins that a request may use, and the headers of every answer."""

import asyncio

import pytest

from gateway.api.callers import addresses
from gateway.settings import Settings
from gateway.simulator.wire import FORM

SMS = b"id=%I&from=%2B254711000001&to=20880&text=JOIN+KIBERA"
FORM_HEADER = f"Content-Type: {FORM['Content-Type']}"


async def inbox(server) -> str:
    """Return the number of webhooks that were taken, from /metrics."""
    told = (await server.says("GET", "/metrics")).text
    return "\n".join(
        line
        for line in told.splitlines()
        if "gateway_webhooks" in line and 'outcome="taken"' in line
    )


@pytest.mark.parametrize(
    "path",
    ["/in/ka/ka-secret/sms?id=1&from=%2B254711000009&text=JOIN", "/in/ka/ka-secret/receipt?x=1", "/in/at/at-secret/ussd",
     "/in/at/at-secret/sms", "/hooks/p/token", "/hooks/o/mpesa/secret"],
)  # fmt: skip
async def test_head_has_no_effect(usual, path):
    before = await inbox(usual)
    answer = await usual.says("HEAD", path)
    assert answer.status == 405
    assert "POST" in answer.headers["allow"]
    assert "HEAD" not in answer.headers["allow"]
    assert await inbox(usual) == before


async def test_a_carrier_that_posts_may_only_post_and_kannel_may_do_both(usual):
    for event in ("sms", "receipt", "ussd", "session-end", "opt-out"):
        answer = await usual.says("GET", f"/in/at/at-secret/{event}?from=%2B254711000001&text=hi")
        assert (answer.status, answer.headers["allow"]) == (405, "POST"), event
    assert (await usual.says("GET", "/in/at/wrong/sms")).status == 404, "a stranger learns nothing"
    query = "id=k1&from=%2B254711000001&to=20880&text=hello&ts=1700000000"
    assert (await usual.says("GET", f"/in/ka/ka-secret/sms?{query}")).status == 200


async def test_a_method_that_is_not_taken_is_answered_with_those_that_are(usual):
    answer = await usual.says("DELETE", "/api/v1/batches", key=usual.key)
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, POST"
    assert answer.json["title"] == "Method not allowed"
    assert "GET, POST" in answer.json["detail"]
    answer = await usual.says("PUT", "/console")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/api/v1/account"), ("GET", "/nowhere"), ("POST", "/in/at/wrong/sms"),
     ("GET", "/console"), ("GET", "/metrics"), ("BREW", "/api/v1/batches")],
)  # fmt: skip
async def test_every_answer_has_an_id_and_no_name_of_a_server(usual, method, path):
    first, second = await usual.says(method, path), await usual.says(method, path)
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert "server" not in first.headers


async def test_a_caller_cannot_choose_its_id_and_a_trusted_proxy_can(proxied):
    ours = "Host: gateway.example.org"
    answer = await proxied.says("GET", "/healthz", ours, "X-Request-Id: chosen-by-me")
    assert answer.headers["x-request-id"] != "chosen-by-me"
    told = "X-Request-Id: 0123456789abcdef"
    answer = await proxied.says("GET", "/healthz", ours, told, address="127.0.0.9")
    assert answer.headers["x-request-id"] == "0123456789abcdef"


@pytest.mark.parametrize("path", ["/api/v1/account", "/console", "/docs", "/openapi.json"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "gateway.example.org.evil.example", "", "127.0.0.1.evil.example"]
)  # fmt: skip
async def test_a_name_that_is_not_ours_is_not_answered(proxied, path, host):
    answer = await proxied.says("GET", path, f"Host: {host}", key=proxied.key)
    assert answer.status == 421
    assert "GATEWAY_ALLOWED_HOSTS" in answer.text


async def test_our_own_names_are_answered_and_webhooks_to_any(proxied):
    for host in (
        "gateway.example.org",
        "GATEWAY.example.org:443",
        "127.0.0.1:1",
        "localhost",
        "[::1]",
    ):
        answer = await proxied.says("GET", "/api/v1/account", f"Host: {host}", key=proxied.key)
        assert answer.status == 200, host
    for path in ("/healthz", "/readyz", "/in/ka/ka-secret/sms?id=k2&from=%2B254711000001&text=hi"):
        assert (await proxied.says("GET", path, "Host: 10.1.2.3")).status == 200


async def test_no_redirect_leads_to_the_name_a_caller_wrote(usual):
    for path in ("/console/", "/api/v1/batches/", "/in/at/at-secret/sms/", "/phone/", "/docs/"):
        answer = await usual.says("GET", path, key=usual.key)
        assert not answer.headers.get("location", "").startswith("http"), path
    assert (await usual.says("GET", "/console/")).status == 401, "the page itself"


@pytest.mark.parametrize(
    "header", ["Origin: https://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"]
)  # fmt: skip
async def test_no_other_web_page_uses_the_try_out_phone(usual, header):
    for method, path in (
        ("POST", "/in/phone/local/sms"),
        ("POST", "/phone/sms"),
        ("GET", "/phone/messages?number=1"),
    ):
        answer = await usual.says(method, path, FORM_HEADER, header, body=SMS)
        assert answer.status == 403, path


async def test_a_stolen_name_does_not_reach_the_try_out_phone(tried_out):
    """A page of evil.example whose name was pointed at this machine.

    To the browser it is the same origin.
    """
    names = ("Host: evil.example", "Origin: http://evil.example", "Sec-Fetch-Site: same-origin")
    for path in ("/in/phone/local/sms", "/phone/sms"):
        assert (await tried_out.says("POST", path, FORM_HEADER, *names, body=SMS)).status == 421
    answer = await tried_out.says("POST", "/in/phone/local/sms", FORM_HEADER, body=SMS)
    assert answer.status == 200, "a program of this machine"
    same = (f"Origin: http://{tried_out.host}", "Sec-Fetch-Site: same-origin")
    answer = await tried_out.says("POST", "/in/phone/local/sms", FORM_HEADER, *same, body=SMS)
    assert answer.status == 200, "the page itself"
    assert (await tried_out.says("GET", "/phone", "Sec-Fetch-Site: cross-site")).status == 200, (
        "a link"
    )


async def test_a_forged_address_does_not_make_another_stranger(proxied):
    """X-Forwarded-For of a caller that is no proxy of the gateway counts for nothing.

    The limit per address holds.
    """
    ours = "Host: gateway.example.org"
    statuses = [
        (await proxied.says("GET", "/api/v1/account", ours, f"X-Forwarded-For: 198.51.100.{n}", address="127.0.0.4")).status
        for n in range(8)
    ]  # fmt: skip
    assert statuses == [401] * 5 + [429] * 3


async def test_behind_a_trusted_proxy_each_caller_is_its_own_whatever_it_writes(proxied):
    ours = "Host: gateway.example.org"
    forged = [f"X-Forwarded-For: 192.0.2.{n}, 203.0.113.5, 10.1.1.1" for n in range(8)]
    statuses = [
        (await proxied.says("GET", "/api/v1/account", ours, told, address="127.0.0.9")).status
        for told in forged
    ]
    assert statuses == [401] * 5 + [429] * 3, "the nearest address that is no proxy's counts"
    other = "X-Forwarded-For: 203.0.113.6"
    assert (
        await proxied.says("GET", "/api/v1/account", ours, other, address="127.0.0.9")
    ).status == 401


async def test_pages_for_the_inside_are_not_served_to_the_outside(proxied):
    for path in ("/metrics", "/docs", "/docs/swagger-ui.css", "/redoc", "/openapi.json"):
        ours = "Host: gateway.example.org"
        here = (await proxied.says("GET", path, ours)).status
        assert here == (308 if path == "/redoc" else 200), "this machine"
        for more, address in (
            ("X-Forwarded-For: 203.0.113.6", "127.0.0.9"),  # through the trusted proxy
            ("X-Forwarded-For: 127.0.0.1", "127.0.0.1"),  # through a proxy that is not trusted
            ("Via: 1.1 proxy", "127.0.0.1"),
        ):
            answer = await proxied.says("GET", path, ours, more, address=address)
            assert answer.status == 404, (path, more)
            assert "GATEWAY_SERVE_" in answer.text


async def test_pages_can_be_switched_off(switched_off):
    for path in ("/metrics", "/docs", "/docs/swagger-ui.css", "/redoc", "/openapi.json"):
        assert (await switched_off.says("GET", path)).status == 404


async def test_every_operation_declares_what_it_may_answer(usual):
    document = (await usual.says("GET", "/openapi.json")).json
    wanted = {"400", "401", "402", "404", "405", "408", "409", "413", "422", "429", "500", "503"}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert wanted <= set(operation["responses"]), (method, path)
            problem = operation["responses"]["422"]["content"]
            assert set(problem) == {"application/problem+json"}


def test_the_chain_of_proxies_is_read_from_its_end():
    proxies = Settings(trusted_proxies=("10.0.0.0/8", "2001:db8:1::/48")).trusted_proxies

    def caller(peer: str, *told: str) -> str:
        scope = {"client": (peer, 1), "scheme": "http", "headers": [(b"x-forwarded-for", t.encode()) for t in told]}  # fmt: skip
        addresses.behind_proxies(scope, proxies)
        return scope["client"][0]

    assert caller("198.51.100.1", "1.1.1.1") == "198.51.100.1"
    assert caller("10.0.0.1", "1.1.1.1") == "1.1.1.1"
    assert caller("10.0.0.1", "1.1.1.1, 2.2.2.2") == "2.2.2.2"
    assert caller("10.0.0.1", "1.1.1.1, 10.2.2.2") == "1.1.1.1"
    assert caller("10.0.0.1", "1.1.1.1", "2.2.2.2") == "2.2.2.2", (
        "the last header is the nearest proxy's"
    )
    assert caller("10.0.0.1", "9.9.9.9, nonsense, 10.0.0.2") == "10.0.0.2"
    assert caller("10.0.0.1") == "10.0.0.1"
    assert caller("2001:db8:1::1", "[2001:db8:2::1]:443") == "2001:db8:2::1"
    assert caller("::ffff:10.0.0.1", "1.1.1.1") == "1.1.1.1"


async def test_a_fault_of_ours_is_a_problem_with_an_id_and_one_line_in_the_log():
    from collections import Counter

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from gateway.api import problems
    from gateway.api.edge.doors import Applications, Dispatcher

    class Refusals(Counter):
        def add_refusal(self, reason):
            self[reason] += 1

    async def breaks(scope, receive, send):
        raise ZeroDivisionError

    app = FastAPI()
    problems.add_handlers(app)
    app.add_api_route("/broken", lambda: 1 / 0)
    doors = Dispatcher(app)
    doors.open_with(Applications(Settings(), app, breaks), Refusals())
    client = TestClient(doors, base_url="http://127.0.0.1")
    for path in ("/broken", "/in/at/secret/sms"):
        answer = await asyncio.to_thread(client.get, path)
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_head_answers_like_get_without_the_body(town):
    batch = await town.posts_batch("Is it open?")
    for path in ("/batches", f"/batches/{batch.id}", f"/batches/{batch.id}/results", "/webhooks"):
        full, head = [await town.client.asks(method, path) for method in ("GET", "HEAD")]
        assert (head.status_code, head.content) == (200, b""), path
        assert head.headers.get("etag") == full.headers.get("etag"), path
        assert head.headers["content-type"] == full.headers["content-type"]
    unknown = await town.client.asks("HEAD", "/batches/b_nothing")
    assert (unknown.status_code, unknown.content) == (404, b"")
    assert (await town.client.asks("HEAD", "/batches?nonsense=1")).status_code == 422
    assert (await town.client.asks("HEAD", f"/batches/{batch.id}/start")).status_code == 405
    assert (await town.http.head("/api/v1/batches")).status_code == 401
    assert (await town.http.head("/healthz")).status_code == 200

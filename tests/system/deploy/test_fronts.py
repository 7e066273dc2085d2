"""A gateway behind the real nginx and the real Caddy, each over its example in deploy/."""

import asyncio
import base64
import hashlib
import hmac
import json
from pathlib import Path
from urllib.parse import urlencode

import asyncpg
import pytest

from tests.api.edge.served import answer_from
from tests.console.tree import eventually
from tests.support.kannel import free_ports

from .conftest import TWILIO_TOKEN
from .front import NAME, Behind, fronted

FORM = "Content-Type: application/x-www-form-urlencoded"
CSV = "Content-Type: text/csv"


def sms(event: str, text: str = "HELP") -> bytes:
    """An SMS as Africa's Talking brings it."""
    return urlencode(
        {
            "id": event,
            "from": "+254799000111",
            "to": "20880",
            "text": text,
            "date": "2026-11-30 08:00:00",
        }
    ).encode()


async def events(behind) -> int:
    """Return the number of events that the gateway has taken."""
    _, _, url, _ = behind
    books = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await books.fetchval("select count(*) from inbox")
    finally:
        await books.close()


async def draft(front) -> str:
    """A new batch; its id."""
    body = {"name": "Shops", "kind": "verification", "instructions": "Is it so?", "price": "5.00"}
    answer = await front.says(
        "POST",
        "/api/v1/batches",
        "Content-Type: application/json",
        body=json.dumps(body).encode(),
        key=front.key,
    )
    assert answer.status == 201, answer.text
    return answer.json["id"]


async def test_each_call_reaches_the_process_that_serves_it(front):
    answer = await front.says("POST", "/in/at/at-secret/sms", FORM, body=sms(f"r-{front.kind}"))
    assert answer.status == 200, answer.text
    screen = await front.dials(f"r-{front.kind}")
    assert screen.status == 200
    assert screen.text.startswith(("CON ", "END "))
    assert (await front.says("POST", "/hooks/p/nothing", FORM, body=b"x=1")).status == 404
    assert (await front.says("GET", "/console")).status == 401
    account = await front.says("GET", "/api/v1/account", key=front.key)
    assert account.status == 200, account.text
    assert (await front.says("GET", "/healthz")).text == "ok"


async def test_figures_and_the_try_outs_phone_stay_inside(front):
    for path in ("/metrics", "/phone", "/phone/messages?number=1"):
        answer = await front.says("GET", path)
        assert answer.status == 404, path
        assert "gateway_" not in answer.text


async def test_what_comes_without_tls_is_sent_on_to_our_own_name(front):
    reader, writer = await asyncio.open_connection("127.0.0.1", front.plain)
    host = NAME if front.kind == "caddy" else "evil.example"
    writer.write(f"POST /in/at/at-secret/sms HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    answer = await answer_from(reader)
    writer.close()
    assert answer.status == 308, "the method and the body are kept"
    assert answer.headers["location"].startswith(f"https://{NAME}")


async def test_each_caller_is_its_own_whatever_it_forges(front, behind):
    """The limit by address counts the address that the web server saw.

    The address is one per web server and test.
    """
    forged = [
        (f"X-Forwarded-For: 203.0.113.{n}", f"X-Real-IP: 203.0.113.{n}", f"Forwarded: for=203.0.113.{n}")
        for n in range(8)
    ]  # fmt: skip
    first, second = (
        ("127.0.7.1", "127.0.7.2") if front.kind == "nginx" else ("127.0.8.1", "127.0.8.2")
    )
    statuses = [(await front.says("GET", "/api/v1/account", *each, address=first)).status for each in forged]  # fmt: skip
    assert statuses == [401] * 5 + [429] * 3
    assert (await front.says("GET", "/api/v1/account", address=second)).status == 401


async def test_a_caller_cannot_choose_the_id_of_its_request(front):
    answer = await front.says("GET", "/healthz", "X-Request-Id: chosen-by-me")
    assert answer.headers["x-request-id"] not in ("", "chosen-by-me")
    again = await front.says("GET", "/healthz")
    assert again.headers["x-request-id"] != answer.headers["x-request-id"]


async def test_one_id_stands_in_both_logs(front, behind):
    answer = await front.says("POST", "/in/at/wrong-secret/sms", FORM, body=sms("x"))
    assert answer.status == 404
    request_id = answer.headers["x-request-id"]
    await logged(front, request_id)
    _, _, _, folder = behind
    said = "".join(file.read_text() for file in folder.glob("phones-*.log"))
    assert request_id in said


async def test_no_log_holds_a_secret_a_number_or_a_key(front):
    query = urlencode({"id": f"g-{front.kind}", "from": "+254799000222", "text": "HELP", "ts": "1700000000"})  # fmt: skip
    assert (await front.says("GET", f"/in/ka/ka-secret/sms?{query}")).status == 200
    await front.says("POST", "/in/at/at-secret/sms", FORM, body=sms(f"l-{front.kind}"))
    await front.says("POST", "/in/at/at-secret/none", FORM, body=b"")
    await front.says("POST", "/hooks/o/mpesa/operators-secret", FORM, body=b"")
    await front.says("POST", "/hooks/p/payouts-token", FORM, body=b"")
    await front.says("GET", "/console?key=a-coordinators-key")
    answer = await front.says("GET", "/api/v1/account", key=front.key)
    told = await logged(front, answer.headers["x-request-id"])
    assert "/api/v1/account" in told
    assert "/in/ka/..." in told
    for secret in ("ka-secret", "at-secret", "operators-secret", "payouts-token", "coordinators-key", front.key, "254799000222"):  # fmt: skip
        assert secret not in told, secret


async def logged(front, words: str) -> str:
    """The web server's log, as soon as it holds these words."""
    return await asyncio.to_thread(
        eventually, lambda: told if words in (told := front.logged()) else None
    )


async def test_an_upload_up_to_the_limit_passes_and_one_byte_more_does_not(front):
    batch = await draft(front)
    path = f"/api/v1/batches/{batch}/tasks"
    tasks = b"id,text\n" + b"".join(
        b"%d,Is shop number %d open today?\n" % (n, n) for n in range(20_000)
    )
    answer = await front.says("POST", path, CSV, body=tasks, key=front.key)
    assert answer.status == 201, answer.text
    assert answer.json["added"] == 20_000
    most = 50 * 1024 * 1024
    wrong = b"no,such,columns\n".ljust(most, b"x")
    answer = await front.says("POST", path, CSV, body=wrong, key=front.key)
    assert answer.status == 422, "the whole of it came to the gateway, which reads it"
    # The length is announced: the answer comes long before the whole of it is sent.
    head = front.head("POST", path, CSV, f"Content-Length: {most + 1}", key=front.key)
    answer, sent = await front.pours(
        head, (b"x" * 65536 for _ in range(most // 65536)), pause_s=0.005
    )
    assert sent < most
    assert answer.status == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert "50 MB" in answer.json["detail"]


async def test_an_upload_without_a_key_is_refused_before_it_is_read(front):
    head = front.head("POST", "/api/v1/batches/b_1/tasks", CSV, "Content-Length: 50000000")
    answer, sent = await front.pours(head, (b"x" * 65536 for _ in range(760)), pause_s=0.005)
    assert answer.status == 401, answer.text
    assert sent < 40_000_000


@pytest.mark.parametrize("path", ["/in/at/at-secret/sms", "/api/v1/batches", "/hooks/p/nothing"])
async def test_a_body_that_is_too_large_is_refused_chunked_or_not(front, path):
    size = 300 * 1024
    told = front.head("POST", path, FORM, f"Content-Length: {size}", key=front.key)
    answer, _ = await front.pours(told, [b"x" * size])
    assert answer.status == 413, answer.text
    chunked = front.head("POST", path, FORM, "Transfer-Encoding: chunked", key=front.key)
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    answer, _ = await front.pours(chunked, [chunk] * 6 + [b"0\r\n\r\n"])
    assert answer.status == 413, answer.text


def established(ports) -> int:
    """Return the number of connections that the gateway's processes hold."""
    wanted = {f"{port:04X}" for port in ports}
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(
        words[3] == "01" and words[1].partition(":")[2] in wanted for words in map(str.split, lines)
    )


async def test_slow_callers_wait_at_the_web_server_and_phones_are_answered(front, behind):
    ports, _, _, _ = behind
    head = front.head("POST", "/in/at/at-secret/sms", FORM, "Content-Length: 1000")
    before = established(ports.phones)
    slow = [await front.connects() for _ in range(150)]
    for _, writer in slow:
        writer.write(head + b"id=")
    for _ in range(10):
        screen = await front.dials(f"slow-{front.kind}")
        assert screen.status == 200
    assert established(ports.phones) < before + 75
    for _, writer in slow:
        writer.close()


async def test_twilios_signature_holds_behind_the_web_server(front):
    form = {"MessageSid": f"SM{'0' * 31}{len(front.kind)}", "From": "+254799000333", "To": "+254200000000", "Body": "HELP", "NumMedia": "0"}  # fmt: skip
    signed = f"https://{NAME}/in/tw/tw-secret/sms" + "".join(f"{k}{form[k]}" for k in sorted(form))
    mac = base64.b64encode(hmac.new(TWILIO_TOKEN.encode(), signed.encode(), hashlib.sha1).digest())
    path, body = "/in/tw/tw-secret/sms", urlencode(form).encode()
    answer = await front.says("POST", path, FORM, f"X-Twilio-Signature: {mac.decode()}", body=body)
    assert answer.status == 200, answer.text
    answer = await front.says(
        "POST", path, FORM, f"X-Twilio-Signature: {mac.decode()}", body=body.replace(b"333", b"334")
    )
    assert answer.status == 403


async def test_head_has_no_effect(front, behind):
    before = await events(behind)
    query = urlencode({"id": "head", "from": "+254799000444", "text": "HELP", "ts": "1700000000"})
    assert (await front.says("HEAD", f"/in/ka/ka-secret/sms?{query}")).status == 405
    assert (await front.says("HEAD", "/in/at/at-secret/sms")).status == 405
    assert await events(behind) == before


async def test_while_no_process_answers_the_caller_is_told_when_to_come_again(front, tmp_path):
    (closed,) = free_ports("closed").values()
    async with fronted(front.kind, Behind((closed,), closed), tmp_path) as alone:
        answer = await alone.says("GET", "/api/v1/account")
    assert answer.status == 503
    assert answer.headers["retry-after"] == "2"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["status"] == 503

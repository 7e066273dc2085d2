"""Bodies of any size, encoding and slowness.

The server takes what its limits permit, and says which limit a refused body broke.
"""

import asyncio

import pytest

from .served import answer_from

MB = 2**20
JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"
PIECE = b"x" * 65536
CHUNK = b"10000\r\n" + PIECE + b"\r\n"
# A process that reads another path of code for the first time may grow by this much; the bodies are
# far larger.
FEW_MB = 12


async def batch_of(server) -> str:
    body = b'{"name": "b", "kind": "verification", "instructions": "Is it so?", "price": "3.00"}'
    made = await server.says("POST", "/api/v1/batches", JSON, body=body, key=server.key)
    assert made.status == 201, made.text
    return made.json["id"]


@pytest.mark.parametrize(
    "path", ["/api/v1/batches", "/api/v1/batches/b_1/tasks", "/api/v1/nothing"]
)
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_without_a_key_is_not_read(usual, path, chunked):
    """300 MB here; the size does not matter, since the answer comes before the first byte."""
    await usual.says("POST", path, JSON, body=b"{}")
    before = usual.memory_mb()
    framing = CHUNKED if chunked else f"Content-Length: {1500 * MB}"
    pieces = (CHUNK if chunked else PIECE for _ in range(300 * 16))
    answer, sent = await usual.pours(usual.head("POST", path, JSON, framing), pieces)
    assert answer.status == 401
    assert answer.headers["connection"] == "close"
    assert sent < 300 * MB
    assert usual.memory_mb() - before < FEW_MB
    assert (await usual.dials(f"after-{chunked}-{path}")).status == 200


async def test_many_half_sent_bodies_without_a_key_hold_no_memory(usual):
    before = usual.memory_mb()
    head = usual.head("POST", "/api/v1/batches", JSON, f"Content-Length: {100 * MB}")
    answers = await asyncio.gather(*(usual.pours(head, [PIECE] * 160) for _ in range(10)))
    assert {answer.status for answer, _ in answers} == {401}
    assert usual.memory_mb() - before < FEW_MB


async def test_a_caller_that_asks_first_is_told_before_it_sends(usual):
    reader, writer = await usual.connects()
    expect = "Expect: 100-continue"
    writer.write(usual.head("POST", "/api/v1/batches", JSON, expect, "Content-Length: 100000"))
    assert (await answer_from(reader)).status == 401, "no 100 Continue for a stranger"
    writer.close()
    reader, writer = await usual.connects()
    body = b'{"name": "b", "kind": "verification", "instructions": "So?", "price": "3.00"}'
    head = usual.head(
        "POST", "/api/v1/batches", JSON, expect, f"Content-Length: {len(body)}", key=usual.key
    )
    writer.write(head)
    assert (await answer_from(reader)).status == 100
    writer.write(body)
    assert (await answer_from(reader)).status == 201
    writer.close()


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_known_client_has_the_small_limit_too(small, chunked):
    pieces = [CHUNK if chunked else PIECE] * 64
    framing = CHUNKED if chunked else f"Content-Length: {64 * len(PIECE)}"
    head = small.head("POST", "/api/v1/batches", JSON, framing, key=small.key)
    answer, sent = await small.pours(head, pieces, pause_s=0.01)
    assert answer.status == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert "GATEWAY_LIMITS__BODY_BYTES" in answer.json["detail"]
    assert sent < 32 * len(PIECE)


@pytest.mark.parametrize("chunked", [False, True])
async def test_an_upload_ends_at_its_own_limit(small, chunked):
    batch = await batch_of(small)
    framing = CHUNKED if chunked else f"Content-Length: {512 * len(PIECE)}"
    head = small.head(
        "POST", f"/api/v1/batches/{batch}/tasks", "Content-Type: text/csv", framing, key=small.key
    )
    answer, _ = await small.pours(head, [CHUNK if chunked else PIECE] * 512, pause_s=0.002)
    assert answer.status == 413
    assert "GATEWAY_LIMITS__UPLOAD_BYTES" in answer.json["detail"]


@pytest.mark.parametrize("part", ["file", "field"])
async def test_a_part_of_a_form_of_400_mb_is_cut_off_at_the_limit(usual, part):
    """It is never held or spooled whole: 50 MB is what an upload may be, and no more comes in."""
    batch = await batch_of(usual)
    name = '; filename="t.csv"' if part == "file" else ""
    start = f'--b\r\nContent-Disposition: form-data; name="f"{name}\r\n\r\n'.encode()
    chunk = f"{len(start):x}\r\n".encode() + start + b"\r\n"
    head = usual.head(
        "POST",
        f"/api/v1/batches/{batch}/tasks",
        "Content-Type: multipart/form-data; boundary=b",
        CHUNKED,
        key=usual.key,
    )
    before = usual.memory_mb()
    answer, sent = await usual.pours(head + chunk, (CHUNK for _ in range(400 * 16)))
    assert answer.status in (413, 400), answer.text
    if part == "file":
        assert "GATEWAY_LIMITS__UPLOAD_BYTES" in answer.text
    assert sent < 100 * MB
    assert usual.memory_mb() - before < 80


@pytest.mark.parametrize(
    "path", ["/in/at/at-secret/sms", "/in/at/at-secret/ussd", "/hooks/p/token"]
)
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_webhook_over_the_limit_is_told_in_plain_text(small, path, chunked):
    framing = CHUNKED if chunked else f"Content-Length: {2 * len(PIECE)}"
    head = small.head("POST", path, framing)
    answer, _ = await small.pours(head, [CHUNK if chunked else PIECE] * 2, pause_s=0.01)
    assert answer.status == 413
    assert answer.headers["content-type"].startswith("text/plain")
    assert "GATEWAY_LIMITS__BODY_BYTES" in answer.text


async def test_a_wrong_secret_is_told_before_the_body_is_read(usual):
    before = usual.memory_mb()
    head = usual.head("POST", "/in/at/wrong/sms", CHUNKED)
    answer, _ = await usual.pours(head, (CHUNK for _ in range(1600)))
    assert answer.status == 404
    assert usual.memory_mb() - before < FEW_MB


async def test_pages_take_no_giant_bodies_either(small):
    head = small.head("POST", "/console", f"Content-Length: {1500 * MB}")
    answer, sent = await small.pours(head, [PIECE] * 64, pause_s=0.01)
    assert answer.status == 413
    assert sent < 32 * len(PIECE)


@pytest.mark.parametrize(
    ("path", "setting"),
    [("/api/v1/batches", "BODY_S"), ("/api/v1/batches/b_1/tasks", "UPLOAD_S"), ("/in/at/at-secret/sms", "BODY_S")],
)  # fmt: skip
async def test_a_body_that_comes_too_slowly_is_ended(small, path, setting):
    if "b_1" in path:
        path = path.replace("b_1", await batch_of(small))
    reader, writer = await small.connects()
    head = small.head("POST", path, JSON, "Content-Length: 1000", key=small.key)
    writer.write(head + b"{")
    answer = await answer_from(reader)
    assert answer.status == 408, answer.text
    assert f"GATEWAY_LIMITS__{setting}" in answer.text
    assert await reader.read() == b"", "the connection is closed"
    writer.close()


async def test_a_dropped_body_is_counted_and_logs_nothing(small, tmp_path_factory):
    def dropped(text: str) -> float:
        lines = [
            line for line in text.splitlines() if line.startswith("gateway_disconnected_total")
        ]
        return float(lines[0].split()[1])

    before = dropped((await small.says("GET", "/metrics")).text)
    for path, key in (("/api/v1/batches", small.key), ("/in/at/at-secret/sms", None)):
        _, writer = await small.connects()
        writer.write(small.head("POST", path, JSON, "Content-Length: 1000", key=key) + b"{")
        await writer.drain()
        await asyncio.sleep(0.2)
        writer.transport.abort()
    for _ in range(300):
        if dropped((await small.says("GET", "/metrics")).text) >= before + 2:
            break
        await asyncio.sleep(0.1)
    assert dropped((await small.says("GET", "/metrics")).text) == before + 2
    logs = list(tmp_path_factory.getbasetemp().glob("small*/*.log"))
    assert logs
    assert all("Traceback" not in log.read_text() for log in logs)

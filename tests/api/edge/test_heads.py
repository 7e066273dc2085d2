"""Addresses, headers and connections.

Floods of them end at the limit, and phones are answered meanwhile.
"""

import asyncio
import contextlib

import pytest

from gateway.api.edge.connections import YOUNG_S
from tests.support.town import eventually

from .served import HANG_S, answer_from

SLOW = b"POST /in/at/at-secret/ussd HTTP/1.1\r\nHost: x\r\nX-Slow: "


async def opened(server, count: int, addresses: int = 1, said: bytes = SLOW):
    """Open `count` connections from `addresses` addresses.

    Each begins a request and does not go on.
    """
    found = []
    for number in range(count):
        with contextlib.suppress(OSError):
            reader, writer = await server.connects(f"127.0.{1 + number % addresses}.1")
            writer.write(said)
            found.append((reader, writer))
    return found


def close(connections) -> None:
    for _, writer in connections:
        writer.transport.abort()


@pytest.mark.parametrize("path", ["/api/v1/account", "/in/at/at-secret/sms", "/healthz"])
@pytest.mark.parametrize(
    ("headers", "setting"),
    [
        (["X-Big: " + "a" * 20_000_000], "HEADER_BYTES"),
        (["X-Big: " + "a" * 40_000], "HEADER_BYTES"),
        ([f"X-{n}: {n}" for n in range(200_000)], "HEADER_"),
        ([f"X-{n}: {n}" for n in range(101)], "HEADER_COUNT"),
    ],
)
async def test_a_flood_of_headers_is_refused(usual, path, headers, setting):
    before = usual.memory_mb()
    answer = await usual.says("GET", path, *headers)
    assert answer.status == 431
    assert f"GATEWAY_LIMITS__{setting}" in answer.text
    assert answer.headers["x-request-id"]
    problem = answer.headers["content-type"] == "application/problem+json"
    assert problem == path.startswith("/api/")
    assert usual.memory_mb() - before < 12


async def test_an_address_without_an_end_is_refused(usual):
    answer = await usual.says("GET", "/api/v1/account?x=" + "a" * 5_000_000)
    assert answer.status == 431


async def test_headers_behind_a_body_change_nothing_and_have_an_end(usual):
    """Trailers are headers that come after the body was sent in chunks."""
    reader, writer = await usual.connects()
    head = usual.head("POST", "/api/v1/batches", "Transfer-Encoding: chunked")
    writer.write(head + b"0\r\nAuthorization: Bearer " + usual.key.encode() + b"\r\n\r\n")
    assert (await answer_from(reader)).status == 401
    writer.close()
    before = usual.memory_mb()
    head = usual.head("POST", "/api/v1/batches", "Transfer-Encoding: chunked", key=usual.key)
    _, sent = await usual.pours(head + b"0\r\nX-Long: ", (b"a" * 65536 for _ in range(3200)))
    assert sent < 100 * 2**20
    assert usual.memory_mb() - before < 30


async def test_chunks_with_endless_extensions_have_an_end(usual):
    head = usual.head("POST", "/api/v1/batches", "Transfer-Encoding: chunked", key=usual.key)
    _, sent = await usual.pours(head + b"1;", (b"a" * 65536 for _ in range(3200)))
    assert sent < 100 * 2**20


async def test_requests_without_end_on_one_connection_before_an_answer_are_refused(usual):
    reader, writer = await usual.connects()
    writer.write(usual.head("GET", "/healthz") * 3000)
    read = b""
    with contextlib.suppress(ConnectionError):
        while piece := await asyncio.wait_for(reader.read(65536), 300):
            read += piece
    assert read.count(b"HTTP/1.1 ") <= 20
    writer.close()


async def test_what_is_no_http_is_refused_without_a_line_in_the_log(usual):
    reader, writer = await usual.connects()
    writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
    assert (await answer_from(reader)).status == 400
    writer.close()


async def test_another_protocol_is_not_spoken_here(usual):
    answer = await usual.says(
        "GET", "/healthz", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"
    )
    assert answer.status == 200


async def test_a_head_that_comes_too_slowly_is_ended_and_says_why(small):
    reader, writer = await small.connects()
    writer.write(SLOW)
    answer = await answer_from(reader)
    assert answer.status == 408
    assert "GATEWAY_LIMITS__HEADER_S" in answer.text
    writer.close()


async def test_one_byte_a_moment_is_not_faster(small):
    reader, writer = await small.connects()
    answered = asyncio.create_task(answer_from(reader))
    writer.write(SLOW)
    for _ in range(1000):
        if answered.done():
            break
        writer.write(b"a")
        await asyncio.sleep(0.1)
    assert (await answered).status == 408
    writer.close()


async def test_a_second_request_on_a_kept_connection_has_its_time_too(small):
    reader, writer = await small.connects()
    writer.write(small.head("GET", "/healthz"))
    assert (await answer_from(reader)).status == 200
    writer.write(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
    assert (await answer_from(reader)).status == 408
    writer.close()


async def test_blank_lines_do_not_keep_a_connection(small):
    reader, writer = await small.connects()
    writer.write(b"\r\n")
    assert await asyncio.wait_for(reader.read(), 300) == b""
    writer.close()


async def test_eleven_hundred_slow_connections_of_one_address_lock_no_phone_out(usual):
    """The phones' carrier comes from the very same address.

    Old connections go as soon as another comes.
    """
    slow = await opened(usual, 1100)
    try:
        for number in range(30):
            assert (await usual.dials(f"slow-{number}", "127.0.1.1")).status == 200
        await asyncio.sleep(YOUNG_S)
        assert (await usual.dials("slow-again", "127.0.1.1")).status == 200
        assert usual.files_open() < 400
        told = await answer_from(slow[0][0])
        assert told.status == 503
        assert "GATEWAY_LIMITS__CONNECTIONS_PER_ADDRESS" in told.text
        assert told.headers["retry-after"]
    finally:
        close(slow)


async def test_a_carrier_may_open_hundreds_of_connections_in_one_moment(usual):
    answers = await asyncio.gather(*(usual.dials(f"burst-{number}") for number in range(400)))
    assert {answer.status for answer in answers} == {200}


async def test_slow_connections_of_many_addresses_lock_no_phone_out(small):
    """1,200 here on a server of 400; the same arithmetic holds for 5,000."""
    slow = await opened(small, 1200, addresses=240)
    try:
        for number in range(30):
            assert (await small.dials(f"many-{number}")).status == 200
        assert small.files_open() < 400 + 100
    finally:
        close(slow)


async def test_idle_connections_of_strangers_give_way_and_a_carriers_stay(small):
    """A carrier keeps its connections open between calls.

    So does a crowd that wants to fill the server.
    """
    reader, writer = await small.connects("127.0.3.1")
    form = b"sessionId=k&phoneNumber=%2B254711000123&serviceCode=*384*20%23&text=&networkCode=63902"
    step = small.head(
        "POST", "/in/at/at-secret/ussd",
        "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(form)}",
    ) + form  # fmt: skip
    writer.write(step)
    assert (await answer_from(reader)).status == 200
    crowd = await opened(small, 800, addresses=100, said=small.head("GET", "/healthz"))
    writer.write(step)
    assert (await answer_from(reader)).status == 200
    close(crowd)
    writer.close()


async def test_uploads_of_one_key_leave_places_to_others(small):
    """Two slow uploads hold all places of their key; the others are told to come again."""
    body = b'{"name": "b", "kind": "verification", "instructions": "So?", "price": "3.00"}'

    async def created():
        """The batch; clients may have to wait for the phones of the test before."""
        answer = await small.says(
            "POST", "/api/v1/batches", "Content-Type: application/json", body=body, key=small.key
        )
        return answer if answer.status == 201 else None

    made = await eventually(created, within_s=HANG_S)
    head = small.head(
        "POST", f"/api/v1/batches/{made.json['id']}/tasks", "Content-Length: 1000", key=small.key
    )
    connections = [await small.connects() for _ in range(8)]
    for _, writer in connections:
        writer.write(head)
    assert (await small.says("GET", "/api/v1/account", key=small.key)).status == 200
    answers = await asyncio.gather(*(answer_from(reader) for reader, _ in connections))
    close(connections)
    assert {answer.status for answer in answers} == {408, 503}, "the two that wait, and the others"
    for refused in (answer for answer in answers if answer.status == 503):
        assert refused.headers["retry-after"]
        assert "GATEWAY_LIMITS__UPLOAD_REQUESTS_PER_KEY" in refused.json["detail"]


async def test_the_server_may_hold_as_many_files_as_the_system_allows(usual):
    with open(f"/proc/{usual.pid}/limits") as limits:  # noqa: ASYNC230, PTH123
        line = next(line for line in limits if line.startswith("Max open files"))
    soft, hard = line.split()[3:5]
    assert soft == hard

"""The answer of a provider is read up to a limit, by one reader."""

import re
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from gateway.base.net.outbound import ANSWER_BYTES_MAX, LIST_BYTES_MAX, ask_provider, read_limited

GATEWAY = Path(__file__).parents[2] / "gateway"
# A response of aiohttp that is read as a whole, however long it is.
_WHOLE = re.compile(r"\b(?:response|reply|answer|answered)\.(?:read|json|text)\(\)")


@pytest.fixture
async def talkative():
    """Return the address of a server whose answers have four times the largest limit."""

    async def answers(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * (4 * LIST_BYTES_MAX))

    app = web.Application()
    app.router.add_get("/", answers)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def test_no_more_than_the_limit_is_read(talkative):
    async with aiohttp.ClientSession() as http:
        async with http.get(talkative) as response:
            assert len(await read_limited(response.content)) == ANSWER_BYTES_MAX
        assert len(await ask_provider(http, "x", talkative, {})) == LIST_BYTES_MAX


@pytest.mark.parametrize("folder", ["sms", "ussd", "payments", "base/net", "steps"])
def test_every_answer_is_read_by_the_reader_with_a_limit(folder):
    for file in (GATEWAY / folder).rglob("*.py"):
        assert not _WHOLE.search(file.read_text()), file


def test_an_answer_that_is_read_as_a_whole_would_be_found():
    assert _WHOLE.search("body = await response.read()")

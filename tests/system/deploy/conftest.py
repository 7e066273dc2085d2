"""The processes of a gateway apart from each other, and each web server in front of them."""

import json
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.api.edge.served import CHANNELS, api_process, prepared

from .front import FRONTS, NAME, Behind, fronted

TWILIO_TOKEN = "6789"
TWILIO = {
    "secret": "tw-secret",
    "sms": {"kind": "twilio", "options": {"account_sid": "AC1", "auth_token": TWILIO_TOKEN, "sender": "+254200000000"}},
}  # fmt: skip
SETTINGS = {
    "CHANNELS": json.dumps({**CHANNELS, "tw": TWILIO}),
    "PUBLIC_URL": f"https://{NAME}",
    "TRUSTED_PROXIES": '["127.0.0.1"]',
    "STRANGERS_PER_MINUTE": "5",
}


@asynccontextmanager
async def processes(env, folder):
    """Run two webhook processes and a client process, each on a port of its own.

    Yield the ports, and the id of the first process.
    """
    async with AsyncExitStack() as stack:
        started = [
            await stack.enter_async_context(api_process(env, folder, *words, name=name))
            for name, words in (
                ("phones-1", ["--webhooks"]),
                ("phones-2", ["--webhooks"]),
                ("clients", ["--clients"]),
            )
        ]
        ports = [port for port, _ in started]
        yield Behind(tuple(ports[:2]), ports[2]), started[0][1]


@pytest.fixture(scope="session")
async def behind(embedded, new_database, tmp_path_factory):
    """Run the processes that the session's web servers stand in front of.

    Yield them with a client's key and the database.
    """
    url = await new_database("deployed")
    folder = tmp_path_factory.mktemp("deployed")
    env, key = await prepared(url, embedded.redis_url, folder, **SETTINGS)
    async with processes(env, folder) as (ports, _):
        yield ports, key, url, folder


@pytest.fixture(scope="session", params=FRONTS)
async def front(request, behind, tmp_path_factory):
    """Each web server in turn."""
    ports, key, _, _ = behind
    async with fronted(request.param, ports, tmp_path_factory.mktemp(request.param), key) as it:
        yield it

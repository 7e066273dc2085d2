"""Servers for the tests of the entrances.

One has limits that can be reached quickly, one is as it comes.
"""

import pytest

from .served import serving

SMALL = {
    "LIMITS__BODY_BYTES": "65536",
    "LIMITS__UPLOAD_BYTES": "1048576",
    "LIMITS__HEADER_S": "2",
    "LIMITS__BODY_S": "4",
    "LIMITS__UPLOAD_S": "5",
    "LIMITS__CONNECTIONS_PER_ADDRESS": "50",
    "LIMITS__CONNECTIONS": "400",
    "LIMITS__CONNECTIONS_RESERVED": "100",
    "LIMITS__UPLOAD_REQUESTS_PER_KEY": "2",
}


@pytest.fixture(scope="session")
async def small(embedded, new_database, tmp_path_factory):
    """A server whose limits are small."""
    url = await new_database("doors_small")
    folder = tmp_path_factory.mktemp("small")
    async with serving(url, embedded.redis_url, folder, **SMALL) as server:
        yield server


@pytest.fixture(scope="session")
async def usual(embedded, new_database, tmp_path_factory):
    """A server with the limits it comes with."""
    url = await new_database("doors_usual")
    folder = tmp_path_factory.mktemp("usual")
    async with serving(url, embedded.redis_url, folder) as server:
        yield server


@pytest.fixture(scope="session")
async def proxied(embedded, new_database, tmp_path_factory):
    """Return a server behind a proxy at 127.0.0.9, with an address of its own.

    It permits few requests to strangers.
    """
    url = await new_database("doors_proxied")
    folder = tmp_path_factory.mktemp("proxied")
    more = {
        "TRUSTED_PROXIES": '["127.0.0.9", "10.0.0.0/8"]',
        "PUBLIC_URL": "https://gateway.example.org",
        "STRANGERS_PER_MINUTE": "5",
    }
    async with serving(url, embedded.redis_url, folder, **more) as server:
        yield server


@pytest.fixture(scope="session")
async def tried_out(embedded, new_database, tmp_path_factory):
    """A server with the simulated phone."""
    url = await new_database("doors_tried_out")
    folder = tmp_path_factory.mktemp("tried_out")
    async with serving(url, embedded.redis_url, folder, LOCAL_PHONE="true") as server:
        yield server


@pytest.fixture(scope="session")
async def switched_off(embedded, new_database, tmp_path_factory):
    """A server that serves no page but the console."""
    url = await new_database("doors_switched_off")
    folder = tmp_path_factory.mktemp("switched_off")
    off = dict.fromkeys(("SERVE_METRICS", "SERVE_DOCS", "SERVE_OPENAPI"), "off")
    async with serving(url, embedded.redis_url, folder, **off) as server:
        yield server

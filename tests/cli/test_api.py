"""The server's way of listening."""

from starlette.applications import Starlette

from gateway import app
from gateway.cli.run.api import config

# So long clients keep an idle connection, as their sources and documents say (s).
GO, NGINX, AIOHTTP, KANNEL_AND_SDKS = 90, 75, 15, 60


def test_the_gateway_never_closes_an_idle_connection_first():
    """Else a webhook that is written at that very moment is answered by a reset.

    It is lost where its provider does not repeat it.
    """
    ours = config(Starlette()).timeout_keep_alive
    assert ours > max(GO, NGINX, AIOHTTP, KANNEL_AND_SDKS)


def test_towards_providers_it_is_the_other_way_round():
    assert app._KEEP_ALIVE_S <= 5, "uvicorn, the shortest of the servers we know, closes after 5 s"

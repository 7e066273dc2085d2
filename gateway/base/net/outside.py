"""The only way to make outgoing calls: one session factory with an SSRF guard.

A wrong or hijacked address must not reach the database in the same network or a cloud's metadata
service. The guard checks the socket address that is passed to `connect`, after the name was
resolved. Neither a spelling, nor a name that resolves differently at the second look-up, can bypass
it. No redirect is followed, and no proxy is used.

`session(permitted)` with the operator's permissions is for addresses from the settings. `session()`
permits no private address, and is for addresses that a client may choose.
"""

import errno
import socket
from collections.abc import Callable
from contextvars import ContextVar
from ipaddress import ip_address

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

from gateway.base.net.addresses import NONE, PermittedAddresses

_AddrInfo = tuple[
    int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[str | int | bytes, ...]
]

# The host of the URL being called. Connections are made in the task of their call, or in copies of
# its context.
_host: ContextVar[str] = ContextVar("host of the call", default="")


class Forbidden(OSError):
    """A connection that was not made, because the address is private and not permitted."""

    def __init__(self, address: str, port: int, host: str) -> None:
        shown = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        named = f"{host} is {shown}, a" if host and host != address else f"{shown} is a"
        super().__init__(
            errno.EACCES, f"{named} private address; `private_addresses` can permit it"
        )


class Redirected(aiohttp.ClientError):
    """A redirect that a caller was about to follow."""


def session(
    permitted: PermittedAddresses = NONE,
    *,
    timeout: aiohttp.ClientTimeout = aiohttp.ClientTimeout(total=30, connect=5),  # noqa: B008  # frozen
    keep_alive_s: float = 3.0,
    base_url: str | None = None,
    headers: dict[str, str] | None = None,
) -> aiohttp.ClientSession:
    """Return a session that connects only to public addresses and to permitted private ones."""
    connector = aiohttp.TCPConnector(
        socket_factory=_factory(permitted), keepalive_timeout=keep_alive_s
    )
    redirects = aiohttp.TraceConfig()
    redirects.on_request_redirect.append(_refuse_redirect)
    return aiohttp.ClientSession(
        base_url,
        headers=headers,
        connector=connector,
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(_remember_host,),
        trace_configs=[redirects],
        trust_env=False,
    )


def why_not_connected(error: BaseException) -> str:
    """Return the reason of a failed connection for an operator.

    It is the guard's text, or the error's type.
    """
    cause = getattr(error, "os_error", None)
    if isinstance(cause, Forbidden) and cause.strerror:
        return cause.strerror
    return type(error).__name__


def _factory(permitted: PermittedAddresses) -> Callable[[_AddrInfo], socket.socket]:
    def open_socket(info: _AddrInfo) -> socket.socket:
        """Return an unconnected socket for this address. Raises Forbidden."""
        family, kind, protocol, _, target = info
        address, port, host = str(target[0]), int(target[1]), _host.get()
        try:
            allowed = permitted.allows(ip_address(address), port, host)
        except ValueError:
            allowed = False
        if not allowed:
            raise Forbidden(address, port, host)
        return socket.socket(family, kind, protocol)

    return open_socket


async def _remember_host(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    if request.proxy is not None:
        raise aiohttp.ClientError("calls never go through a proxy")
    token = _host.set(request.url.host or "")
    try:
        return await handler(request)
    finally:
        _host.reset(token)


async def _refuse_redirect(*_: object) -> None:
    raise Redirected("a redirect is never followed")

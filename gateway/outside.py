"""The way out to addresses that stand in settings: never to this machine's own neighbours (an SSRF guard).

A wrong or hijacked name in a setting must not reach the database next door or a cloud's metadata service. So an
address is looked at after the name is resolved, at the very moment of connecting: a name that changes its mind between
a check and a call gains nothing. Redirects are for the caller to refuse.
"""

import socket
from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Here clouds keep their credentials (169.254.169.254 and its kin): allowed for nobody.
_NEVER: tuple[Network, ...] = tuple(
    map(ip_network, ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32"))
)
_NAT64 = IPv6Network("64:ff9b::/96")


class Forbidden(OSError):
    """The address is not one of the outside world."""


def is_allowed(address: Address, private: Sequence[Network] = ()) -> bool:
    """Whether a connection may be made: public addresses, and those in `private`; metadata services never.

    >>> [is_allowed(ip_address(a)) for a in ("8.8.8.8", "127.0.0.1", "10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a9fe:a9fe")]
    [True, False, False, False, False]
    >>> networks = [ip_network("10.0.0.0/8"), ip_network("169.254.0.0/16")]
    >>> is_allowed(ip_address("10.1.2.3"), networks), is_allowed(ip_address("169.254.169.254"), networks)
    (True, False)
    """
    found = _inner(address)
    if any(found in network for network in _NEVER):
        return False
    if any(found in network for network in private):
        return True
    return found.is_global and not found.is_multicast


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it stands for one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


class GuardedResolver(AbstractResolver):
    """Resolves names, and refuses those with any address that is not allowed."""

    def __init__(self, private: Sequence[Network] = ()) -> None:
        self._private = private
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for one in found:
            if not is_allowed(ip_address(one["host"]), self._private):
                raise Forbidden(f"{host} is an address of the inside: {one['host']}")
        return found

    async def close(self) -> None:
        await self._inner.close()


def literal_allowed(host: str, private: Sequence[Network] = ()) -> bool:
    """Whether a host that is written as an address is allowed; True for a name, which the resolver looks at."""
    try:
        return is_allowed(ip_address(host.strip("[]")), private)
    except ValueError:
        return True


def guarded(private: Sequence[Network] = ()) -> aiohttp.TCPConnector:
    """A connector that goes only where it may. Check hosts written as addresses with `literal_allowed` first: for those
    nothing is resolved."""
    return aiohttp.TCPConnector(resolver=GuardedResolver(private))

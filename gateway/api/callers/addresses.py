"""The address of a caller behind trusted proxies, and the network that limits count it to."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from starlette.types import Scope

from gateway.settings.limits import IpNetwork

Address = IPv4Address | IPv6Address
UNKNOWN = "unknown"
# The list holds this machine and private networks. Python's `is_private` also counts addresses that
# documents use as examples.
_INSIDE = tuple(
    map(
        ip_network,
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
         "::1/128", "fc00::/7", "fe80::/10"),
    )
)  # fmt: skip
_IPV6_PREFIX = 64
_FORWARDING = frozenset(
    {b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-real-ip", b"forwarded", b"via"}
)  # fmt: skip


def parsed(said: str) -> Address | None:
    """Return the address, an IPv4 one out of its IPv6 form, or None for a text that is no address.

    >>> str(parsed("::ffff:10.0.0.1")), str(parsed("[2001:db8::1]:80")), str(parsed("10.0.0.1:80"))
    ('10.0.0.1', '2001:db8::1', '10.0.0.1')
    >>> parsed("me")
    """
    said = said.strip().strip('"')
    if said.startswith("["):
        said = said[1:].partition("]")[0]
    elif said.count(":") == 1:
        said = said.partition(":")[0]
    try:
        found = ip_address(said.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


@lru_cache(maxsize=10_000)
def group(host: str) -> str:
    """Return the network that limits count an address to.

    It is the address itself for IPv4, and the /64 network for IPv6, because one household has a
    whole /64.

    >>> group("10.0.0.1"), group("2001:db8::1") == group("2001:db8::2")
    ('10.0.0.1', True)
    >>> group("2001:db8:0:1::") == group("2001:db8::")
    False
    """
    found = parsed(host)
    if found is None:
        return UNKNOWN
    if isinstance(found, IPv6Address):
        return str(ip_network((int(found) >> 64 << 64, _IPV6_PREFIX)))
    return str(found)


def is_trusted(host: str, proxies: Sequence[IpNetwork]) -> bool:
    """Return whether the address belongs to a configured proxy."""
    if not proxies:
        return False
    found = parsed(host)
    return found is not None and any(found in network for network in proxies)


def behind_proxies(scope: Scope, proxies: Sequence[IpNetwork]) -> None:
    """Put the caller's own address and scheme into the scope, where a trusted proxy names them.

    The chain is read from the end: the last address that belongs to no trusted proxy is the
    caller's. The caller wrote everything before it, and may have written anything.
    """
    client = scope.get("client")
    if not client or not is_trusted(client[0], proxies):
        return
    told = _values(scope, b"x-forwarded-for")
    for said in reversed([part for value in told for part in value.split(",")]):
        found = parsed(said)
        if found is None:
            break
        scope["client"] = (str(found), 0)
        if not any(found in network for network in proxies):
            break
    protocols = _values(scope, b"x-forwarded-proto")
    if protocols and (scheme := protocols[-1].strip().lower()) in {"http", "https"}:
        scope["scheme"] = scheme


def is_private(scope: Scope, proxies: Sequence[IpNetwork]) -> bool:
    """Return whether the caller is on this machine or in a private network.

    Call it before `behind_proxies`.

    Behind a proxy that is not trusted every caller has the proxy's address, so such a request is
    not private.
    """
    client = scope.get("client")
    peer = client[0] if client else ""
    if not is_trusted(peer, proxies):
        forwarded = any(name in _FORWARDING for name, _ in scope["headers"])
        return not forwarded and _is_private(parsed(peer))
    inner: Scope = {**scope}
    behind_proxies(inner, proxies)
    found = inner["client"][0]
    return found != peer and _is_private(parsed(found))


def _is_private(address: Address | None) -> bool:
    return address is not None and any(address in network for network in _INSIDE)


def _values(scope: Scope, name: bytes) -> list[str]:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return [value.decode("latin-1") for key, value in headers if key == name]

"""The rules for the addresses that a call from this gateway may reach.

These are public addresses, and the private ones that the settings permit. This module has only
rules and no socket. `gateway.base.net.outside` applies them to the address that is actually
dialled, and `gateway.settings` to the written address, so that a mistake is reported at start.
"""

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from gateway.base.errors import SettingsError

Address = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

_PORT_MAX = 65_535
_HOST = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?)(:(?P<port>[0-9]{1,5}))?"
)
# A wider entry would permit more than an operator can have meant: 10.0.0.0/8 and fd00::/8 are the
# widest private networks.
_PREFIX_MIN = {4: 8, 6: 7}


def _networks(*written: str) -> tuple[IpNetwork, ...]:
    return tuple(ip_network(one) for one in written)


# No permission reaches these. A cloud keeps its credentials there (AWS, Azure, Google, Oracle,
# Alibaba), or the address means "any" or "everyone".
NEVER = _networks(
    "0.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32", "192.0.0.192/32", "100.100.100.200/32",
    "224.0.0.0/4", "240.0.0.0/4",
    "::/128", "fe80::/10", "fd00:ec2::/32", "fd20:ce::/32", "ff00::/8",
)  # fmt: skip
# These are not public, by IANA's special-purpose registries for IPv4 and IPv6. Every IPv6 address
# outside 2000::/3 is private.
_PRIVATE = _networks(
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
    "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    # Teredo and other protocol assignments, documentation, 6to4 (which holds an IPv4 address),
    # segment routing.
    "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
)  # fmt: skip
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# The third quarter of such an address. Its last quarter is an IPv4 address.
_ISATAP = (0x00005EFE, 0x02005EFE)
_LOW_32 = 0xFFFF_FFFF


def embedded(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one leads to by translation, else the address itself.

    >>> [str(embedded(ip_address(a))) for a in ("::ffff:10.1.2.3", "64:ff9b::a9fe:a9fe")]
    ['10.1.2.3', '169.254.169.254']
    >>> str(embedded(ip_address("2001:db8::1")))
    '2001:db8::1'
    """
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & _LOW_32)
    return address.ipv4_mapped or address


def is_public(address: Address) -> bool:
    """Return whether the address belongs to the public internet.

    >>> [is_public(ip_address(a)) for a in ("8.8.8.8", "64:ff9b::808:808", "2a00:1450::1")]
    [True, True, True]
    >>> [is_public(ip_address(a)) for a in ("127.0.0.1", "::ffff:10.1.2.3", "::127.0.0.1")]
    [False, False, False]
    >>> is_public(ip_address("2002:7f00:1::"))
    False
    """
    found = embedded(address)
    if _is_in(found, NEVER) or _is_in(found, _PRIVATE):
        return False
    if isinstance(found, IPv4Address):
        return found.is_global
    if found not in _GLOBAL_UNICAST:
        return False
    if (int(found) >> 32) & _LOW_32 in _ISATAP:
        return is_public(IPv4Address(int(found) & _LOW_32))
    return True


def _is_in(address: Address, networks: Iterable[IpNetwork]) -> bool:
    return any(address in network for network in networks)


def literal(host: str) -> Address | None:
    """Return the address that `host` spells, or None for a name.

    Every spelling is read that the operating system would read.

    >>> [str(literal(h)) for h in ("127.0.0.1", "[::1]", "0x7f.1", "2130706433", "0177.0.0.1")]
    ['127.0.0.1', '::1', '127.0.0.1', '127.0.0.1', '127.0.0.1']
    >>> str(literal("127.0.0.1.")), literal("kannel.internal")
    ('127.0.0.1', None)
    """
    bare = host.strip("[]").rstrip(".")
    try:
        return ip_address(bare)
    except ValueError:
        pass
    try:
        # These are octal, hexadecimal, shortened and plain decimal forms, as `connect` accepts
        # them.
        return IPv4Address(socket.inet_aton(bare))
    except (OSError, ValueError):
        return None


def plain_name(host: str) -> str:
    """Return the one spelling of a host name by which permissions are compared.

    >>> plain_name("Kannel.Internal.")
    'kannel.internal'
    """
    return host.casefold().rstrip(".")


@dataclass(frozen=True, slots=True)
class PermittedAddresses:
    """The private addresses that the settings permit.

    They are networks and host names, each for one port or for all.
    """

    networks: tuple[tuple[IpNetwork, int | None], ...] = ()
    names: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def read(cls, entries: Iterable[str]) -> "PermittedAddresses":
        """Return the permissions in a list of entries.

        An entry is like `127.0.0.1:13013`, `10.1.0.0/16` or `kannel.internal`. Raises SettingsError
        naming the entry that cannot be read or that must never be permitted.
        """
        networks, names = list[tuple[IpNetwork, int | None]](), set[tuple[str, int | None]]()
        for entry in entries:
            found, port = _read(entry)
            if isinstance(found, str):
                names.add((found, port))
            else:
                networks.append((found, port))
        return cls(tuple(networks), frozenset(names))

    def allows(self, address: Address, port: int, name: str = "") -> bool:
        """Return whether a connection to this address may be made for a URL whose host is `name`.

        >>> kannel = PermittedAddresses.read(["127.0.0.1:13013", "kannel.internal"])
        >>> loopback, inside = ip_address("127.0.0.1"), ip_address("10.0.0.5")
        >>> kannel.allows(loopback, 13013), kannel.allows(loopback, 5432)
        (True, False)
        >>> kannel.allows(inside, 80, "kannel.internal"), kannel.allows(inside, 80, "other.example")
        (True, False)
        """
        found = embedded(address)
        if _is_in(found, NEVER):
            return False
        if is_public(address):
            return True
        if any(found in network and of in (None, port) for network, of in self.networks):
            return True
        return not self.names.isdisjoint({(plain_name(name), port), (plain_name(name), None)})


def _read(entry: str) -> tuple[IpNetwork | str, int | None]:
    written = entry.strip()
    try:
        return _of_network(ip_network(written, strict=False), entry), None
    except ValueError:
        pass
    host, port = _host_and_port(written)
    if not host:
        raise SettingsError(
            f"private_addresses: {entry!r} is not an address; write 127.0.0.1:13013, [::1]:13013, 10.1.0.0/16 or a host name"
        )
    found = literal(host)
    if found is not None:
        return _of_network(ip_network(found), entry), port
    return plain_name(host), port


def _host_and_port(written: str) -> tuple[str, int | None]:
    """Return the host and the port, or an empty host for any other text."""
    found = _HOST.fullmatch(written)
    if found is None:
        return "", None
    port = int(found["port"]) if found["port"] else None
    return ("", None) if port is not None and not 0 < port <= _PORT_MAX else (found["host"], port)


def _of_network(network: IpNetwork, entry: str) -> IpNetwork:
    # `allows` checks NEVER first, so a wide network may contain such an address.
    if any(_within(network, never) for never in NEVER):
        raise SettingsError(
            f"private_addresses: {entry!r} can never be called (cloud metadata, link-local, multicast or unspecified)"
        )
    if network.prefixlen < _PREFIX_MIN[network.version]:
        raise SettingsError(
            f"private_addresses: {entry!r} permits too much; name the machine, or a private network"
        )
    return network


def _within(network: IpNetwork, other: IpNetwork) -> bool:
    if isinstance(network, IPv4Network):
        return isinstance(other, IPv4Network) and network.subnet_of(other)
    return isinstance(other, IPv6Network) and network.subnet_of(other)


NONE = PermittedAddresses()

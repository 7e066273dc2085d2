"""The findings about connections to the operator's own servers: passwords and TLS.

A stranger that can write to Redis can stop the gateway's work. A stranger in between can read and
change PostgreSQL's answers. On this machine (loopback, Unix sockets) there is no stranger in
between.
"""

import ipaddress
from collections.abc import Generator
from urllib.parse import parse_qs, unquote

from gateway.cli.doctor.verdict import CheckResult, warn
from gateway.settings import Settings

_LOCAL_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost")


def connections(settings: Settings) -> Generator[CheckResult]:
    """Warn of each connection that a stranger on the network could use or change."""
    if settings.redis_url is not None:
        yield from _redis(settings.redis_url.get_secret_value())
    if settings.database_url is not None:
        yield from _postgres(settings.database_url.get_secret_value())


def _redis(url: str) -> Generator[CheckResult]:
    scheme, hosts, password, options = _read(url)
    if scheme == "unix" or _is_local(hosts):
        return
    missing = list[str]()
    if not (password or options.get("password")):
        missing.append("no password")
    if scheme != "rediss":
        missing.append("no TLS")
    elif options.get("ssl_cert_reqs", "required") != "required":
        missing.append("TLS without checking the certificate")
    if missing:
        yield warn(
            "Redis",
            f"{' and '.join(missing)}: a stranger on the network can stop the work and read the waiting jobs",
            "set GATEWAY_REDIS_URL to rediss://:PASSWORD@HOST:6379/0 (see docs/operator.md)",
        )


def _postgres(url: str) -> Generator[CheckResult]:
    _, hosts, _, options = _read(url)
    if hosts in ([], [""]):
        hosts = options.get("host", "").split(",")
    if _is_local(hosts):
        return
    mode = options.get("sslmode") or options.get("ssl") or "prefer"
    if mode != "verify-full":
        yield warn(
            "PostgreSQL",
            f"sslmode is {mode}: a stranger in between can read and change its answers",
            "add ?sslmode=verify-full to GATEWAY_DATABASE_URL (and sslrootcert for an authority of your own)",
        )


def _read(url: str) -> tuple[str, list[str], str, dict[str, str]]:
    """Return an address's scheme, hosts, password and options.

    A malformed address is reported by another check.
    """
    scheme, _, rest = url.partition("://")
    rest, _, query = rest.partition("?")
    authority = rest.partition("/")[0]
    user, _, places = authority.rpartition("@")
    options = {name.lower(): values[-1] for name, values in parse_qs(query).items()}
    return (
        scheme.lower(),
        [_host(place) for place in places.split(",")],
        user.partition(":")[2],
        options,
    )


def _host(place: str) -> str:
    """Return the host of `host:port`."""
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return place.partition(":")[0] if place.count(":") == 1 else place


def _is_local(hosts: list[str]) -> bool:
    """Return whether every host is this machine. An empty host, and a path, is a Unix socket."""
    return all(not host or host.startswith("/") or _is_loopback(unquote(host)) for host in hosts)


def _is_loopback(host: str) -> bool:
    if host.lower().rstrip(".") in _LOCAL_NAMES or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

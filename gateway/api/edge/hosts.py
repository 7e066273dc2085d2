"""The checks of names and origins.

They decide which Host headers are answered, and which web pages may post to the try-out phone.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.types import Scope

from gateway.api.callers.addresses import parsed
from gateway.api.edge.refusals import DoorRefusal
from gateway.settings import Settings

_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104  # compared, not bound
# These addresses answer to any name. A load balancer or a monitor asks by address, and a provider's
# call must not be lost over a name. None of their answers depends on a name.
_ANY_HOST = ("/in/", "/hooks/", "/healthz", "/readyz", "/metrics")
_SAME = ("same-origin", "none")


class AcceptedHosts:
    """The accepted Host and Origin headers of one gateway."""

    def __init__(self, settings: Settings) -> None:
        self._local = settings.local_phone
        # A foreign page can take over a name but never a bare address, so a try-out answers to each
        # of this machine's addresses.
        self._any_address = settings.local_phone and not settings.allowed_hosts
        self._names = settings.allowed_hosts or _derived(settings)
        self._any = "*" in self._names
        self._phones = (
            "/phone/",
            *(
                f"/in/{name}/"
                for name, channel in settings.channels.items()
                if any(side and side.kind == "phone" for side in (channel.sms, channel.ussd))
            ),
        )

    def check(self, scope: Scope) -> None:
        """Raise DoorRefusal for an unknown name, or a foreign web page at the try-out phone."""
        path: str = scope["path"]
        phone = self._is_phone(path)
        if phone:
            self._check_origin(scope, path)
        if (phone and self._local) or not path.startswith(_ANY_HOST):
            self._check_host(scope)

    def _check_host(self, scope: Scope) -> None:
        if self._any:
            return
        told = _header(scope, b"host")
        host = _name_of(told[0]) if len(told) == 1 else ""
        if any(_fits(host, name) for name in self._names):
            return
        if self._any_address and parsed(host) is not None:
            return
        raise DoorRefusal(
            421,
            "this server does not answer to the name in the Host header",
            reason="host",
            setting="allowed_hosts",
        )

    def _is_phone(self, path: str) -> bool:
        return path == "/phone" or path.startswith(self._phones)

    def _check_origin(self, scope: Scope, path: str) -> None:
        """Raise DoorRefusal for a browser's request on behalf of another origin's page."""
        sites, origins = _header(scope, b"sec-fetch-site"), _header(scope, b"origin")
        if path == "/phone" and scope["method"] == "GET":
            return  # A link to the page is harmless: every caller sees the same page.
        host = "".join(_header(scope, b"host")).lower()
        foreign = any(site not in _SAME for site in sites)
        foreign = foreign or any(_place_of(origin) != host for origin in origins)
        if foreign:
            raise DoorRefusal(
                403,
                "the try-out phone takes nothing from web pages of other origins",
                reason="origin",
            )


def _place_of(origin: str) -> str:
    """Return the host and port of an origin, or "" for `null` and for a malformed origin."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _derived(settings: Settings) -> tuple[str, ...]:
    public = _name_of(urlsplit(settings.public_url).netloc)
    own = () if settings.host in _EVERYWHERE else (settings.host.lower(),)
    return (public, *own, *_THIS_MACHINE)


def _name_of(host: str) -> str:
    """Return the host without port and brackets, in lower case.

    >>> _name_of("Gateway.example.org:8000"), _name_of("[::1]:80"), _name_of("::1")
    ('gateway.example.org', '::1', '::1')
    """
    host = host.strip().lower().rpartition("@")[2]
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name = host.partition(":")[0] if host.count(":") == 1 else host
    return name.removesuffix(".")


def _fits(host: str, name: str) -> bool:
    name = name.lower()
    if name.startswith("*."):
        return host.endswith(name[1:]) and len(host) > len(name) - 1
    return bool(host) and host == _name_of(name)


def _header(scope: Scope, wanted: bytes) -> list[str]:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return [value.decode("latin-1") for name, value in headers if name == wanted]

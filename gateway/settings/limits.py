"""The settings of the server's door: how much, how long and how many a caller may."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from gateway.settings.section import Section

Network = IPv4Network | IPv6Network
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0)]
Audience = Literal["all", "private", "off"]
"""`all`: every caller; `private`: callers of this machine and of private networks only; `off`: no
caller.
"""


def _network(given: object) -> object:
    if isinstance(given, str):
        try:
            return ip_network(given.strip(), strict=False)
        except ValueError as bad:
            raise ValueError(
                f"{given!r} is neither an address nor a network: write 10.0.0.5 or 10.0.0.0/24"
            ) from bad
    return given


Networks = tuple[Annotated[Network, BeforeValidator(_network)], ...]


class DoorLimits(Section):
    """What one server process takes from its callers.

    A refusal names the limit that was reached.
    """

    body_bytes: Count = 256 * 1024
    """The largest body of a request; uploads of tasks have a limit of their own."""
    upload_bytes: Count = 50 * 1024 * 1024
    """The largest upload of tasks, in any encoding."""
    batch_tasks: Count = 100_000
    """The tasks of one batch, however many uploads they come in."""
    batch_bytes: Count = 200 * 1024 * 1024
    """What the ids, texts, gold and audiences of one batch take."""
    header_bytes: Count = 32 * 1024
    """The address of a request and its headers together."""
    header_count: Count = 100
    """Headers of one request."""
    header_s: Seconds = 10.0
    """The time in which address and headers must have arrived."""
    body_s: Seconds = 30.0
    """The time in which a body must have arrived."""
    upload_s: Seconds = 600.0
    """The time in which an upload of tasks must have arrived."""
    send_s: Seconds = 60.0
    """How long a caller may take nothing of its answer before the connection is closed."""
    connections: Count = 4000
    """Open connections; fewer where the system allows the process fewer files."""
    connections_reserved: Annotated[int, Field(ge=0)] = 1000
    """Those of `connections` that only providers' webhooks and trusted proxies may use."""
    connections_per_address: Count = 200
    """Connections of one address (of one /64 network of IPv6) that have brought no true webhook.
    Beyond it those go that have waited longest, once they have waited for some seconds.
    """
    requests: Count = 4200
    """Requests that are worked on at the same moment."""
    webhook_requests: Count = 4000
    """Those of them that came to webhooks, USSD included."""
    client_requests: Count = 64
    """Requests of the client API at the same moment."""
    client_requests_per_key: Count = 32
    """The same of one API key."""
    upload_requests: Count = 8
    """Uploads of tasks at the same moment."""
    upload_requests_per_key: Count = 3
    """The same of one API key."""
    page_requests: Count = 64
    """Requests for pages at the same moment: console, documentation, metrics, health."""
    retry_after_s: Count = 2
    """What `Retry-After` says where one of these numbers is reached."""

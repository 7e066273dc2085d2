"""The settings of the server's limits for its callers: sizes, times and numbers."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from gateway.settings.section import Section

IpNetwork = IPv4Network | IPv6Network
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0)]
ServedAddresses = Literal["all", "private", "off"]
"""The callers of a page. `all` means every caller, `private` the callers of this machine and of
private networks only, and `off` no caller.
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


Networks = tuple[Annotated[IpNetwork, BeforeValidator(_network)], ...]


class DoorLimits(Section):
    """The limits of one server process for its callers.

    A refusal names the limit that was reached.
    """

    body_bytes: Count = 256 * 1024
    """The largest body of a request. Uploads of tasks have a limit of their own."""
    upload_bytes: Count = 50 * 1024 * 1024
    """The largest upload of tasks, in any encoding."""
    import_bytes: Count = 1024 * 1024 * 1024
    """The largest file of an import, which is stored in the background."""
    import_s: Seconds = 3600.0
    """The time in which the file of an import must have arrived."""
    batch_tasks: Count = 1_000_000
    """The largest number of tasks in one batch, over all its uploads."""
    batch_bytes: Count = 1024 * 1024 * 1024
    """The largest size of the ids, texts, gold and audiences of one batch."""
    header_bytes: Count = 32 * 1024
    """The largest size of a request's address and headers together."""
    header_count: Count = 100
    """The largest number of headers of one request."""
    header_s: Seconds = 10.0
    """The time in which address and headers must have arrived."""
    body_s: Seconds = 30.0
    """The time in which a body must have arrived."""
    upload_s: Seconds = 600.0
    """The time in which an upload of tasks must have arrived."""
    send_s: Seconds = 60.0
    """The time for which a caller may read nothing of its response before the connection is closed.
    """
    connections: Count = 4000
    """The open connections. There are fewer where the system allows the process fewer files."""
    connections_reserved: Annotated[int, Field(ge=0)] = 1000
    """The part of `connections` that only providers' webhooks and trusted proxies may use."""
    connections_per_address: Count = 200
    """The connections of one address (of one /64 network of IPv6) that have brought no genuine
    webhook. Beyond the limit, the server closes those that have waited longest, after they have
    waited for some seconds.
    """
    requests: Count = 4200
    """The requests in work at the same moment."""
    webhook_requests: Count = 4000
    """The part of `requests` that webhooks may use, USSD included."""
    client_requests: Count = 64
    """The requests of the client API in work at the same moment."""
    client_requests_per_key: Count = 32
    """The requests of one API key in work at the same moment."""
    upload_requests: Count = 8
    """The uploads of tasks in work at the same moment."""
    upload_requests_per_key: Count = 3
    """The uploads of one API key in work at the same moment."""
    page_requests: Count = 64
    """The requests for pages in work at the same moment: console, documentation, metrics, health.
    """
    retry_after_s: Count = 2
    """The value of `Retry-After` in a refusal for one of these numbers."""

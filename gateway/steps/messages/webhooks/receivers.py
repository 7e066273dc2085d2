"""The addresses that a client may choose for its webhooks."""

from typing import Final
from urllib.parse import urlsplit

from gateway.base.errors import Refused
from gateway.base.net.addresses import NONE, PermittedAddresses, is_public, literal
from gateway.settings import Settings

_LOCAL: Final = PermittedAddresses.read(["127.0.0.0/8", "[::1]"])


def permitted_receivers(settings: Settings) -> PermittedAddresses:
    """Return the private addresses at which webhooks are called.

    There are none, except for this machine's own on a gateway that serves the simulated phone. What
    the operator permits for providers is not permitted to clients.
    """
    return _LOCAL if settings.local_phone else NONE


def check_url(settings: Settings, url: str) -> str:
    """Return the address of a receiver. Raises Refused naming the rule that it breaks.

    The address that is dialled is checked again at each call, because a name can lead anywhere.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as bad:
        raise Refused("url: this is not an address", field="url") from bad
    schemes = ("https", "http") if settings.local_phone else ("https",)
    if parts.scheme not in schemes or not host:
        raise Refused(f"url: it must begin with {schemes[0]}:// and name a host", field="url")
    if parts.username is not None or parts.password is not None:
        raise Refused("url: it must not contain a user name or a password", field="url")
    if parts.fragment:
        raise Refused("url: it must not contain a fragment (#)", field="url")
    address = literal(host)
    is_name_of_this_machine = host == "localhost" or host.endswith(".localhost")
    if not settings.local_phone and (
        is_name_of_this_machine or (address is not None and not is_public(address))
    ):
        raise Refused("url: it must not lead into a private network", field="url")
    return url

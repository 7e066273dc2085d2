"""The addresses in the settings that the gateway calls, checked before the first call."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from yarl import URL

from gateway.base.errors import SettingsError
from gateway.base.net.addresses import PermittedAddresses, literal
from gateway.settings.channels import ChannelSettings
from gateway.settings.payouts import ProviderSettings
from gateway.settings.section import OptionValues

# The options of a plug-in that hold an address which the plug-in calls. An address that others call
# (`receipt_url`) has another name.
CALLED = ("base_url", "send_url", "url")
_PORTS = {"http": 80, "https": 443}


def called(
    channels: Mapping[str, ChannelSettings], providers: Mapping[str, ProviderSettings]
) -> Iterator[tuple[str, str]]:
    """Yield each address that the gateway calls, with the name of its setting."""
    for name, channel in channels.items():
        for side_name, side in (("sms", channel.sms), ("ussd", channel.ussd)):
            if side is not None:
                yield from _of(f"channels.{name}.{side_name}.options", side.options)
    for name, provider in providers.items():
        yield from _of(f"providers.{name}.options", provider.options)


def _of(where: str, options: OptionValues) -> Iterator[tuple[str, str]]:
    for key in CALLED:
        value: object = options.get(key)
        if isinstance(value, str):
            yield f"{where}.{key}", value


def check_addresses(
    channels: Mapping[str, ChannelSettings],
    providers: Mapping[str, ProviderSettings],
    private_addresses: Sequence[str],
) -> None:
    """Raise SettingsError for a private address that is not permitted.

    A host name is checked when it is called, and by `gateway doctor`.
    """
    permitted = PermittedAddresses.read(private_addresses)
    for setting, url in called(channels, providers):
        host, port = host_and_port(url)
        address = literal("127.0.0.1" if host == "localhost" else host)
        if address is not None and not permitted.allows(address, port, host):
            shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            raise SettingsError(
                f"{setting} leads to the private address {shown}; if that is intended, permit it: "
                f'private_addresses = ["{shown}"]'
            )


def host_and_port(url: str) -> tuple[str, int]:
    """Return the host and port of a URL as the HTTP client reads it, or ("", 0) for an invalid URL.

    >>> host_and_port("http://Kannel.internal:13013/x"), host_and_port("https://127。0。0。1/")
    (('kannel.internal', 13013), ('127.0.0.1', 443))
    """
    try:
        read = URL(url)
        return (read.host or "").rstrip("."), read.port or _PORTS.get(urlsplit(url).scheme, 0)
    except ValueError:
        return "", 0

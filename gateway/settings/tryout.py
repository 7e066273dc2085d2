"""The test for a try-out gateway: only simulated channels and payouts are set up."""

from urllib.parse import urlsplit

from gateway.settings import ChannelSettings, Settings


def is_tryout(settings: Settings) -> bool:
    """Return whether the gateway has no payout provider and no channel but the built-in phone."""
    return not settings.providers and all(map(_is_phone, settings.channels.values()))


def is_simulated(settings: Settings) -> bool:
    """Return whether neither a message nor a payment can leave this machine."""
    addresses = (str(one.options.get("base_url", "")) for one in settings.providers.values())
    return all(map(_is_phone, settings.channels.values())) and all(
        urlsplit(address).hostname in ("127.0.0.1", "::1", "localhost") for address in addresses
    )


def _is_phone(channel: ChannelSettings) -> bool:
    return all(side is None or side.kind == "phone" for side in (channel.sms, channel.ussd))

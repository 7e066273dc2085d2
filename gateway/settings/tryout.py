"""The test for a try-out gateway: only simulated channels and payouts are set up."""

from gateway.settings import ChannelSettings, Settings


def is_tryout(settings: Settings) -> bool:
    """Return whether the gateway has no payout provider and no channel but the built-in phone."""
    return not settings.providers and all(map(_is_phone, settings.channels.values()))


def _is_phone(channel: ChannelSettings) -> bool:
    return all(side is None or side.kind == "phone" for side in (channel.sms, channel.ussd))

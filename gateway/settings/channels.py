"""The settings of the channels and of the price of an SMS on them."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from gateway.settings.section import OptionValues, Section


class ChannelSide(Section):
    """One side (SMS or USSD) of a channel."""

    kind: str
    """The kind of the plug-in."""
    options: OptionValues = Field(default_factory=dict)
    """The plug-in's own options."""


Major = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=6)]


class Tariff(Section):
    """The prices of an SMS in one country."""

    currency: str
    """The ISO 4217 code of the currency."""
    segment: Major
    """The price of one SMS segment, in major units."""
    networks: dict[str, Major] = Field(default_factory=dict)
    """The prices of networks that differ from `segment`, by name."""
    reply: Major | None = None
    """The price that a worker there pays for an SMS of her own. It is refunded to her. Without it
    nothing is refunded, and the choice of texts reckons with the price of a segment.
    """
    reply_networks: dict[str, Major] = Field(default_factory=dict)
    """The prices of networks that differ from `reply`, by name."""

    @field_validator("networks", "reply_networks")
    @classmethod
    def _lower(cls, value: dict[str, Decimal]) -> dict[str, Decimal]:
        return {name.casefold(): price for name, price in value.items()}


class ChannelSettings(Section):
    """A channel: a way to workers' phones."""

    secret: SecretStr
    """A part of the webhook's path that only the provider knows. It protects the webhook in
    addition to the provider's own checks.
    """
    sms: ChannelSide | None = None
    """The SMS side, if the channel has one."""
    ussd: ChannelSide | None = None
    """The USSD side, if the channel has one."""
    prices: dict[str, Tariff] = Field(default_factory=dict)
    """This channel's own prices per country. They win over the gateway's."""
    per_second: Annotated[int, Field(ge=0, le=100_000)] = 0
    """The SMS segments that the channel may send in any second; 0 for no limit."""
    fallback: str | None = None
    """The channel that takes over the messages which this one cannot send."""
    region: str | None = None
    """The country of numbers without a country code on this channel. None means the gateway's."""
    refund: bool = True
    """Refund the SMS that workers pay for on this channel, where `reply` of their country is set.
    """


LOCAL_CHANNEL: dict[str, ChannelSettings] = {
    "phone": ChannelSettings(
        secret=SecretStr("local"),
        sms=ChannelSide(kind="phone", options={"sender": "20880"}),
        ussd=ChannelSide(kind="phone", options={"service_code": "*384*20#"}),
    )
}

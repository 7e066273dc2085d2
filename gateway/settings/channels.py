"""The settings of ways to phones, and of what an SMS costs on them."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from gateway.settings.section import Options, Section


class Side(Section):
    """One side (SMS or USSD) of a channel: which kind of plug-in, and its own options."""

    kind: str
    options: Options = Field(default_factory=dict)


Major = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=6)]


class Tariff(Section):
    """What one SMS segment to a country costs, in major units; `networks`: where one of them differs. `reply`: what a
    worker there pays for an SMS of her own; None: as much."""

    currency: str
    segment: Major
    networks: dict[str, Major] = Field(default_factory=dict)
    reply: Major | None = None

    @field_validator("networks")
    @classmethod
    def _lower(cls, value: dict[str, Decimal]) -> dict[str, Decimal]:
        return {name.casefold(): price for name, price in value.items()}


class ChannelSettings(Section):
    """A way to phones.

    `secret` is a path part only the provider is told; it stands beside the provider's own checks.
    `prices`: this channel's own, by country; they win over the gateway's. `per_second`: SMS
    segments it may send in any second, 0 for no limit. `fallback`: the channel that takes over what
    this one cannot send. `region`: the country of numbers without a country code on this channel;
    None: the gateway's.
    """

    secret: SecretStr
    sms: Side | None = None
    ussd: Side | None = None
    prices: dict[str, Tariff] = Field(default_factory=dict)
    per_second: Annotated[int, Field(ge=0, le=100_000)] = 0
    fallback: str | None = None
    region: str | None = None


LOCAL_CHANNEL: dict[str, ChannelSettings] = {
    "phone": ChannelSettings(
        secret=SecretStr("local"),
        sms=Side(kind="phone", options={"sender": "20880"}),
        ussd=Side(kind="phone", options={"service_code": "*384*20#"}),
    )
}

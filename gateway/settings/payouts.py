"""The settings of payout providers, and of countries with their taxes."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from gateway.base.currencies import Currency
from gateway.settings.section import OptionValues, Section


class FeeBand(Section):
    """A band of a provider's tariff, in major units of the provider's currency."""

    up_to: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2)]
    """The largest payout of the band."""
    fee: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]
    """The fee of each payout in the band."""


class ProviderSettings(Section):
    """A payout provider. Its limits and credentials are options of its kind."""

    kind: str
    """The kind of the plug-in."""
    secret: SecretStr | None = None
    """A part of the path of the one callback address that some providers' portals ask for (Airtel,
    airtime, pawaPay). Only the provider knows it.
    """
    options: OptionValues = Field(default_factory=dict)
    """The plug-in's own options."""
    fee_table: tuple[FeeBand, ...] = ()
    """The provider's tariff, from the smallest payout up. Above the last band, the last fee
    applies. A worker pays the fee where the settings of her country say so (`fees_by`).
    """

    @field_validator("fee_table")
    @classmethod
    def _rises(cls, value: tuple[FeeBand, ...]) -> tuple[FeeBand, ...]:
        for low, high in pairwise(value):
            if high.up_to <= low.up_to or high.fee < low.fee:
                raise ValueError("fee_table must rise from band to band")
        return value


class TaxRow(Section):
    """A tax on a worker's withdrawals from the day `since` on.

    A later row of the same name takes its place, and `percent = 0` ends it.
    """

    name: Annotated[str, Field(min_length=1, max_length=24)]
    """The name of the tax."""
    percent: Annotated[Decimal, Field(ge=0, lt=100, decimal_places=4)]
    """The percentage that is withheld from the taxed amount."""
    since: date
    """The first day on which the row is in force."""
    above: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)] = Decimal(0)
    """The untaxed amount, in major units."""
    per: Literal["payout", "month"] = "payout"
    """The period for `above`: one payout, or all payouts of a month (UTC) together."""
    whole: bool = False
    """Tax the whole payout once `above` is passed, not only the amount above it."""


class Country(Section):
    """The settings that follow from the country of a worker's phone number."""

    currency: Currency
    """The ISO 4217 code of the currency in which workers are paid."""
    language: str = "en"
    """The first language of a new worker."""
    languages: tuple[str, ...] = ()
    """The languages of the phone's menu, in this order. Without them the menu offers `language`,
    then all others. The command LANG accepts any language.
    """
    payout: str | None = None
    """The payout provider."""
    time_zone: str | None = None
    """The time zone for quiet hours, e.g. Africa/Lubumbashi. None means the zone of the worker's
    number.
    """
    payout_by_carrier: dict[str, str] = Field(default_factory=dict)
    """The payout providers by the carrier to which a number was given (`{Safaricom = "mpesa",
    Airtel = "airtel_ke"}`). Numbers of other carriers use `payout`.
    """
    airtime: str | None = None
    """The provider that pays `PAY AIRTIME`, and tiny balances, as airtime."""
    fees_by: Literal["house", "worker"] = "house"
    """The party that pays the provider's fee for a payout (`fee_table`): `house` is the gateway."""
    taxes: tuple[TaxRow, ...] = ()
    """The taxes withheld from each payout to this country's numbers."""

    @field_validator("taxes")
    @classmethod
    def _leave_something(cls, value: tuple[TaxRow, ...]) -> tuple[TaxRow, ...]:
        highest = {
            name: max(row.percent for row in value if row.name == name)
            for name in {row.name for row in value}
        }
        if sum(highest.values()) >= 100:  # noqa: PLR2004  # per cent
            raise ValueError("taxes together take 100 % or more")
        if len({(row.name, row.since) for row in value}) < len(value):
            raise ValueError("two rows of one tax begin on the same day")
        return value

    def taxes_on(self, day: date) -> tuple[TaxRow, ...]:
        """Return the tax rows in force on a day: per name, the newest row that has begun."""
        newest: dict[str, TaxRow] = {}
        for row in sorted(self.taxes, key=lambda row: row.since):
            if row.since <= day:
                newest[row.name] = row
        return tuple(row for row in newest.values() if row.percent)

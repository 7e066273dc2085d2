"""The settings of ways to pay, of countries with their taxes, and of what makes a payout wait."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, field_validator

from gateway import currencies
from gateway.settings.section import Options, Section


def _known(code: str) -> str:
    if code not in currencies.DIGITS:
        raise ValueError("this is no currency in use; write its code of ISO 4217, like KES")
    return code


Currency = Annotated[str, AfterValidator(_known)]


class FeeBand(Section):
    """A payout of up to so much costs this fee; major units of the provider's currency."""

    up_to: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2)]
    fee: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]


class ProviderSettings(Section):
    """A way to pay.

    Limits and credentials are the kind's own options. `secret`: path part of the one callback
    address that some operators' portals want (Airtel, airtime, pawaPay); only the operator is told.
    """

    kind: str
    secret: SecretStr | None = None
    options: Options = Field(default_factory=dict)
    fee_table: tuple[FeeBand, ...] = ()
    """The operator's tariff, from the smallest payout up; above the last band its fee. A worker
    pays it where her country says so (`fees_by`).
    """

    @field_validator("fee_table")
    @classmethod
    def _rises(cls, value: tuple[FeeBand, ...]) -> tuple[FeeBand, ...]:
        for low, high in pairwise(value):
            if high.up_to <= low.up_to or high.fee < low.fee:
                raise ValueError("fee_table must rise from band to band")
        return value


class TaxRow(Section):
    """`percent` of what a worker withdraws above `above` (major units), in one payout or in a month (UTC) together, from the
    day `since` on; a later row of the same name takes its place (`percent = 0` ends it). `whole`: the whole payout is taxed once
    `above` is passed."""

    name: Annotated[str, Field(min_length=1, max_length=24)]
    percent: Annotated[Decimal, Field(ge=0, lt=100, decimal_places=4)]
    since: date
    above: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)] = Decimal(0)
    per: Literal["payout", "month"] = "payout"
    whole: bool = False


class Country(Section):
    """What a phone number's country decides: the money it is paid in, the first language, who pays out."""

    currency: Currency
    language: str = "en"
    languages: tuple[str, ...] = ()
    """Offered on the phone's menu, in this order; none: `language`, then all others. LANG takes any
    of them.
    """
    payout: str | None = None
    time_zone: str | None = None
    """For quiet hours, e.g. Africa/Lubumbashi; None: the one its phone numbers belong to."""
    payout_by_carrier: dict[str, str] = Field(default_factory=dict)
    """Providers by the carrier a number was given to (`{Safaricom = "mpesa", Airtel =
    "airtel_ke"}`); others: `payout`.
    """
    airtime: str | None = None
    """The provider that pays `PAY AIRTIME`, and tiny balances, as airtime."""
    fees_by: Literal["house", "worker"] = "house"
    """Who pays the operator's fee for a payout (`fee_table` of the provider)."""
    taxes: tuple[TaxRow, ...] = ()
    """Withheld from each payout to this country's numbers; none where there are none."""

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
        """The rows in force: of each name the newest whose day has come."""
        newest: dict[str, TaxRow] = {}
        for row in sorted(self.taxes, key=lambda row: row.since):
            if row.since <= day:
                newest[row.name] = row
        return tuple(row for row in newest.values() if row.percent)


class DayLimit(Section):
    """`a_day` whole units (shillings, francs) of `currency` a day, UTC."""

    per: Literal["worker", "coordinator", "provider", "country", "all"]
    currency: Currency
    a_day: Annotated[int, Field(gt=0)]


class Controls(Section):
    """What makes a payout wait; see `gateway.payments.controls`."""

    limits: tuple[DayLimit, ...] = ()
    first_payouts_per_day: Annotated[int, Field(ge=1)] = 50
    """First payouts of one coordinator's workers in 24 hours that are ordinary; the others wait
    `hold_h`.
    """
    hold_h: Annotated[int, Field(ge=1)] = 48
    check_names: bool = False
    """Before a number's first payout: is the name its operator has for it (MTN, Airtel) nearly the
    enrolled one? Else a person looks.
    """
    quiet_days: Annotated[int, Field(ge=1)] = 30
    """A payout asked for by a number that gave no answer for so long waits `hold_h`: its SIM may be
    another's by now.
    """
    tell: tuple[str, ...] = ()
    """Phone numbers of people who get the ledger's head once a day, appeals of workers without a
    coordinator, and each addition, disabling, new key and expiry of a person who decides about
    money.
    """
    person_days: Annotated[int, Field(ge=1, le=3650)] = 180
    """So many days the key of a person who decides about money is good (`gateway persons`); then
    another person renews it.
    """
    heads_to_coordinators: bool = False
    """Coordinators get the ledger's head once a day too."""
    unknown_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    """The share of the payments of ten minutes of which nobody knows what became of them, above
    which sending stops until the operator answers; from `unknown_least` such payments on.
    """
    unknown_least: Annotated[int, Field(ge=1)] = 10
    approve_above: dict[Currency, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """By currency, in whole units: a payout of more waits for two people (`gateway approvals`)."""
    approve_run_above: dict[Currency, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """The same for all payouts of a day (UTC) together that nobody approved: from then on the
    others wait.
    """

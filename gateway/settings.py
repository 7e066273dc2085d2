"""The settings: defaults here < `config/gateway.toml` < `GATEWAY_*` environment variables.

An unknown key is an error; an empty variable counts as not set; secrets never show in logs or errors.
"""

import os
import tomllib
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.errors import SettingsError

CONFIG_FILE = Path("config/gateway.toml")
QUIET_HOURS = r"^(?:(?:[01]?\d|2[0-4])-(?:[01]?\d|2[0-4]))?$"
Options = dict[str, Any]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Side(_Strict):
    """One side (SMS or USSD) of a channel: which kind of plug-in, and its own options."""

    kind: str
    options: Options = {}


Major = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=6)]


class Tariff(_Strict):
    """What one SMS segment to a country costs, in major units; `networks`: where one of them differs. `reply`: what a
    worker there pays for an SMS of her own; None: as much."""

    currency: str
    segment: Major
    networks: dict[str, Major] = {}
    reply: Major | None = None

    @field_validator("networks")
    @classmethod
    def _lower(cls, value: dict[str, Decimal]) -> dict[str, Decimal]:
        return {name.casefold(): price for name, price in value.items()}


class ChannelSettings(_Strict):
    """A way to phones. `secret` is a path part only the provider is told; it stands beside the provider's own checks.
    `prices`: this channel's own, by country; they win over the gateway's. `per_second`: SMS segments it may send in any
    second, 0 for no limit. `fallback`: the channel that takes over what this one cannot send."""

    secret: SecretStr
    sms: Side | None = None
    ussd: Side | None = None
    prices: dict[str, Tariff] = {}
    per_second: Annotated[int, Field(ge=0, le=100_000)] = 0
    fallback: str | None = None


class FeeBand(_Strict):
    """A payout of up to so much costs this fee; major units of the provider's currency."""

    up_to: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2)]
    fee: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]


class ProviderSettings(_Strict):
    """A way to pay. Limits and credentials are the kind's own options. `secret`: path part of the one callback address
    that some operators' portals want (Airtel, airtime, pawaPay); only the operator is told."""

    kind: str
    secret: SecretStr | None = None
    options: Options = {}
    fee_table: tuple[FeeBand, ...] = ()
    """The operator's tariff, from the smallest payout up; above the last band its fee. A worker pays it where her country
    says so (`fees_by`)."""

    @field_validator("fee_table")
    @classmethod
    def _rises(cls, value: tuple[FeeBand, ...]) -> tuple[FeeBand, ...]:
        for low, high in pairwise(value):
            if high.up_to <= low.up_to or high.fee < low.fee:
                raise ValueError("fee_table must rise from band to band")
        return value


class TaxRow(_Strict):
    """`percent` of what a worker withdraws above `above` (major units), in one payout or in a month (UTC) together, from the
    day `since` on; a later row of the same name takes its place (`percent = 0` ends it)."""

    name: Annotated[str, Field(min_length=1, max_length=24)]
    percent: Annotated[Decimal, Field(ge=0, lt=100, decimal_places=4)]
    since: date
    above: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)] = Decimal(0)
    per: Literal["payout", "month"] = "payout"


class Country(_Strict):
    """What a phone number's country decides: the money it is paid in, the first language, who pays out."""

    currency: str
    language: str = "en"
    languages: tuple[str, ...] = ()
    """Offered on the phone's menu, in this order; none: `language`, then all others. LANG takes any of them."""
    payout: str | None = None
    time_zone: str | None = None
    """For quiet hours, e.g. Africa/Lubumbashi; None: the one its phone numbers belong to."""
    payout_by_carrier: dict[str, str] = {}
    """Providers by the carrier a number was given to (`{Safaricom = "mpesa", Airtel = "airtel_ke"}`); others: `payout`."""
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


class DayLimit(_Strict):
    """`a_day` whole units (shillings, francs) of `currency` a day, UTC."""

    per: Literal["worker", "coordinator", "provider", "country", "all"]
    currency: str
    a_day: Annotated[int, Field(gt=0)]


class Controls(_Strict):
    """What makes a payout wait; see `gateway.payments.controls`."""

    limits: tuple[DayLimit, ...] = ()
    first_payouts_per_day: Annotated[int, Field(ge=1)] = 50
    """First payouts of one coordinator's workers in 24 hours that are ordinary; the others wait `hold_h`."""
    hold_h: Annotated[int, Field(ge=1)] = 48
    check_names: bool = False
    """Before a number's first payout: is the name its operator has for it (MTN, Airtel) nearly the enrolled one? Else a person
    looks."""
    quiet_days: Annotated[int, Field(ge=1)] = 30
    """A payout asked for by a number that gave no answer for so long waits `hold_h`: its SIM may be another's by now."""
    tell: tuple[str, ...] = ()
    """Phone numbers of people who get the ledger's head once a day, and appeals of workers without a coordinator."""
    heads_to_coordinators: bool = False
    """Coordinators get the ledger's head once a day too."""
    unknown_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    """The share of the payments of ten minutes of which nobody knows what became of them, above which sending stops until
    the operator answers; from `unknown_least` such payments on."""
    unknown_least: Annotated[int, Field(ge=1)] = 10
    approve_above: dict[str, Annotated[int, Field(ge=0)]] = {}
    """By currency, in whole units: a payout of more waits for two people (`gateway approvals`)."""
    approve_run_above: dict[str, Annotated[int, Field(ge=0)]] = {}
    """The same for all payouts of a day (UTC) together that nobody approved: from then on the others wait."""


LOCAL_CHANNEL: dict[str, ChannelSettings] = {
    "phone": ChannelSettings(
        secret=SecretStr("local"),
        sms=Side(kind="phone", options={"sender": "20880"}),
        ussd=Side(kind="phone", options={"service_code": "*384*20#"}),
    )
}
_COUNTRIES = {
    "KE": Country(currency="KES", languages=("en", "fr", "sw"), payout="mpesa"),
    "UG": Country(currency="UGX", languages=("en", "sw")),
    "TZ": Country(currency="TZS", language="sw", languages=("sw", "en")),
    "RW": Country(currency="RWF", language="fr", languages=("fr", "en", "sw")),
    "CD": Country(currency="USD", language="fr", languages=("fr", "sw", "en")),
}


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="GATEWAY_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
    )

    data_dir: Path = Path("gateway-data")
    """Where the embedded servers and the secret key live."""
    database_url: SecretStr | None = None
    """A PostgreSQL of yours (postgresql://...); absent: the gateway starts its own in `data_dir`."""
    redis_url: SecretStr | None = None
    """A Redis of yours (redis://... or unix://...); absent: the gateway starts its own in `data_dir`."""
    secret_key: SecretStr | None = None
    """32 bytes in base64 (`gateway secret`): seals phone numbers. With servers of its own the gateway keeps one."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    public_url: str = "http://127.0.0.1:8000"
    """How providers reach this gateway from outside; stands in callback addresses and signatures."""
    local_phone: bool = False
    """Serve the simulated phone at /phone. Anybody who reaches it can be any worker: local machines only."""
    region: str = "KE"
    """ISO 3166 country that numbers written without a country code belong to."""
    channels: dict[str, ChannelSettings] = LOCAL_CHANNEL
    sms_channel: str = "phone"
    """The channel a worker is texted on when she joined by none."""
    providers: dict[str, ProviderSettings] = {}
    countries: dict[str, Country] = _COUNTRIES
    prices: dict[str, Tariff] = {}
    """What an SMS segment costs, by country; what is not here comes from the list in the package."""
    controls: Controls = Controls()
    """Limits a day, and what makes a payout wait for a look."""
    pin_free: Annotated[int, Field(ge=0)] = 500
    """Major units that PAY by SMS may send in one go for a worker who has a PIN; more needs the PIN, on USSD."""
    pay_reply_wait_s: Annotated[int, Field(ge=0)] = 20
    """The reply to PAY waits so many seconds for the operator: most say in this time that it is paid, and one SMS
    tells both. 0: the reply goes at once."""
    lease_s: Annotated[int, Field(ge=60)] = 3600
    """How long a question is kept for a worker who does not answer, in seconds."""
    receipt_grace_s: Annotated[int, Field(ge=0)] = 300
    """A question sent by SMS is kept from its delivery receipt on; where none comes, from this long after it was sent."""
    ussd_answer_s: Annotated[float, Field(gt=0, le=9)] = 8.0
    """After this a USSD key is answered with a last screen, and finished behind it; providers give up after 10 s."""
    resume_by_sms: bool = True
    """A question that a dropped USSD session left open may follow as one SMS."""
    quiet_hours: Annotated[str, Field(pattern=QUIET_HOURS)] = "21-8"
    """Hours of her own day in which a worker is sent nothing unasked, unless she chose others; "" for none."""
    prompts_per_hour: Annotated[int, Field(ge=1)] = 6
    """Messages a number may get unasked in an hour: questions, notices, invitations."""
    prompts_per_day: Annotated[int, Field(ge=1)] = 24
    """The same in 24 hours."""
    pause_days: Annotated[float, Field(gt=0)] = 3.0
    """How long a worker whose gold stays under the bar gets no questions of that kind, in days."""
    push_limit: Annotated[int, Field(ge=1)] = 500
    """Questions sent to idle workers in one go."""
    walks_at_once: Annotated[int, Field(ge=0)] = 24
    """SMS that one API process works on at the same moment; what comes beyond that is stored first and heard by the
    runners. 0: every SMS is stored first."""
    requests_per_minute: Annotated[int, Field(ge=0)] = 6000
    """Requests that one API key may make in a minute at one API process; 0 for no limit."""
    strangers_per_minute: Annotated[int, Field(ge=0)] = 120
    """Requests in a minute from one address without a key that is known, at one API process; 0 for no limit."""
    runners: Annotated[int, Field(ge=1)] = 2
    """RQ runners that `gateway up` starts."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # The file's values are handed in by `load`, below the environment's.
        return env_settings, init_settings

    @model_validator(mode="after")
    def _fallbacks_are_there(self) -> Self:
        """Raises SettingsError: a channel that cannot take over would lose its messages on the day they need it."""
        takes_over = [n for n, channel in self.channels.items() if channel.sms]
        for name, channel in self.channels.items():
            others = [other for other in takes_over if other != name]
            if channel.fallback is not None and channel.fallback not in others:
                raise SettingsError(
                    f"channels.{name}.fallback: no other SMS channel is called {channel.fallback!r}; "
                    f"there is: {', '.join(others) or 'none'}"
                )
        return self


def load(**overrides: object) -> Settings:
    """Settings from file, environment and `overrides` (which win); raises SettingsError naming what is wrong."""
    path = Path(os.environ.get("GATEWAY_CONFIG") or CONFIG_FILE)
    values: dict[str, Any] = {}
    if path.exists():
        try:
            values = tomllib.loads(path.read_text())
        except (tomllib.TOMLDecodeError, OSError) as bad:
            raise SettingsError(f"{path} cannot be read: {bad}") from bad
    elif os.environ.get("GATEWAY_CONFIG"):
        raise SettingsError(f"GATEWAY_CONFIG names {path}, which does not exist")
    unknown = sorted(
        name
        for name in os.environ
        if name.startswith("GATEWAY_")
        and name != "GATEWAY_CONFIG"
        and name.removeprefix("GATEWAY_").split("__")[0].lower() not in Settings.model_fields
    )
    if unknown:
        raise SettingsError(
            f"no such setting: {', '.join(unknown)} (see docs/operators/settings.md)"
        )
    try:
        found = Settings(**values)
        return found.model_copy(update=overrides) if overrides else found
    except ValidationError as bad:
        first = bad.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"setting {where}: {first['msg']} (file {path} or GATEWAY_{where.upper()})"
        ) from None

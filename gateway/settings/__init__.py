"""The settings: defaults here < `config/gateway.toml` < `GATEWAY_*` environment variables.

An unknown key is an error. An empty variable counts as not set. Secrets never show in logs or
errors.
"""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import phonenumbers
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as EnvironmentFault

from gateway.base.errors import SettingsError
from gateway.base.redaction import redacted
from gateway.settings import wrong
from gateway.settings.appeals import Appeals
from gateway.settings.channels import LOCAL_CHANNEL, ChannelSettings, ChannelSide, Tariff
from gateway.settings.controls import Controls
from gateway.settings.coordinators import Coordinators
from gateway.settings.fair_pay import FairPay
from gateway.settings.files import Files
from gateway.settings.limits import DoorLimits, Networks, ServedAddresses
from gateway.settings.moves import Moves
from gateway.settings.outgoing import check_addresses
from gateway.settings.payouts import Country, FeeBand, ProviderSettings, TaxRow
from gateway.settings.reserves import Reserves
from gateway.settings.retention import Retention
from gateway.settings.weekly import Weekly

__all__ = [
    "CONFIG_FILE",
    "LOCAL_CHANNEL",
    "QUIET_HOURS",
    "Appeals",
    "ChannelSettings",
    "ChannelSide",
    "Controls",
    "Coordinators",
    "Country",
    "DoorLimits",
    "FairPay",
    "FeeBand",
    "Files",
    "Moves",
    "ProviderSettings",
    "Reserves",
    "Retention",
    "Settings",
    "Tariff",
    "TaxRow",
    "Weekly",
    "load",
]

CONFIG_FILE = Path("config/gateway.toml")
QUIET_HOURS = r"^(?:(?:[01]?\d|2[0-4])-(?:[01]?\d|2[0-4]))?$"
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
    """The folder of the embedded servers and the secret key."""
    database_url: SecretStr | None = None
    """The address of the operator's PostgreSQL (postgresql://...). Without it, the gateway starts
    its own in `data_dir`.
    """
    redis_url: SecretStr | None = None
    """The address of the operator's Redis (redis://... or unix://...). Without it, the gateway
    starts its own in `data_dir`.
    """
    secret_key: SecretStr | None = None
    """The key that seals phone numbers: 32 bytes in base64 (`gateway secret`). A gateway with
    embedded servers makes its own key.
    """
    host: str = "127.0.0.1"
    """The address at which the API listens."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """The port at which the API listens; 0 takes any free port."""
    public_url: str = "http://127.0.0.1:8000"
    """The address at which providers reach this gateway. Callback addresses and signatures contain
    it.
    """
    local_phone: bool = False
    """Serve the simulated phone at /phone. Every visitor of that page can act as any worker, so
    switch it on for local machines only.
    """
    region: str = "KE"
    """The ISO 3166 country of numbers that are written without a country code."""
    channels: dict[str, ChannelSettings] = LOCAL_CHANNEL
    """The channels, by name."""
    sms_channel: str = "phone"
    """The SMS channel of a worker who did not join through a channel."""
    providers: dict[str, ProviderSettings] = {}
    """The payout providers, by name."""
    private_addresses: tuple[str, ...] = ()
    """The private addresses at which channels and providers may be called, e.g. `127.0.0.1:13013`,
    `10.1.0.0/16` or `kannel.internal`. A call to any other private address is refused.
    """
    countries: dict[str, Country] = _COUNTRIES
    """The countries whose numbers may join, by their ISO 3166 code."""
    prices: dict[str, Tariff] = {}
    """The price of an SMS segment per country. Other countries have the price of the package's
    list.
    """
    controls: Controls = Controls()
    """The limits per day, and the reasons for which a payout waits for an operator."""
    coordinators: Coordinators = Coordinators()
    """The limits of what a coordinator may do by SMS, per day and without a PIN."""
    fair_pay: FairPay = FairPay()
    """The rules of fair pay: the floor of hourly pay, refunds, and rewards."""
    reserves: Reserves = Reserves()
    """The alarm for floats and reserves that are lower than what workers are owed."""
    moves: Moves = Moves()
    """The rules for a worker's change of number: how long payouts wait, and how long the new number
    has to say YES.
    """
    appeals: Appeals = Appeals()
    """The deadlines of workers' appeals, and how many a worker may make."""
    weekly: Weekly = Weekly()
    """The weekly message to each worker about her answers and her money."""
    retention: Retention = Retention()
    """The time for which sessions and messages are kept, and the folder for archived months."""
    files: Files = Files()
    """The folder of the files of clients' imports and exports, and for how long they are kept."""
    pin_free: Annotated[int, Field(ge=0)] = 500
    """The largest payout by SMS, in major units, for a worker who has a PIN. A larger one needs the
    PIN, on USSD.
    """
    pay_reply_wait_s: Annotated[int, Field(ge=0)] = 20
    """The number of seconds for which the reply to PAY waits for the provider. Most providers
    report the payment in this time, so that one SMS tells both. With 0, the reply goes at once.
    """
    lease_s: Annotated[int, Field(ge=60)] = 3600
    """The number of seconds for which a question is kept for a worker who does not answer."""
    receipt_grace_s: Annotated[int, Field(ge=0)] = 300
    """The lease of a question sent by SMS begins with its delivery receipt. Without a receipt it
    begins this number of seconds after the question was sent.
    """
    ussd_answer_s: Annotated[float, Field(gt=0, le=9)] = 8.0
    """The number of seconds after which a USSD key is answered with a last screen, while its
    processing goes on. Providers give up after 10 s.
    """
    ussd_wait_s: Annotated[float, Field(gt=0, le=8)] = 0.7
    """The longest wait for a USSD reply, in seconds, while more workers dial than the gateway can
    answer. A worker who would wait longer gets a polite last screen at once.
    """
    resume_by_sms: bool = True
    """Send a question that a dropped USSD session left open as one SMS."""
    quiet_hours: Annotated[str, Field(pattern=QUIET_HOURS)] = "21-8"
    """The hours of a worker's local day in which she is sent no message unasked, unless she chose
    others. An empty value means no quiet hours.
    """
    prompts_per_hour: Annotated[int, Field(ge=1)] = 6
    """The largest number of unasked messages (questions, notices, invitations) to one number in an
    hour.
    """
    prompts_per_day: Annotated[int, Field(ge=1)] = 24
    """The largest number of unasked messages to one number in 24 hours."""
    pause_days: Annotated[float, Field(gt=0)] = 3.0
    """The number of days for which a worker whose gold answers stay under the bar gets no questions
    of that kind.
    """
    gateway_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$")] = "gateway"
    """The name of this gateway on its workers' skill cards, unique among those that accept them."""
    lessons_folder: str = ""
    """A folder with the operator's own lessons, `<kind>/<language>.toml`. A file in it replaces the
    shipped lesson of the same name. An empty value means only the shipped lessons.
    """
    push_limit: Annotated[int, Field(ge=1)] = 500
    """The number of questions that are sent to idle workers in one run."""
    walks_at_once: Annotated[int, Field(ge=0)] = 24
    """The number of SMS that one API process handles at the same moment. Further SMS are stored
    first and then handled by the runners. With 0, every SMS is stored first.
    """
    requests_per_minute: Annotated[int, Field(ge=0)] = 6000
    """The requests that one API key may make per minute at one API process; 0 for no limit."""
    strangers_per_minute: Annotated[int, Field(ge=0)] = 120
    """The requests per minute without a known key that one address may make at one API process; 0
    for no limit.
    """
    log_format: Literal["auto", "json", "pretty"] = "auto"
    """The format of log lines: JSON, text for a terminal, or (auto) text on a terminal and JSON
    elsewhere.
    """
    webhook_processes: Annotated[int, Field(ge=1)] = 2
    """The number of processes for webhooks and USSD that `gateway up` starts. With two, one can die
    and no connection is refused.
    """
    helpers: Annotated[int, Field(ge=1, le=64)] = 1
    """The number of processes that read uploads and compute quotes for one client process at a
    time. Further requests wait for them.
    """
    helper_s: Annotated[float, Field(gt=0)] = 120.0
    """The number of seconds after which reading one upload is given up."""
    limits: DoorLimits = DoorLimits()
    """The limits of one server process for its callers: bytes, seconds, connections, requests."""
    trusted_proxies: Networks = ()
    """The addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are
    believed. The default is none, not even this machine.
    """
    allowed_hosts: tuple[str, ...] = ()
    """The names in the Host header that are answered (`*.example.org` for all names below, `*` for
    any). An empty list allows the host of `public_url` and this machine's own names. Webhooks,
    health and metrics answer to any name.
    """
    serve_metrics: ServedAddresses = "private"
    """The callers that may read /metrics."""
    serve_docs: ServedAddresses = "private"
    """The callers that may read /docs and the files that it loads."""
    serve_openapi: ServedAddresses = "private"
    """The callers that may read /openapi.json."""
    runners: Annotated[int, Field(ge=1)] = 2
    """The number of RQ runners that `gateway up` starts."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # `load` hands the file's values in, so that the environment wins over them.
        return env_settings, init_settings

    @model_validator(mode="after")
    def _fallbacks_are_there(self) -> Self:
        """Raise SettingsError when a channel names a fallback or a region that does not exist.

        A channel that cannot take over would lose its messages on the day when they need it.
        """
        takes_over = [n for n, channel in self.channels.items() if channel.sms]
        faults = list[str]()
        for name, channel in self.channels.items():
            others = [other for other in takes_over if other != name]
            if channel.fallback is not None and channel.fallback not in others:
                faults.append(
                    f"channels.{name}.fallback: no other SMS channel is called {channel.fallback!r}; "
                    f"there is: {', '.join(others) or 'none'}"
                )
            if channel.region is not None and channel.region not in self.countries:
                faults.append(
                    f"channels.{name}.region: {channel.region!r} is not in `countries`; "
                    f"there is: {', '.join(self.countries)}"
                )
        if faults:
            raise wrong.together(faults)
        return self

    @field_validator("countries")
    @classmethod
    def _are_countries(cls, value: dict[str, Country]) -> dict[str, Country]:
        for code in value:
            if code not in phonenumbers.SUPPORTED_REGIONS:
                raise ValueError(
                    f"{code!r} is no country; write its two letters of ISO 3166, like KE"
                )
        return value

    @model_validator(mode="after")
    def _no_address_leads_inside(self) -> Self:
        """Raise SettingsError for an address that the guard of the network would always refuse.

        The guard is `gateway.base.net.outside`.
        """
        check_addresses(self.channels, self.providers, self.private_addresses)
        return self


class _FileOnly(Settings):
    """The settings made from given values alone, without the environment."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def load(**overrides: object) -> Settings:
    """Return the settings from the file, the environment and `overrides` (which win).

    Raises SettingsError, which names every fault at once.
    """
    path = Path(os.environ.get("GATEWAY_CONFIG") or CONFIG_FILE)
    values: dict[str, Any] = {}
    if path.exists():
        try:
            values = tomllib.loads(path.read_text())
        except (tomllib.TOMLDecodeError, OSError) as bad:
            raise SettingsError(f"{path} cannot be read: {bad}") from bad
    elif os.environ.get("GATEWAY_CONFIG"):
        raise SettingsError(f"GATEWAY_CONFIG names {path}, which does not exist")
    faults = wrong.unknown_variables(Settings.model_fields)
    found = _checked(values, path, faults)
    if found is None or faults:
        raise wrong.together(faults)
    return found.model_copy(update=overrides) if overrides else found


def _checked(values: dict[str, Any], path: Path, faults: list[str]) -> Settings | None:
    """Return the settings if they are valid, else add every fault to `faults` and return None."""
    try:
        return Settings(**values)
    except ValidationError as bad:
        faults += wrong.invalid_values(bad, path, Settings.model_fields)
        invalid = {str(error["loc"][0]) for error in bad.errors() if error["loc"]}
    except SettingsError as bad:
        faults.append(str(bad))
        return None
    except EnvironmentFault as bad:
        faults.append(
            f"{redacted(str(bad))}: it is a table, so write it as JSON, "
            "or each value as GATEWAY_NAME__PART"
        )
        return None
    # The valid values are checked against each other as well, so that all faults are reported at
    # once.
    given = {**values, **EnvSettingsSource(Settings)()}
    try:
        _FileOnly(**{name: value for name, value in given.items() if name not in invalid})
    except SettingsError as bad:
        faults.append(str(bad))
    except ValidationError:
        pass  # These faults are on the list already.
    return None

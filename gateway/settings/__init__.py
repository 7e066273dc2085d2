"""The settings: defaults here < `config/gateway.toml` < `GATEWAY_*` environment variables.

An unknown key is an error; an empty variable counts as not set; secrets never show in logs or
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

from gateway.errors import SettingsError
from gateway.redaction import redacted
from gateway.settings import wrong
from gateway.settings.channels import LOCAL_CHANNEL, ChannelSettings, Side, Tariff
from gateway.settings.coordinators import Coordinators
from gateway.settings.limits import Audience, DoorLimits, Networks
from gateway.settings.moves import Moves
from gateway.settings.outgoing import check_addresses
from gateway.settings.payouts import Controls, Country, DayLimit, FeeBand, ProviderSettings, TaxRow
from gateway.settings.retention import Retention

__all__ = [
    "CONFIG_FILE",
    "LOCAL_CHANNEL",
    "QUIET_HOURS",
    "ChannelSettings",
    "Controls",
    "Coordinators",
    "Country",
    "DayLimit",
    "DoorLimits",
    "FeeBand",
    "Moves",
    "ProviderSettings",
    "Retention",
    "Settings",
    "Side",
    "Tariff",
    "TaxRow",
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
    """Where the embedded servers and the secret key live."""
    database_url: SecretStr | None = None
    """A PostgreSQL of yours (postgresql://...); absent: the gateway starts its own in `data_dir`.
    """
    redis_url: SecretStr | None = None
    """A Redis of yours (redis://... or unix://...); absent: the gateway starts its own in
    `data_dir`.
    """
    secret_key: SecretStr | None = None
    """32 bytes in base64 (`gateway secret`): seals phone numbers. With servers of its own the
    gateway keeps one.
    """
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    public_url: str = "http://127.0.0.1:8000"
    """How providers reach this gateway from outside; stands in callback addresses and signatures.
    """
    local_phone: bool = False
    """Serve the simulated phone at /phone. Anybody who reaches it can be any worker: local machines
    only.
    """
    region: str = "KE"
    """ISO 3166 country that numbers written without a country code belong to."""
    channels: dict[str, ChannelSettings] = LOCAL_CHANNEL
    sms_channel: str = "phone"
    """The channel a worker is texted on when she joined by none."""
    providers: dict[str, ProviderSettings] = {}
    private_addresses: tuple[str, ...] = ()
    """Private addresses that channels and providers may be reached at, e.g. `127.0.0.1:13013`,
    `10.1.0.0/16` or `kannel.internal`. Every other private address is refused when it is dialled.
    """
    countries: dict[str, Country] = _COUNTRIES
    prices: dict[str, Tariff] = {}
    """What an SMS segment costs, by country; what is not here comes from the list in the package.
    """
    controls: Controls = Controls()
    """Limits a day, and what makes a payout wait for a look."""
    coordinators: Coordinators = Coordinators()
    """What a coordinator may do by SMS without a PIN, and in a day."""
    moves: Moves = Moves()
    """How a worker changes her number: how long payouts wait, and how long the new number may take
    to say YES.
    """
    retention: Retention = Retention()
    """For how long sessions and messages are kept, and where older months are archived."""
    pin_free: Annotated[int, Field(ge=0)] = 500
    """Major units that PAY by SMS may send in one go for a worker who has a PIN; more needs the
    PIN, on USSD.
    """
    pay_reply_wait_s: Annotated[int, Field(ge=0)] = 20
    """The reply to PAY waits so many seconds for the operator: most say in this time that it is
    paid, and one SMS tells both. 0: the reply goes at once.
    """
    lease_s: Annotated[int, Field(ge=60)] = 3600
    """How long a question is kept for a worker who does not answer, in seconds."""
    receipt_grace_s: Annotated[int, Field(ge=0)] = 300
    """A question sent by SMS is kept from its delivery receipt on; where none comes, from this long
    after it was sent.
    """
    ussd_answer_s: Annotated[float, Field(gt=0, le=9)] = 8.0
    """After this a USSD key is answered with a last screen, and finished behind it; providers give
    up after 10 s.
    """
    ussd_wait_s: Annotated[float, Field(gt=0, le=8)] = 0.7
    """When more phones dial than can be answered: who would wait longer gets a polite last screen
    at once.
    """
    resume_by_sms: bool = True
    """A question that a dropped USSD session left open may follow as one SMS."""
    quiet_hours: Annotated[str, Field(pattern=QUIET_HOURS)] = "21-8"
    """Hours of her own day in which a worker is sent nothing unasked, unless she chose others; ""
    for none.
    """
    prompts_per_hour: Annotated[int, Field(ge=1)] = 6
    """Messages a number may get unasked in an hour: questions, notices, invitations."""
    prompts_per_day: Annotated[int, Field(ge=1)] = 24
    """The same in 24 hours."""
    pause_days: Annotated[float, Field(gt=0)] = 3.0
    """How long a worker whose gold stays under the bar gets no questions of that kind, in days."""
    push_limit: Annotated[int, Field(ge=1)] = 500
    """Questions sent to idle workers in one go."""
    walks_at_once: Annotated[int, Field(ge=0)] = 24
    """SMS that one API process works on at the same moment; what comes beyond that is stored first
    and heard by the runners. 0: every SMS is stored first.
    """
    requests_per_minute: Annotated[int, Field(ge=0)] = 6000
    """Requests that one API key may make in a minute at one API process; 0 for no limit."""
    strangers_per_minute: Annotated[int, Field(ge=0)] = 120
    """Requests in a minute from one address without a key that is known, at one API process; 0 for
    no limit.
    """
    log_format: Literal["auto", "json", "pretty"] = "auto"
    """How log lines are written: JSON, text for a terminal, or (auto) text where there is a
    terminal and JSON elsewhere.
    """
    webhook_processes: Annotated[int, Field(ge=1)] = 2
    """Processes that answer phones, started by `gateway up`. With two, one can die and no
    connection is refused.
    """
    helpers: Annotated[int, Field(ge=1, le=64)] = 1
    """Processes that read uploads and work out quotes for one client process at a time; more
    requests wait for them.
    """
    helper_s: Annotated[float, Field(gt=0)] = 120.0
    """Seconds after which reading one upload is given up."""
    limits: DoorLimits = DoorLimits()
    """What one server process takes from its callers: bytes, seconds, connections, requests."""
    trusted_proxies: Networks = ()
    """Addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed;
    none by default, not even this machine.
    """
    allowed_hosts: tuple[str, ...] = ()
    """Names in the Host header that are answered (`*.example.org` for all below, `*` for any);
    empty: the one of `public_url`, and this machine's own. Webhooks, health and metrics answer to
    any name.
    """
    serve_metrics: Audience = "private"
    """Which callers /metrics is served to."""
    serve_docs: Audience = "private"
    """Which callers /docs, and what it loads, is served to."""
    serve_openapi: Audience = "private"
    """Which callers /openapi.json is served to."""
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
        """Raise SettingsError for an address that the guard of `gateway.outside` would refuse at each call."""
        check_addresses(self.channels, self.providers, self.private_addresses)
        return self


class _FileOnly(Settings):
    """The settings of what is handed in, without the environment."""

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
    """Settings from file, environment and `overrides` (which win); raises SettingsError naming everything that is wrong."""
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
    """Return the settings where they are valid; add what is wrong to `faults`."""
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
            f"{redacted(str(bad))}: it is a table, so write it as JSON, or each value as GATEWAY_NAME__PART"
        )
        return None
    # The valid ones are checked against each other as well, so that everything is said at once.
    given = {**values, **EnvSettingsSource(Settings)()}
    try:
        _FileOnly(**{name: value for name, value in given.items() if name not in invalid})
    except SettingsError as bad:
        faults.append(str(bad))
    except ValidationError:
        pass  # said above
    return None

"""The settings of the test gateway, which follow from those of the gateway."""

import base64
from hashlib import blake2b
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

from gateway.settings import LOCAL_CHANNEL, Controls, ProviderSettings, Settings

FOLDER: Final = "test"
"""The folder of the test gateway in the gateway's data folder."""
PROVIDER: Final = "mpesa"
"""The name of the simulated operator, which pays in KES."""
_CURRENCY: Final = "KES"
_NO_LIMIT: Final = 1_000_000


def of_test_gateway(settings: Settings) -> Settings:
    """Return the settings of the test gateway: no channel and no provider of the gateway's own.

    `settings` name a database and have a secret key.
    """
    assert settings.database_url
    assert settings.secret_key
    countries = {
        code: one.model_copy(
            update={
                "payout": PROVIDER if one.currency == _CURRENCY else None,
                "payout_by_carrier": {},
                "airtime": None,
            }
        )
        for code, one in settings.countries.items()
    }
    return settings.model_copy(
        update={
            "data_dir": settings.data_dir / FOLDER,
            "database_url": SecretStr(database_of(settings.database_url.get_secret_value())),
            "redis_url": None,
            "secret_key": SecretStr(_derived(settings.secret_key.get_secret_value())),
            "channels": LOCAL_CHANNEL,
            "sms_channel": next(iter(LOCAL_CHANNEL)),
            "providers": {},
            "private_addresses": (),
            "countries": countries,
            "controls": Controls(),
            "quiet_hours": "0-0",
            "prompts_per_hour": _NO_LIMIT,
            "prompts_per_day": _NO_LIMIT,
            "pay_reply_wait_s": 0,
        }
    )


def with_operator(settings: Settings, port: int) -> Settings:
    """Return the settings with the simulated operator at a port of this machine."""
    options = {
        "base_url": f"http://127.0.0.1:{port}",
        "consumer_key": "simulated",
        "consumer_secret": "simulated",
        "initiator": "simulated",
        "security_credential": "c2ltdWxhdGVk",
        "shortcode": "600000",
    }
    return settings.model_copy(
        update={
            "providers": {PROVIDER: ProviderSettings(kind="mpesa", options=options)},
            "private_addresses": (f"127.0.0.1:{port}",),
        }
    )


def database_of(url: str) -> str:
    """Return the address of the test gateway's database, beside the gateway's own.

    >>> database_of("postgresql://me@db/gateway?host=/run")
    'postgresql://me@db/gateway_test?host=/run'
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path}_test"))


def _derived(secret: str) -> str:
    """Return another secret key, from which the given one cannot be found."""
    key = blake2b(secret.encode(), digest_size=32, person=b"test gateway").digest()
    return base64.b64encode(key).decode()

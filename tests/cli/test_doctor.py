"""`gateway doctor` and `gateway channels` on good and bad settings.

Every setting is documented.
"""

import json
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from gateway import app as composition
from gateway.cli import doctor
from gateway.cli.commands import app
from gateway.cli.doctor import configured, connections, running
from gateway.cli.doctor.verdict import CheckLevel
from gateway.cli.messages import channels
from gateway.cli.serving import served, with_secret
from gateway.servers import EmbeddedServers
from gateway.settings import ChannelSettings, ChannelSide, Country, ProviderSettings, Settings, load
from gateway.store import health, leader

REPOSITORY = Path(__file__).parents[2]
FILE = REPOSITORY / "config" / "gateway.toml"
EXAMPLE = REPOSITORY / "config" / "production.example.toml"
PAGE = REPOSITORY / "docs" / "operators" / "settings.md"
AT = ChannelSettings(
    secret=SecretStr("0123456789abcdef0123456789abcdef"),
    sms=ChannelSide(
        kind="africastalking", options={"username": "u", "api_key": "k", "sender": "21512"}
    ),
    ussd=ChannelSide(kind="africastalking", options={"service_code": "*384*1#"}),
)


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No settings of this machine's."""
    monkeypatch.chdir(tmp_path)
    for name in ("GATEWAY_CONFIG", "GATEWAY_PORT", "GATEWAY_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)


def found(findings) -> dict[str, CheckLevel]:
    return {finding.what: finding.verdict for finding in findings}


def test_every_setting_is_explained_and_stands_in_the_file():
    page = set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE))
    file = set(tomllib.loads(uncommented()))
    assert page == file == set(Settings.model_fields)


def uncommented() -> str:
    """The file with every setting in it switched on."""
    return re.sub(r"^#(?=[\w\[])", "", FILE.read_text(), flags=re.MULTILINE)


def test_the_file_changes_nothing_and_shows_the_defaults():
    assert tomllib.loads(FILE.read_text()) == {}
    shown, defaults = Settings(**tomllib.loads(uncommented())), Settings()
    for name in set(Settings.model_fields) - {
        "database_url",
        "redis_url",
        "secret_key",
        "providers",
        "prices",  # a list stands in the package; the file shows how one is said
    }:
        assert getattr(shown, name) == getattr(defaults, name), name


def test_the_example_is_whole_once_its_secrets_are_given(monkeypatch):
    monkeypatch.setenv("GATEWAY_CONFIG", str(EXAMPLE))
    monkeypatch.setenv("GATEWAY_CHANNELS__AT__SECRET", "x" * 32)
    monkeypatch.setenv("GATEWAY_CHANNELS__AT__SMS__OPTIONS__API_KEY", "k")
    for name in ("CONSUMER_KEY", "CONSUMER_SECRET", "SECURITY_CREDENTIAL"):
        monkeypatch.setenv(f"GATEWAY_PROVIDERS__MPESA__OPTIONS__{name}", "s")
    settings = load()
    for name, channel in settings.channels.items():
        assert composition._channel(name, channel, settings).sms
    assert composition._providers(settings, None)["mpesa"].name == "mpesa"
    assert CheckLevel.FAIL not in found(configured.addresses(settings)).values()


def test_a_wrong_setting_is_the_first_and_only_finding(monkeypatch):
    monkeypatch.setenv("GATEWAY_PORT", "many")
    findings = list(doctor.examine())
    assert found(findings) == {"settings": CheckLevel.FAIL}
    assert "port" in findings[0].said
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 1


def test_a_provider_cannot_reach_an_address_of_this_machine():
    settings = Settings(channels={"at": AT}, sms_channel="at")
    (finding,) = [f for f in configured.addresses(settings) if f.verdict is CheckLevel.FAIL]
    assert "GATEWAY_PUBLIC_URL" in finding.cure


@pytest.mark.parametrize(
    ("changes", "what", "verdict"),
    [
        ({"public_url": "http://gw.example.org"}, "public address", CheckLevel.WARN),
        ({"public_url": "https://gw.example.org"}, "public address", CheckLevel.OK),
        ({"local_phone": True}, "phone page", CheckLevel.WARN),
        (
            {"channels": {"at": AT.model_copy(update={"secret": SecretStr("x")})}},
            "channel at",
            CheckLevel.WARN,
        ),
    ],
)
def test_what_is_risky_is_said(changes, what, verdict):
    settings = Settings(**{"channels": {"at": AT}, **changes})
    assert found(configured.addresses(settings))[what] is verdict


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://redis.example.org:6379/0", "no password and no TLS"),
        ("redis://:pw@redis.example.org:6379/0", "no TLS"),
        ("rediss://redis.example.org:6379/0", "no password"),
        ("rediss://:pw@redis.example.org:6379/0?ssl_cert_reqs=none", "without checking"),
        ("redis://10.0.0.5/0", "no password and no TLS"),
        ("rediss://:pw@redis.example.org:6379/0", None),
        ("rediss://u:pw@[2001:db8::1]:6379/0", None),
        ("rediss://redis.example.org/0?password=pw", None),
        ("redis://localhost:6379/0", None),
        ("redis://127.0.0.5/0", None),
        ("redis://[::1]:6379/0", None),
        ("unix:///run/redis.sock?db=0", None),
    ],
)
def test_a_redis_that_strangers_could_use_is_warned_of(url, said):
    findings = list(connections.connections(Settings(redis_url=SecretStr(url))))
    assert [f.verdict for f in findings] == ([CheckLevel.WARN] if said else [])
    assert not said or said in findings[0].said
    assert not any("pw" in f"{f.said}{f.cure}" for f in findings)


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("postgresql://u:p@db.example.org/x", True),
        ("postgresql://u:p@db.example.org/x?sslmode=require", True),
        ("postgresql://u:p@db.example.org/x?sslmode=verify-ca", True),
        ("postgresql://u:p@127.0.0.1,db.example.org/x", True),
        ("postgresql://u:p@/x?host=db.example.org", True),
        ("postgresql://u:p@ss@db.example.org/x", True),
        ("postgresql://u:p@db.example.org/x?sslmode=verify-full", False),
        ("postgresql+asyncpg://u@/x?host=/run/postgresql&port=5432", False),
        ("postgresql://u:p@localhost:5432/x", False),
        ("postgresql://u:p@[::1]/x", False),
        ("postgresql:///x", False),
    ],
)
def test_a_database_over_an_unverified_connection_is_warned_of(url, warned):
    findings = list(connections.connections(Settings(database_url=SecretStr(url))))
    assert [f.verdict for f in findings] == [CheckLevel.WARN] * warned


def test_a_try_out_on_this_machine_is_fine():
    assert set(found(configured.addresses(Settings(local_phone=True))).values()) == {CheckLevel.OK}


def test_countries_and_their_providers_fit_together():
    paid = {"mpesa": ProviderSettings(kind="mpesa")}
    assert found(configured.people_and_money(Settings())) == {"payouts": CheckLevel.WARN}
    assert found(configured.people_and_money(Settings(providers=paid))) == {}
    countries = {"UG": Country(currency="UGX", payout="momo")}
    settings = Settings(providers=paid, countries=countries, region="KE")
    assert found(configured.people_and_money(settings)) == {
        "region": CheckLevel.FAIL,
        "country UG": CheckLevel.WARN,
    }


def test_a_full_disk_is_told_before_the_database_finds_out(monkeypatch, tmp_path):
    settings = Settings(data_dir=tmp_path / "not" / "there" / "yet")
    monkeypatch.setattr(configured, "_FREE_BYTES_FEW", 2**70)
    assert found(configured.disk(settings)) == {"data folder": CheckLevel.WARN}
    monkeypatch.setattr(configured, "_FREE_BYTES_MIN", 2**70)
    assert found(configured.disk(settings)) == {"data folder": CheckLevel.FAIL}


def test_servers_that_do_not_answer_are_one_line(tmp_path):
    settings = Settings(
        data_dir=tmp_path,
        database_url=SecretStr("postgresql://u:hush@127.0.0.1:1/x"),
        redis_url=SecretStr("redis://127.0.0.1:1/0"),
        secret_key=SecretStr("A" * 43 + "="),
    )
    findings = {f.what: f for f in running.servers(settings)}
    assert findings["Redis"].verdict is CheckLevel.FAIL
    assert findings["start"].verdict is CheckLevel.FAIL
    assert "hush" not in findings["start"].said
    assert "PostgreSQL" not in findings


def test_addresses_are_whole_and_only_those_that_the_channel_has(capsys):
    secret = AT.secret.get_secret_value()
    only_sms = ChannelSettings(secret=SecretStr("s"), sms=ChannelSide(kind="kannel"))
    settings = Settings(channels={"at": AT, "k": only_sms}, public_url="https://gw.example.org/")
    urls = [hook.url for hook in channels.hooks(settings)]
    assert urls == [
        *(f"https://gw.example.org/in/at/{secret}/{path}" for path in ("sms", "receipt", "opt-out", "subscription", "ussd", "session-end")),
        *(f"https://gw.example.org/in/k/s/{path}" for path in ("sms", "receipt")),
    ]  # fmt: skip
    channels.show(settings, None)
    assert "this machine only" not in capsys.readouterr().out


def test_channels_as_json(capsys, tmp_path):
    channels.show(Settings(), Path("-"))
    told = json.loads(capsys.readouterr().out)
    assert {hook["channel"] for hook in told["addresses"]} == {"phone"}
    channels.show(Settings(), tmp_path / "out.json")
    told = json.loads((tmp_path / "out.json").read_text())
    assert (len(told["addresses"]), told["health"]) == (4, [])
    channels.show(Settings(), None)
    said = capsys.readouterr().out
    assert "this machine only" in said
    assert "nothing has run here yet" in said
    assert not (tmp_path / "gateway-data").exists(), "a list of addresses starts nothing"


def test_looking_at_channels_migrates_nothing(capsys, tmp_path):
    """The database may be another version's, at work."""
    settings = Settings(data_dir=tmp_path)
    with_secret(settings)
    with EmbeddedServers(tmp_path):
        channels.show(settings, None)
        assert "run: gateway migrate" in capsys.readouterr().out
        with served(settings, migrated=True):
            channels.show(settings, None)
        said = capsys.readouterr().out
    assert "breaker closed: it works" in said
    assert "not known" not in said


def test_the_addresses_of_payout_operators_are_told_too(capsys):
    """Shown are the addresses of portals that know one address for all payouts.

    The other operators get an address with each payment.
    """
    pays = {
        "airtel_ke": ProviderSettings(kind="airtel", secret=SecretStr("air")),
        "airtime": ProviderSettings(kind="africastalking_airtime", secret=SecretStr("time")),
        "mpesa": ProviderSettings(kind="mpesa"),
    }
    channels.show(Settings(providers=pays, public_url="https://gw.example.org"), None)
    said = capsys.readouterr().out
    hooks = [word for word in said.split() if "/hooks/o/" in word]
    base = "https://gw.example.org/hooks/o"
    assert hooks == [f"{base}/airtel_ke/air", f"{base}/airtime/time", f"{base}/airtime/time/validate"]  # fmt: skip
    assert "mpesa: no address is needed" in said


def test_the_tickers_lock_is_the_one_the_doctor_looks_for():
    assert health.TICKER_LOCK == leader._TICKER_LOCK

"""All wrong settings are said at once, each with what to do about it, and no value is shown."""

import pytest
from pydantic import ValidationError

from gateway.app import paying_their_countries
from gateway.base.errors import SettingsError
from gateway.payments.providers import africastalking_airtime
from gateway.settings import Settings, load


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def told(monkeypatch, **variables: str) -> str:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as bad:
        load()
    return str(bad.value)


def test_everything_wrong_is_said_at_once(monkeypatch, tmp_path):
    config = tmp_path / "gateway.toml"
    config.write_text(
        'lease_s = 5\nruners = 3\n[channels.at]\nfallback = "nobody"\n[channels.at.sms]\nkind = "http"\n'
    )
    said = told(
        monkeypatch,
        GATEWAY_CONFIG=str(config),
        GATEWAY_PORT="TOPSECRET",
        GATEWAY_DATBASE_URL="x",
        GATEWAY_QUIET_HOURS="never",
    )
    lines = said.splitlines()
    assert lines[0] == "6 settings are wrong:", said
    assert "GATEWAY_DATBASE_URL; did you mean GATEWAY_DATABASE_URL?" in said
    assert "setting port: must be a whole number; change it in" in said
    assert "or set GATEWAY_PORT" in said
    assert "setting lease_s: must be at least 60;" in said and str(config) in said
    assert "setting runers: there is no such setting; did you mean `runners`?" in said
    assert "setting quiet_hours: must be two hours of the day like 21-8, or empty for none;" in said
    assert "setting channels.at.secret: it is missing; add it" in said
    assert "or set GATEWAY_CHANNELS__AT__SECRET" in said
    assert "TOPSECRET" not in said


def test_what_contradicts_is_said_beside_what_is_no_value(monkeypatch, tmp_path):
    config = tmp_path / "gateway.toml"
    one = 'secret = "s"\nfallback = "{}"\n[channels.{}.sms]\nkind = "http"\n'
    config.write_text(
        "[channels.a]\n" + one.format("x", "a") + "[channels.b]\n" + one.format("y", "b")
    )
    said = told(monkeypatch, GATEWAY_CONFIG=str(config), GATEWAY_RUNNERS="0")
    assert "setting runners: " in said
    assert "channels.a.fallback" in said
    assert "channels.b.fallback" in said


def test_one_wrong_setting_is_one_line(monkeypatch):
    assert "\n" not in told(monkeypatch, GATEWAY_PORT="70000")


def test_a_table_that_is_no_json_is_said_in_words(monkeypatch):
    said = told(monkeypatch, GATEWAY_CHANNELS="{at: TOPSECRET")
    assert "channels" in said
    assert "write it as JSON" in said
    assert "TOPSECRET" not in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"countries": {"KE": {"currency": "KEX"}}}, "no currency in use; write its code of ISO 4217, like KES"),
        ({"countries": {"KE": {"currency": "kes"}}}, "no currency in use; write its code of ISO 4217, like KES"),
        ({"countries": {"Kenya": {"currency": "KES"}}}, "'Kenya' is no country; write its two letters"),
        ({"countries": {"ke": {"currency": "KES"}}}, "'ke' is no country"),
        ({"controls": {"limits": [{"per": "all", "currency": "SHS", "a_day": 5}]}}, "no currency in use; write its code of ISO 4217, like KES"),
        ({"controls": {"approve_above": {"KSH": 5}}}, "no currency in use; write its code of ISO 4217, like KES"),
    ],
)  # fmt: skip
def test_a_country_and_a_currency_are_those_of_the_lists(given, said):
    with pytest.raises(ValidationError, match=said):
        Settings(**given)


@pytest.mark.parametrize(("code", "currency"), [("GH", "GHS"), ("SC", "SCR"), ("CD", "USD"), ("CI", "XOF"), ("TN", "TND")])  # fmt: skip
def test_any_country_and_its_currency_can_be_served(code, currency):
    assert (
        Settings(countries={code: {"currency": currency}}, region=code).countries[code].currency
        == currency
    )


def test_a_provider_pays_in_the_currency_of_the_countries_it_is_named_for():
    """The fault is told at the start, and not when the first worker asks for her money."""
    limits = {"minimum": 1, "maximum": 100}
    options = {"base_url": "https://a.example", "username": "u", "api_key": "k", "currency": "KES", **limits}  # fmt: skip
    paid = {"payout": "mpesa_ke", "airtime": "airtime_ke", "payout_by_carrier": {"Airtel": "airtime_ke"}}  # fmt: skip
    settings = Settings(countries={"KE": {"currency": "KES", **paid}, "UG": {"currency": "UGX", **paid}})  # fmt: skip
    made = {"airtime_ke": africastalking_airtime.make("airtime_ke", options, None)}
    with pytest.raises(SettingsError) as error:
        paying_their_countries(settings, made)
    assert str(error.value).splitlines() == [
        "2 settings are wrong:",
        "  - countries.UG.airtime: airtime_ke pays in KES, but UG has UGX",
        "  - countries.UG.payout_by_carrier.Airtel: airtime_ke pays in KES, but UG has UGX",
    ]

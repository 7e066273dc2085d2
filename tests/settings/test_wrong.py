"""All wrong settings are said at once, each with what to do about it, and no value is shown."""

import pytest

from gateway.errors import SettingsError
from gateway.settings import load


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
    assert "setting port: " in said and "or set GATEWAY_PORT" in said
    assert "setting lease_s: " in said and str(config) in said
    assert "setting runers: there is no such setting; did you mean `runners`?" in said
    assert "setting quiet_hours: " in said
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

# ruff: noqa: RUF001  the quote is what is tested
"""`gateway sms count` as a coordinator types it."""

import json

from typer.testing import CliRunner

from gateway.cli.messages.sms import app

run = CliRunner().invoke
QUOTE = "It’s market day tomorrow: is the shop of Mama Njeri open, and does it sell soap?"


def test_it_prints_encoding_units_and_segments():
    shown = run(app, ["count", "a" * 161])
    assert shown.exit_code == 0
    assert "GSM7" in shown.stdout
    assert "161 septets, 145 left" in shown.stdout
    assert "segments  2" in shown.stdout


def test_json_alone_goes_to_stdout():
    shown = run(app, ["count", QUOTE, "--suggest", "--price", "0.80", "--json", "-"])
    figures = json.loads(shown.stdout)
    assert (figures["encoding"], figures["segments"], figures["cost_minor"]) == ("UCS2", 2, 160)
    assert figures["suggestion"]["segments_saved"] == 1


def test_the_price_and_the_diff_are_shown(tmp_path):
    file = tmp_path / "m.txt"
    file.write_text(QUOTE + "\n", encoding="utf-8")
    shown = run(
        app,
        [
            "count",
            "--file",
            str(file),
            "--suggest",
            "--price",
            "0.80",
            "--json",
            str(tmp_path / "o"),
        ],
    )
    assert "KES 1.60" in shown.stdout
    assert "It[’->']s" in shown.stdout
    assert json.loads((tmp_path / "o").read_text())["units"] == len(QUOTE)


def test_without_a_price_the_lists_are_asked(monkeypatch):
    def price_of(*words):
        return next(
            line
            for line in run(app, ["count", "Is it open?", *words]).stdout.splitlines()
            if line.startswith("price")
        )

    assert price_of() == "price     KES 0.80", "in the operator's own country"
    assert price_of("--country", "us") == "price     USD 0.0113"
    assert price_of("--country", "UG").startswith("price     not known")
    own = {"KE": {"currency": "KES", "segment": "0.60", "networks": {"airtel": "0.90"}}}
    monkeypatch.setenv("GATEWAY_PRICES", json.dumps(own))
    assert price_of("--network", "Airtel") == "price     KES 0.90"
    assert price_of("--price", "0.50") == "price     KES 0.50"
    shown = json.loads(run(app, ["count", "x", "--country", "US", "--json", "-"]).stdout)
    assert (shown["cost_minor"], shown["currency"]) == (1.13, "USD")


def test_what_cannot_be_saved_is_said():
    shown = run(app, ["count", "ƙofa " * 20, "--suggest", "--language", "ha"])
    assert "ƙ cannot be changed" in shown.stdout
    assert "nothing to save" in run(app, ["count", "plain", "--suggest"]).stdout


def test_mistakes_get_one_line_and_a_failure(tmp_path):
    (tmp_path / "latin1").write_bytes(b"caf\xe9")
    for wrong in (
        ["count", "x", "--price", "cheap"],
        ["count", "x", "--price", "1", "--currency", "XYZ"],
        ["count", "ŋ", "--shift", "xx"],
        ["count", "--file", str(tmp_path / "none")],
        ["count", "--file", str(tmp_path / "latin1")],
    ):
        shown = run(app, wrong)
        assert shown.exit_code == 1, wrong
        assert shown.stderr.count("\n") == 1, wrong
    assert run(app, ["count"]).exit_code == 2

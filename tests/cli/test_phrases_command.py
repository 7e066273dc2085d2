"""`gateway phrases check` tells translators what is left to do."""

import json

from typer.testing import CliRunner

from gateway.cli.commands import app


def test_all_languages_fit_and_say_which_texts_no_translator_has_read():
    found = CliRunner().invoke(app, ["phrases", "check", "--json", "-"])
    assert found.exit_code == 0, found.output
    languages = {one["language"]: one for one in json.loads(found.stdout)["languages"]}
    assert languages.keys() >= {"am", "en", "fr", "ha", "sw"}
    assert all(one["missing"] == one["over"] == [] for one in languages.values())
    assert languages["en"]["unchecked"] == 0 < languages["am"]["unchecked"]

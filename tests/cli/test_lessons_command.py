"""`gateway lessons check` names the file, the item and the rule of each fault."""

import json

import pytest
from typer.testing import CliRunner

from gateway.app import kind_of
from gateway.cli.commands import app
from gateway.phrases import books
from gateway.tasks.lessons.library import look, shipped

GOOD = (shipped() / "verification" / "en.toml").read_text()


def checked(folder) -> tuple[int, list[dict]]:
    found = CliRunner().invoke(app, ["lessons", "check", "--folder", str(folder), "--json", "-"])
    return found.exit_code, json.loads(found.stdout)


def test_every_shipped_lesson_is_right():
    code, found = checked(shipped())
    assert code == 0
    assert [one["faults"] for one in found] == [[]] * len(found)
    there = {(file.kind, file.language) for file in look(shipped(), kind_of, frozenset(books()))}
    kinds = ("verification", "categorisation", "transcription", "number", "date", "name", "entry")
    for kind in kinds:
        assert {(kind, language) for language in ("en", "sw", "fr", "ha", "am")} <= there


@pytest.mark.parametrize(
    ("wrong", "right", "item", "rule"),
    [
        ('answer = "no"', 'answer = "maybe"', "show 1, answer", "must be one of yes, no, unsure"),
        ("pass_mark = 4", "pass_mark = 2", "pass_mark", "must be more than half of the 5 tests"),
        ("attempts = 3", 'attempts = "3"', "attempts", "must be a whole number from 1 to 5"),
        ("minutes = 4", "minuten = 4", "minuten", "is unknown; there is: title"),
        ("A week has 8 days.", "", "show 1, text", "is missing or empty"),
        ("A week has 8 days.", "x" * 151, "show 1, text", "is 151 characters long; at most 150"),
        ("A week has 8 days.", "\u12a0" * 91, "show 1, text", "is 91 characters long; at most 90"),
        ("[[explain]]", "[[explains]]", "explain", "needs 1 to 5 items; there are 0"),
        ("[[show]]", "[show]", "show", "is a list of items, each below a line [[show]]"),
        ('title = "', "title = ", "file", "is not TOML in UTF-8"),
    ],
)
def test_a_fault_is_named_with_its_item_and_rule(tmp_path, wrong, right, item, rule):
    assert wrong in GOOD
    file = tmp_path / "verification" / "en.toml"
    file.parent.mkdir()
    file.write_text(GOOD.replace(wrong, right))
    code, (found,) = checked(tmp_path)
    assert code == 1
    assert found["file"] == str(file)
    assert any(one["item"] == item and rule in one["rule"] for one in found["faults"]), found


FORM = (shipped() / "entry" / "en.toml").read_text()


@pytest.mark.parametrize(
    ("wrong", "right", "item", "rule"),
    [
        ('type = "number"', 'type = "figure"', "fields", "type is 'figure'; there is: number"),
        ('label = "Date"', 'labels = "Date"', "fields 3, labels", "is unknown; there is: id, type"),
        ('label = "Date"', "", "fields 3, label", "is missing or empty"),
        ('amount = "450", ', "", "show 1, answer", "must have the fields owner, amount, day"),
        (
            'amount = "450"',
            'amount = "four"',
            "show 1, answer",
            "'amount' must be a certain number",
        ),
        ("[[fields]]", "[[field]]", "fields", "are missing: answers are records"),
        (
            "title =",
            "[[options]]\nid = 'a'\nlabel = 'A'\n[x]\ntitle =",
            "options",
            "has no options",
        ),
    ],
)
def test_a_fault_of_a_lesson_on_records_is_named(tmp_path, wrong, right, item, rule):
    assert wrong in FORM
    file = tmp_path / "entry" / "en.toml"
    file.parent.mkdir()
    file.write_text(FORM.replace(wrong, right))
    code, (found,) = checked(tmp_path)
    assert code == 1
    assert any(one["item"] == item and rule in one["rule"] for one in found["faults"]), found


def test_fields_are_for_records_only(tmp_path):
    file = tmp_path / "verification" / "en.toml"
    file.parent.mkdir()
    file.write_text(f'{GOOD}\n[[fields]]\nid = "a"\ntype = "text"\nlabel = "A"\n')
    _, (found,) = checked(tmp_path)
    assert found["faults"] == [{"item": "fields", "rule": "are for records only"}]


def test_a_worker_who_always_presses_one_key_does_not_pass(tmp_path):
    file = tmp_path / "verification" / "en.toml"
    file.parent.mkdir()
    file.write_text(GOOD.replace('answer = "no"', 'answer = "yes"').replace('"unsure"', '"yes"'))
    _, (found,) = checked(tmp_path)
    assert "a worker who always presses that key would pass" in found["faults"][0]["rule"]


def test_a_file_in_the_wrong_place_is_named(tmp_path):
    for place in ("verification/xx.toml", "guessing/en.toml", "entry/en.toml"):
        file = tmp_path / place
        file.parent.mkdir(exist_ok=True)
        file.write_text(GOOD)
    code, found = checked(tmp_path)
    assert code == 1
    rules = [one["faults"][0]["rule"] for one in found]
    assert any("guessing" in rule for rule in rules)
    assert any("are missing: answers are records" in rule for rule in rules)
    assert any("no language 'xx'" in rule for rule in rules)


def test_an_empty_folder_is_a_fault(tmp_path):
    assert CliRunner().invoke(app, ["lessons", "check", "--folder", str(tmp_path)]).exit_code == 1

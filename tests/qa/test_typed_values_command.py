"""A client tries `gateway qa` on recorded dates, numbers and names.

They are read as on the phone.
"""

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.qa.commands import app

Row = tuple[str, str, str]


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, " ".join(result.stderr.split())


def written(folder: Path, rows: list[Row], truths: dict[str, str] | None = None) -> list[str]:
    answers = folder / "answers.csv"
    with answers.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("task", "worker", "answer"), *rows])
    if truths is None:
        return ["--answers", str(answers)]
    truth = folder / "truths.csv"
    with truth.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("task", "truth"), *truths.items()])
    return ["--answers", str(answers), "--truth", str(truth)]


def found(*arguments: str) -> dict[str, dict[str, str]]:
    code, out, err = run("aggregate", *arguments, "--out", "-")
    assert code == 0, err
    return {row["task"]: row for row in csv.DictReader(io.StringIO(out))}


DATES = [
    ("sign", "amina", "13/5/2026"),
    ("sign", "brian", "Mei 13 2026"),
    ("sign", "chege", "2026-05-23"),
    ("door", "amina", "3 May 2026"),
    ("door", "brian", "3/5/2026"),
    ("door", "chege", "03 mai 2026"),
]


def test_dates_written_in_three_ways_are_one_answer(tmp_path: Path) -> None:
    files = written(tmp_path, DATES)
    results = found(*files, "--kind", "transcription", "--value", "date")
    assert {task: row["value"] for task, row in results.items()} == {
        "sign": "2026-05-13",
        "door": "2026-05-03",
    }
    as_texts = found(*files, "--kind", "transcription")
    assert as_texts["sign"]["value"] != "2026-05-13", "texts are compared as they stand"


def test_a_value_needs_no_kind_beside_it(tmp_path: Path) -> None:
    assert found(*written(tmp_path, DATES), "--value", "date")["sign"]["value"] == "2026-05-13"


def test_what_the_phone_would_ask_back_is_left_out_and_named(tmp_path: Path) -> None:
    code, out, err = run("aggregate", *written(tmp_path, DATES), "--value", "date", "--json", "-")
    figures = json.loads(out)
    assert (code, figures["answers"], figures["unread"], figures["kind"]) == (
        0,
        5,
        1,
        "transcription",
    )
    assert "1 answers are no certain date" in err
    assert "task door, worker brian: '3/5/2026'" in err


def test_the_first_answer_that_could_be_read_is_the_vote(tmp_path: Path) -> None:
    rows = [("t", "amina", "3/5/2026"), ("t", "amina", "3 May 2026"), ("t", "amina", "4 May 2026")]
    code, out, _ = run("aggregate", *written(tmp_path, rows), "--value", "date", "--json", "-")
    figures = json.loads(out)
    assert (code, figures["answers"], figures["unread"], figures["repeated"]) == (0, 1, 1, 1)


def test_numbers_are_never_near_each_other(tmp_path: Path) -> None:
    rows = [
        ("t", "amina", "1234567890123456789"),
        ("t", "brian", "1234567890123456780"),
        ("t", "chege", "1,234,567,890,123,456,780"),
    ]
    truths = {"t": "1234567890123456780"}
    files = written(tmp_path, rows, truths)
    code, out, _ = run("aggregate", *files, "--value", "number", "--json", "-")
    assert (code, json.loads(out)["exact_match"]) == (0, 1.0)


@pytest.mark.parametrize(
    ("language", "currency", "value"),
    [("en", "KES", "1250"), ("sw", "KES", "1250"), ("fr", "XOF", None), ("", "", None)],
)
def test_a_separator_counts_where_language_and_country_make_it_certain(
    tmp_path: Path, language: str, currency: str, value: str | None
) -> None:
    rows = [("t", "amina", "1,250"), ("t", "brian", "7")]
    files = [*written(tmp_path, rows), "--value", "number"]
    spoken = ["--language", language, "--currency", currency]
    code, out, _ = run("explain", "t", *files, *spoken, "--json", "-")
    said = {voice["answer"] for voice in json.loads(out)["voices"]}
    assert (code, said) == (0, {value, "7"} - {None})


def test_minus_five_is_not_five(tmp_path: Path) -> None:
    rows = [("t", "amina", "-5"), ("t", "brian", "5"), ("t", "chege", "\u22125")]
    assert found(*written(tmp_path, rows), "--value", "number")["t"]["value"] == "-5"


def test_names_agree_whatever_their_case_and_accents(tmp_path: Path) -> None:
    rows = [
        ("t", "amina", "José Otieno"),
        ("t", "brian", "JOSE OTIENO"),
        ("t", "chege", "Jose Atieno"),
    ]
    result = found(*written(tmp_path, rows), "--value", "name")["t"]
    assert result["value"] in ("José Otieno", "JOSE OTIENO")
    assert result["tied"] == "false"


def test_truths_and_gold_are_read_as_the_answers_are(tmp_path: Path) -> None:
    files = written(tmp_path, DATES, {"sign": "13 May 2026", "door": "2026-05-03"})
    code, out, _ = run("aggregate", *files, "--value", "date", "--json", "-")
    assert (code, json.loads(out)["exact_match"]) == (0, 1.0)
    files = written(tmp_path, DATES, {"sign": "3/5/2026"})
    code, _, err = run("aggregate", *files, "--value", "date")
    assert code == 1
    assert "task 'sign'" in err
    assert "2026-03-05 or 2026-05-03" in err


def test_every_command_on_a_file_knows_values(tmp_path: Path) -> None:
    rows: list[Row] = []
    truths: dict[str, str] = {}
    for number in range(30):
        truths[f"t{number}"] = f"2026-05-{number + 1:02}"
        for worker in ("amina", "brian", "chege"):
            day = number + 1 if worker != "chege" or number % 3 else (number + 5) % 30 + 1
            rows.append((f"t{number}", worker, f"{day} May 2026"))
    files = written(tmp_path, rows, truths)
    value = ("--value", "date", "--json", "-")
    code, out, err = run("stopping", *files, "--seeds", "1", *value)
    assert (code, json.loads(out)["exact_match"]) == (0, 1.0), err
    code, out, err = run("gold", *files, "--gold", "5", "--splits", "2", *value)
    assert (code, json.loads(out)["rows"][0]["accuracy"]) == (0, 1.0), err
    code, out, err = run("dry-run", *files, "--new-confidence", "0.8", *value)
    assert (code, json.loads(out)["new"]["accuracy"]) == (0, 1.0), err


def test_mistaken_options_say_what_to_do(tmp_path: Path) -> None:
    files = written(tmp_path, DATES)
    code, _, err = run("aggregate", *files, "--value", "colour")
    assert (code, "there is: text, date, name, number" in err) == (1, True)
    code, _, err = run("aggregate", *files, "--kind", "categorisation", "--value", "date")
    assert (code, "the kind must be transcription" in err) == (1, True)
    code, _, err = run("aggregate", *files, "--value", "date", "--method", "rover")
    assert (code, "use medoid" in err) == (1, True)
    code, _, err = run("aggregate", *files, "--value", "number")
    assert (code, "no answer is a number" in err) == (1, True)


def test_the_value_text_is_a_plain_transcription(tmp_path: Path) -> None:
    rows = [("t", "amina", "Mama Njeri"), ("t", "brian", "mama njeri."), ("t", "chege", "Kiosk")]
    result = found(*written(tmp_path, rows), "--value", "text", "--language", "sw")["t"]
    assert result["value"] in ("Mama Njeri", "mama njeri.")

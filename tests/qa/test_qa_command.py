"""`gateway qa` as a person at a terminal meets it."""

import csv
import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from gateway.cli.qa.commands import app

DATA = Path(__file__).parent / "data"
RTE = ["--answers", f"{DATA}/rte150.csv", "--truth", f"{DATA}/rte150_gold.csv"]
SPEECH = ["--answers", f"{DATA}/speech60.csv", "--truth", f"{DATA}/speech60_gold.csv"]


def run(*arguments: str, said: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments), input=said)
    return result.exit_code, result.stdout, result.stderr


def test_aggregate_as_json() -> None:
    code, out, _ = run("aggregate", *RTE, "--json", "-")
    figures = json.loads(out)
    assert code == 0
    assert (figures["method"], figures["tasks"], figures["answers"]) == ("auto", 150, 1500)
    assert figures["accuracy"] > 0.9
    assert 0.0 <= figures["ece"] < 0.1
    assert figures["seconds"] >= 0.0


def test_aggregate_writes_every_result(tmp_path: Path) -> None:
    out = tmp_path / "r.csv"
    code, shown, _ = run("aggregate", *RTE, "--method", "majority", "--out", str(out))
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert code == 0
    assert "150 tasks" in shown
    assert len(rows) == 150
    assert list(rows[0]) == ["task", "value", "confidence", "answers", "confidence_checked", "tied"]
    assert {row["answers"] for row in rows} == {"10"}


def test_gold_certifies_and_is_not_scored(tmp_path: Path) -> None:
    gold = tmp_path / "gold.csv"
    lines = (DATA / "rte150_gold.csv").read_text(encoding="utf-8").splitlines()
    gold.write_text("\n".join(lines[:41]), encoding="utf-8")
    code, out, _ = run("aggregate", *RTE, "--gold", str(gold), "--json", "-")
    figures = json.loads(out)
    assert code == 0
    assert (figures["gold"], figures["scored"]) == (40, 110)
    assert figures["certificate"]["low"] < figures["certificate"]["accuracy"]
    assert "at 95 %" in run("aggregate", *RTE, "--gold", str(gold))[1]


def test_typed_answers_are_recognised() -> None:
    code, out, _ = run("aggregate", *SPEECH, "--json", "-")
    figures = json.loads(out)
    assert code == 0
    assert (figures["kind"], figures["method"]) == ("transcription", "rover")
    assert figures["wer"] < 0.15
    assert 0.4 < figures["exact_match"] <= 1.0


def aggregated(*votes: str, method: str = "majority") -> tuple[list[list[str]], str]:
    """Return the rows that `gateway qa aggregate` writes for votes like `t1,amina,yes`.

    The second value is what the command says beside them.
    """
    said = "\n".join(("task,worker,answer", *votes)) + "\n"
    code, out, err = run("aggregate", "--answers", "-", "--method", method, "--out", "-", said=said)
    assert code == 0, err
    return list(csv.reader(out.splitlines()[1:])), err


@pytest.mark.parametrize("method", ["majority", "auto"])
def test_one_worker_has_one_vote_her_first(method: str) -> None:
    others = [f"t{n},{w},{a}" for n, a in ((2, "no"), (3, "yes")) for w in ("w1", "w2", "w3")]
    rows, err = aggregated(*["t1,w1,yes"] * 3, "t1,w2,no", "t1,w3,no", *others, method=method)
    assert (rows[0][:2], rows[0][3]) == (["t1", "no"], "3")
    assert "2 repeated answers were left out" in err
    assert "the first counts" in err
    (row,), _ = aggregated("t1,w1,yes", "t1,w1,no", method=method)
    assert row[:2] == ["t1", "yes"]


@pytest.mark.parametrize("method", ["majority", "auto"])
def test_labels_are_folded_as_on_the_phone(method: str) -> None:
    answers = ["t1,w1,Yes", "t1,w2,yes", "t1,w3,YES ", "t1,w4,no", "t1,w5,no"]
    second = [f"t2,w{n},no" for n in range(1, 5)] + ["t2,w5,yes"]
    rows, _ = aggregated(*answers, *second, method=method)
    assert [row[1] for row in rows] == ["yes", "no"]
    (row,), _ = aggregated("t1,w1,caf\u00e9", "t1,w2,cafe\u0301", "t1,w3,the", method=method)
    assert row[1] == "caf\u00e9"
    (row,), _ = aggregated("t1,w1,ye\u200bs", "t1,w2,yes", "t1,w3,no", method=method)
    assert row[1] == "yes"


def test_labels_that_differ_by_a_sign_stay_apart() -> None:
    (row,), err = aggregated("t1,w1,A+", "t1,w2,A-")
    assert row[1] in ("A+", "A-")
    assert "tied votes" in err
    (row,), _ = aggregated("t1,w1,C#", "t1,w2,C++", "t1,w3,C++")
    assert row[1] == "C++"


def test_truths_are_folded_like_answers(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("task,truth\nt1,YES\nt2,No\n", encoding="utf-8")
    said = "task,worker,answer\nt1,a,yes\nt1,b,yes\nt2,a,no\nt2,b,no\n"
    _, out, _ = run("aggregate", "--answers", "-", "--truth", str(truth), "--json", "-", said=said)
    assert json.loads(out)["accuracy"] == 1.0


@pytest.mark.parametrize("method", ["majority", "auto", "dawid_skene", "one_coin"])
def test_a_lone_answer_is_never_certain(method: str) -> None:
    (row,), _ = aggregated("t1,w1,yes", method=method)
    assert row == ["t1", "yes", "0.7500", "1", "false", "false"]
    crowd = [f"t{n},{w},{'yes' if n % 2 else 'no'}" for n in range(200) for w in "abcd"]
    rows, _ = aggregated(*crowd, "lone,a,yes", method=method)
    (lone,) = (row for row in rows if row[0] == "lone")
    assert float(lone[2]) <= 0.99


def test_ties_are_reported() -> None:
    said = "task,worker,answer\nt1,a,yes\nt1,b,no\nt2,a,yes\nt2,b,yes\n"
    _, out, _ = run("aggregate", "--answers", "-", "--json", "-", said=said)
    figures = json.loads(out)
    assert (figures["ties"], figures["tied"], figures["repeated"]) == (1, ["t1"], 0)
    rows, _ = aggregated(*said.splitlines()[1:])
    assert [row[-1] for row in rows] == ["true", "false"]


def test_ties_of_typed_answers_are_reported_too() -> None:
    said = "task,worker,answer\nt1,a,Otieno\nt1,b,Atieno\nt2,a,Otieno\nt2,b,otieno!\n"
    typed = ("--kind", "transcription", "--json", "-")
    _, out, _ = run("aggregate", "--answers", "-", *typed, said=said)
    assert json.loads(out)["tied"] == ["t1"]


@pytest.mark.parametrize("files", [RTE, SPEECH], ids=["options", "typed"])
def test_confidences_are_marked_unchecked_until_gold_checks_them(
    files: list[str], tmp_path: Path
) -> None:
    truth = Path(files[files.index("--truth") + 1]).read_text(encoding="utf-8").splitlines()
    gold = tmp_path / "gold.csv"
    gold.write_text("\n".join(truth[:31]) + "\n", encoding="utf-8")
    for more, checked in ([], False), (["--gold", str(gold)], True):
        _, out, _ = run("aggregate", *files, *more, "--json", "-")
        assert json.loads(out)["confidence_checked"] is checked
        _, out, _ = run("aggregate", *files, *more, "--out", "-")
        rows = [line.split(",") for line in out.splitlines()]
        assert rows[0][-2:] == ["confidence_checked", "tied"]
        assert {row[-2] for row in rows[1:]} == {"true" if checked else "false"}
        _, out, _ = run("aggregate", *files, *more)
        assert ("no gold has checked the confidences" in " ".join(out.split())) is not checked


def test_stopping_with_gold_counts_the_other_tasks(tmp_path: Path) -> None:
    truth = Path(RTE[RTE.index("--truth") + 1]).read_text(encoding="utf-8").splitlines()
    gold = tmp_path / "gold.csv"
    gold.write_text("\n".join(truth[:31]) + "\n", encoding="utf-8")
    _, out, _ = run("stopping", *RTE, "--gold", str(gold), "--seeds", "1", "--json", "-")
    taught = json.loads(out)
    _, out, _ = run("stopping", *RTE, "--seeds", "1", "--json", "-")
    assert (taught["gold"], json.loads(out)["gold"]) == (30, 0)
    _, out, err = run("stopping", *RTE[:2], "--truth", str(gold), "--gold", str(gold))
    assert "beside the gold" in err


@pytest.mark.parametrize("kind", ["categorisation", "transcription"])
def test_stopping_as_json(kind: str) -> None:
    files = RTE if kind == "categorisation" else SPEECH
    code, out, _ = run("stopping", *files, "--kind", kind, "--seeds", "1", "--json", "-")
    figures = json.loads(out)
    rate = "accuracy" if kind == "categorisation" else "wer"
    assert code == 0
    assert 2.0 <= figures["answers_per_task"] <= 10.0
    assert 0.0 < figures[rate] < 1.0
    assert 0.0 < figures["fixed"]["5"][rate] < 1.0


def test_stopping_for_a_reader() -> None:
    code, out, _ = run("stopping", *RTE, "--seeds", "1", "--confidence", "0.95")
    assert code == 0
    assert "dynamic" in out
    assert "fixed 10" in out


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("", "the file is empty"),
        ("task,worker\nt,w\n", "no column 'answer'; found: task, worker"),
        ("task,task,worker,answer\nt,t,w,a\n", "names the column 'task' twice"),
        ("task,worker,answer\n", "no row below the header"),
        ("task,worker,answer\nt,w,a\nt,,a\n", "row 2, column worker: must not be empty"),
        ("task,worker,answer\nt,w\n", "row 1, column answer: must not be empty"),
        ('task,worker,answer\nt,w,"a\n', "row 1, column answer: a quote is opened and not closed"),
    ],
)
def test_a_bad_file_gets_one_clear_line(said: str, complaint: str) -> None:
    code, out, err = run("aggregate", "--answers", "-", said=said)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert complaint in err


def test_bytes_that_are_no_text_are_found(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_bytes(b"task,worker,answer\nt,w,a\nt,w,\x81\n")
    code, _, err = run("aggregate", "--answers", str(bad))
    assert code == 1
    assert "bad.csv: line 3: this is not UTF-8 text" in err


def test_two_truths_for_one_task_are_found(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("task,truth\nt,yes\nt,no\n", encoding="utf-8")
    code, _, err = run("aggregate", *RTE[:2], "--truth", str(truth))
    assert code == 1
    assert "row 2, column truth" in err


def test_truths_of_another_batch_are_found(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("task,truth\nother,yes\n", encoding="utf-8")
    code, _, err = run("aggregate", *RTE[:2], "--truth", str(truth))
    assert code == 1
    assert "belong together" in err


def test_blank_lines_are_no_rows() -> None:
    said = "task,worker,answer\n\nt,amina,yes\n\n"
    assert run("aggregate", "--answers", "-", said=said)[0] == 0


def test_a_missing_file_and_an_unknown_rule_are_named() -> None:
    code, _, err = run("aggregate", "--answers", "nowhere.csv")
    assert (code, "nowhere.csv" in err) == (1, True)
    code, _, err = run("aggregate", *RTE, "--method", "magic")
    assert (code, "dawid_skene" in err) == (1, True)


def test_empty_answers_are_fine_where_workers_type() -> None:
    said = "task,worker,answer\nt,amina,\nt,brian,\n"
    code, _, _ = run("aggregate", "--answers", "-", "--kind", "transcription", said=said)
    assert code == 0


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    marked = tmp_path / "marked.csv"
    marked.write_bytes(b"\xef\xbb\xbftask,worker,answer\r\nt,w,a\r\n")
    assert run("aggregate", "--answers", str(marked))[0] == 0


def test_simulate_shows_what_accuracy_costs() -> None:
    code, out, _ = run("simulate", "--tasks", "60", "--answers", "5", "--seeds", "1", "--json", "-")
    figures = json.loads(out)
    assert code == 0
    assert list(figures["fixed"]) == ["1", "2", "3", "4", "5"]
    assert figures["accuracy"] > figures["fixed"]["1"]["accuracy"]
    assert (
        run("simulate", "--tasks", "60", "--answers", "5", "--seeds", "1", "--json", "-")[1] == out
    )


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--skill", "1.0", "between 0 and 1"),
        ("--spread", "0.5", "between 0 and 0.43"),
        ("--workers", "3", "3 workers cannot give 7 answers"),
    ],
)
def test_a_crowd_that_cannot_be_is_refused(option: str, value: str, complaint: str) -> None:
    code, _, err = run("simulate", option, value)
    assert code == 1
    assert complaint in err


def test_explain_tells_the_story_of_a_task() -> None:
    task = (DATA / "rte150.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[0]
    code, out, _ = run("explain", task, *RTE)
    assert code == 0
    assert "would have changed the judge's mind" in out.replace("\n", " ")
    code, out, _ = run("explain", task, *RTE, "--json", "-")
    told = json.loads(out)
    assert (told["task"], told["voices"][0]["decision"]) == (task, "ask_more")
    code, _, err = run("explain", "nowhere", *RTE)
    assert (code, "'nowhere'" in err) == (1, True)


def test_dry_run_puts_two_rules_side_by_side() -> None:
    rules = ("--policy", "fixed:5", "--new-policy", "dynamic", "--price", "250")
    code, out, _ = run("dry-run", *RTE, *rules, "--json", "-")
    found = json.loads(out)
    assert code == 0
    assert found["old"]["cost_minor"] == 750 * 250
    assert found["new"]["answers"] < found["old"]["answers"]
    assert {c["task"] for c in found["changes"]}
    code, out, _ = run("dry-run", *RTE, *rules)
    assert "750" in out
    code, _, err = run("dry-run", *RTE, "--policy", "most")
    assert (code, "fixed:N" in err) == (1, True)


@pytest.mark.parametrize("command", ["aggregate", "stopping"])
def test_a_picture_of_the_figures(command: str, tmp_path: Path) -> None:
    picture = tmp_path / "p.svg"
    files = RTE if command == "aggregate" else [*RTE[:1], str(few(tmp_path)), *RTE[2:]]
    assert run(command, *files, "--plot", str(picture))[0] == 0
    panels = ET.fromstring(picture.read_text(encoding="utf-8"))  # noqa: S314  # ours
    said = "".join(panels.itertext())
    shown = ("confusion", "calibration") if command == "aggregate" else ("fixed overlap", "dynamic")
    assert all(word in said for word in shown)
    code, _, err = run("aggregate", *files, "--plot", str(tmp_path / "p.gif"))
    assert (code, ".svg" in err) == (1, True)


def few(folder: Path) -> Path:
    """Four answers to each of thirty tasks."""
    path = folder / "few.csv"
    with (DATA / "rte150.csv").open(encoding="utf-8", newline="") as file:
        lines = file.read().splitlines()
    kept = [line for start in range(1, 301, 10) for line in lines[start : start + 4]]
    path.write_text("\n".join([lines[0], *kept]), encoding="utf-8")
    return path


def test_a_picture_of_nothing_is_refused(tmp_path: Path) -> None:
    code, _, err = run("aggregate", *RTE[:2], "--plot", str(tmp_path / "p.svg"))
    assert (code, "--truth" in err) == (1, True)


def test_stopping_by_price_buys_more_where_errors_cost_more(tmp_path: Path) -> None:
    asked: list[float] = []
    files = ["--answers", str(few(tmp_path)), *RTE[2:]]
    for worth in ("5", "500"):
        code, out, _ = run("stopping", *files, "--seeds", "1", "--worth", worth, "--json", "-")
        assert code == 0
        asked.append(json.loads(out)["answers_per_task"])
    assert 2.0 <= asked[0] < asked[1] <= 4.0
    code, out, _ = run("stopping", *SPEECH, "--seeds", "1", "--worth", "20")
    assert (code, "costs more than it brings" in out.replace("\n", " ")) == (0, True)


def test_simulated_copiers_are_found() -> None:
    crowd = ("--tasks", "400", "--workers", "12", "--skill", "0.65", "--answers", "6")
    code, out, err = run("simulate", *crowd, "--copiers", "1", "--seeds", "1", "--json", "-")
    found = json.loads(out)["findings"]
    assert code == 0
    assert [one["workers"] for one in found] == [["w0", "w1"]]
    assert "same mistake" in err
    code, _, err = run("simulate", *crowd, "--spammers", "12")
    assert (code, "cannot all be" in err) == (1, True)


def test_gold_says_what_so_many_gold_tasks_are_worth() -> None:
    code, out, _ = run("gold", *RTE, "--gold", "10", "--gold", "40", "--splits", "2")
    assert code == 0
    assert "none" in out  # ten gold tasks certify nothing
    code, out, _ = run("gold", *RTE, "--gold", "40", "--splits", "2", "--json", "-")
    (row,) = json.loads(out)["rows"]
    assert (row["gold"], row["splits"], row["tasks"]) == (40, 2, 150)
    assert 0.0 <= row["covered"] <= 1.0
    assert row["ece_debiased"] < row["ece"]


def test_gold_is_worth_something_on_typed_answers_too() -> None:
    code, out, _ = run("gold", *SPEECH, "--gold", "30", "--splits", "2", "--json", "-")
    assert code == 0
    (row,) = json.loads(out)["rows"]
    assert (row["gold"], row["splits"], row["tasks"]) == (30, 2, 60)
    assert 0.5 < row["accuracy"] <= 1.0
    assert row["covered"] == 1.0
    assert 0.0 < row["ece"] < 0.3
    code, _, err = run("gold", *SPEECH, "--gold", "50", "--splits", "1")
    assert code == 1
    assert "would leave fewer than 20" in err


def test_more_gold_than_truths_is_refused() -> None:
    code, _, err = run("gold", *RTE, "--gold", "140", "--splits", "1")
    assert code == 1
    assert "150 tasks have answers and a truth" in err


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_spreadsheet_that_separates_otherwise_is_read(mark: str) -> None:
    said = "task,worker,answer\nt1,amina,yes\nt1,brian,yes\n".replace(",", mark)
    code, out, _ = run("aggregate", "--answers", "-", "--out", "-", said=said)
    assert (code, out.splitlines()[1].split(",")[:2]) == (0, ["t1", "yes"])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp1252"])
def test_a_spreadsheet_in_another_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    wide = tmp_path / "wide.csv"
    wide.write_bytes("Task;Worker;Answer;;\nt;w;caf\u00e9;;\n;;;;\n".encode(encoding))
    code, out, _ = run("aggregate", "--answers", str(wide), "--out", "-")
    assert (code, out.splitlines()[1].split(",")[:2]) == (0, ["t", "caf\u00e9"])


def test_odd_line_ends_inside_an_answer_do_not_end_its_row() -> None:
    said = "task,worker,answer\nt1,amina,caf\u00e9\u2028ouvert\nt1,brian,caf\u00e9\n"
    code, out, _ = run("aggregate", "--answers", "-", "--json", "-", said=said)
    assert (code, json.loads(out)["answers"]) == (0, 2)


@pytest.mark.parametrize("command", ["aggregate", "stopping", "dry-run"])
@pytest.mark.parametrize(
    "said",
    [
        "task,worker,answer\nt1,amina,yes\nt2,amina,no\n",  # one worker
        "task,worker,answer\nt1,amina,yes\nt1,brian,yes\nt2,brian,yes\n",  # one option
        # unicode, one answer
        "task,worker,answer\nt1,\u0623\u0645\u064a\u0646\u0629,\u12a0\u12ce\n",
        "task,worker,answer\n" + "t1,amina,yes\n" * 3,  # the same again
    ],
)
def test_small_odd_batches_are_no_error(command: str, said: str, tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("task,truth\nt1,yes\n", encoding="utf-8")
    more = ["--policy", "fixed:2"] if command == "dry-run" else []
    code, _, err = run(command, "--answers", "-", "--truth", str(truth), *more, said=said)
    repeats = "amina,yes\nt1,amina" in said
    assert (code, "repeated answers were left out" in err) == (0, repeats)
    assert repeats or not err


def test_without_a_picture_the_terminal_shows_the_curve() -> None:
    _, out, _ = run("stopping", *RTE, "--seeds", "1")
    assert "f = fixed overlap, d = dynamic" in out
    assert sum("d" in line.split("|")[1] for line in out.splitlines() if " |" in line) == 1
    _, out, _ = run("aggregate", *RTE)
    assert "said     right" in out
    assert sum(int(line.split()[-1]) for line in out.splitlines() if line.count(" % ") == 2) == 150


def test_a_picture_has_round_numbers_on_its_axes(tmp_path: Path) -> None:
    picture = tmp_path / "p.svg"
    run("stopping", *RTE, "--seeds", "1", "--plot", str(picture))
    said = picture.read_text(encoding="utf-8")
    shares = [float(share) for share in re.findall(r">([\d.]+) %</text>", said)]
    assert len(shares) >= 3
    assert all(share % 1 == 0 and share <= 100 for share in shares)
    assert ">4</text>" in said


def test_an_explained_decision_says_whether_gold_checked_it(tmp_path: Path) -> None:
    gold = tmp_path / "gold.csv"
    lines = (DATA / "rte150_gold.csv").read_text(encoding="utf-8").splitlines()
    gold.write_text("\n".join(lines[:41]), encoding="utf-8")
    task = lines[-1].split(",")[0]
    for more, checked in (([], False), (["--gold", str(gold)], True)):
        code, out, _ = run("explain", task, *RTE[:2], *more, "--json", "-")
        assert (code, json.loads(out)["confidence_checked"]) == (0, checked)
        told = " ".join(run("explain", task, *RTE[:2], *more)[1].split())
        assert ("sure, not checked with gold, by auto" in told) is not checked

"""`gateway replay`: recorded answers through phones, the whole way to payout; all books agree."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.cli.replay.command import EXIT_UNDELIVERED
from gateway.settings.apart import scrubbed_environment

REPOSITORY = Path(__file__).parents[3]
KEYS = {
    "tasks", "workers", "answers_available", "answers_used", "answers_per_task", "results", "accuracy", "exact_match", "wer",
    "sms_out", "sms_in", "segments_out", "segments_in", "ussd_sessions", "ussd_steps", "cost_minor", "currency", "earned_minor",
    "paid_minor", "ledger", "operator", "mismatches", "lost", "duplicated", "seconds", "answers_per_second",
    "segments_per_answer", "work_segments_per_answer",
}  # fmt: skip
WORKERS = [f"w{n}" for n in range(5)]

pytestmark = pytest.mark.timeout(1800)


def write(path, columns, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return str(path)


def replay(folder, answers, *words, truth=None, tasks=None):
    """Run the command; what it did, and its report."""
    given = ["--answers", write(folder / "a.csv", ("task", "worker", "answer"), answers)]
    if truth:
        given += ["--truth", write(folder / "g.csv", ("task", "truth"), truth.items())]
    if tasks:
        given += ["--tasks", write(folder / "t.csv", ("task", "text"), tasks.items())]
    kept = scrubbed_environment()
    ended = subprocess.run(
        [sys.executable, "-m", "gateway", "replay", *given, *words, "--json", "-"],
        cwd=REPOSITORY,
        env=kept,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return ended, json.loads(ended.stdout) if ended.stdout.startswith("{") else {}


def is_right(ended, report, status=0):
    assert ended.returncode == status, ended.stderr
    assert KEYS - report.keys() == set()
    assert (report["mismatches"], report["lost"], report["duplicated"]) == (0, 0, 0), report
    assert report["ledger"]["sum_minor"] == report["ledger"]["in_transit_minor"] == 0
    assert report["operator"]["paid_minor"] == report["paid_minor"]
    assert report["operator"]["duplicates"] == 0
    assert report["earned_minor"] == 300 * report["answers_used"]
    assert report["answers_per_task"] == pytest.approx(
        report["answers_used"] / report["tasks"], abs=0.01
    )


# All workers say yes to even tasks and no to odd ones; w4 is always contrary.
TRUTH = {f"t{n}": "no" if n % 2 else "yes" for n in range(8)}
CONTRARY = {"yes": "no", "no": "yes"}
VERIFIED = [
    (task, worker, CONTRARY[said] if worker == "w4" else said)
    for task, said in TRUTH.items()
    for worker in WORKERS
]


def test_all_answers_over_both_channels(tmp_path):
    repeated = [*VERIFIED, ("t0", "w0", "no")]
    ended, report = replay(
        tmp_path, repeated, "--kind", "verification", "--channel", "mixed", truth=TRUTH
    )
    is_right(ended, report)
    assert (report["tasks"], report["workers"], report["answers_used"]) == (8, 5, 40)
    assert report["accuracy"] == 1.0
    assert report["results"]["t1"]["value"] == "no"
    assert report["results"]["t1"]["answers"] == 5
    assert report["results"]["t1"]["confidence_checked"] is False
    assert report["ussd_steps"] > 0
    assert report["sms_in"] > 5, "those who text also answer by SMS"
    assert report["operator"]["payouts"] == 5, "everybody cashed out"


@pytest.mark.parametrize("channel", ["sms", "ussd"])
def test_questions_that_differ_by_a_capital_or_not_at_all_are_told_apart(tmp_path, channel):
    """Two of the recorded texts say `York city` and `York City`, and two are the same.

    One worker's answers to them differ.
    """
    texts = {
        "t0": "Is New York city large?",
        "t1": "Is New York City large?",
        "t2": "Is it a shop?",
        "t3": "Is it a shop?",
    }
    said = {"t0": "yes", "t1": "no", "t2": "yes", "t3": "no"}
    answers = [(task, worker, said[task]) for task in texts for worker in WORKERS[:3]]
    ended, report = replay(
        tmp_path, answers, "--kind", "verification", "--channel", channel, tasks=texts
    )
    is_right(ended, report)
    assert {task: one["value"] for task, one in report["results"].items()} == said


def test_a_dynamic_categorisation_by_sms_stops_early(tmp_path):
    kinds = ["Shop", "School", "Clinic"]
    answers = [(f"t{n}", worker, kinds[n % 3]) for n in range(6) for worker in WORKERS]
    ended, report = replay(
        tmp_path, answers, "--kind", "categorisation", "--channel", "sms", "--policy", "dynamic", "--confidence", "0.9",
        truth={f"t{n}": kinds[n % 3] for n in range(6)},
    )  # fmt: skip
    is_right(ended, report)
    assert 2 <= report["answers_per_task"] < 5
    assert report["accuracy"] == 1.0
    assert report["ussd_steps"] == 0
    its_saving_is_told(ended, report)


def its_saving_is_told(ended, report):
    """Check the report of six tasks and five workers who agree.

    It says what asking three, or all, would have cost beside this.
    """
    used, saved = report["answers_used"], report["saving"]
    assert {overlap: fixed["answers"] for overlap, fixed in report["fixed"].items()} == {
        "3": 18, "5": 30, "all": 30
    }  # fmt: skip
    assert saved["all"]["answers"] == 30 - used
    assert saved["all"]["share"] == pytest.approx((30 - used) / 30)
    # Every answer not asked for is a pay not paid, and its part of the messages.
    assert saved["all"]["money_minor"] > (30 - used) * 300
    segments = report["segments_out"] + report["segments_in"]
    assert saved["all"]["segments"] == round((30 - used) * segments / used)
    assert saved["all"]["accuracy_points"] == 0.0
    shown = next(line for line in ended.stderr.splitlines() if "all workers" in line)
    assert f"{saved['all']['share']:.0%}" in shown
    assert "100.0%" in shown


def test_a_transcription_with_stars_and_accents_uses_no_more_answers_than_it_says(tmp_path):
    truth = {"t0": "duka la mama", "t1": "2*3 eggs", "t2": "café Njeri", "t3": "habari ya leo"}
    # Blanks are collapsed, as the gateway keeps an answer.
    answers = [(t, w, s.replace(" ", "\u3000 ")) for t, s in truth.items() for w in WORKERS[:3]]
    texts = {task: f"Listen to recording {task}, which is in the file of the day" for task in truth}
    ended, report = replay(
        tmp_path, answers, "--kind", "transcription", "--channel", "mixed", "--policy", "fixed:2", truth=truth, tasks=texts
    )  # fmt: skip
    is_right(ended, report)
    assert {r["answers"] for r in report["results"].values()} == {2}
    assert report["wer"] == 0.0
    assert report["exact_match"] == 1.0


FORM = [
    {"id": "owner", "type": "name", "labels": {"en": "Name"}},
    {"id": "amount", "type": "money", "labels": {"en": "Amount"}, "min": 1},
    {"id": "ward", "type": "choice", "options": ["Kibera", "Mathare"]},
    {"id": "day", "type": "date", "optional": True},
]
FIELD_NAMES = [field["id"] for field in FORM]


def test_records_are_keyed_on_screens_and_by_sms_and_settled_by_field(tmp_path):
    """Three workers key six records. w1 reads one amount wrongly, which the third settles."""
    names = ("Amina Otieno", "Brian Mutua", "Chege Kamau")
    truth = {
        f"t{n}": (names[n % 3], f"{100 + n}.50", ("Kibera", "Mathare")[n % 2], f"2026-05-0{n + 1}")
        for n in range(6)
    }
    truth["t3"] = (*truth["t3"][:3], "")
    said = [
        (task, worker, *((*record[:1], "999", *record[2:]) if (task, worker) == ("t2", "w1") else record))
        for task, record in truth.items()
        for worker in WORKERS[:3]
    ]  # fmt: skip
    columns = ("task", "worker", *FIELD_NAMES)
    (tmp_path / "fields.json").write_text(json.dumps(FORM))
    files = (
        "--fields", str(tmp_path / "fields.json"),
        "--answers", write(tmp_path / "records.csv", columns, said),
        "--truth", write(tmp_path / "right.csv", ("task", *FIELD_NAMES), [(t, *r) for t, r in truth.items()]),
    )  # fmt: skip
    ended, report = replay(tmp_path, [], "--kind", "entry", "--channel", "mixed", *files)
    is_right(ended, report)
    assert report["undelivered"] == []
    assert report["policy"] == "double"
    assert report["fields_wrong"] == 0.0
    assert 12 <= report["answers_used"] <= 18
    assert "0.00% of the fields wrong" in ended.stderr


def test_a_recording_of_records_needs_its_fields(tmp_path, monkeypatch, capsys):
    line = refused(tmp_path, monkeypatch, capsys, VERIFIED, "--kind", "entry")
    assert "needs the fields of its records: --fields fields.json" in line
    fields = tmp_path / "fields.json"
    given = ("--kind", "entry", "--fields", str(fields))
    fields.write_text("[")
    assert "this is not JSON" in refused(tmp_path, monkeypatch, capsys, VERIFIED, *given)
    fields.write_text('[{"id": "owner", "type": "title"}]')
    assert "type is 'title'" in refused(tmp_path, monkeypatch, capsys, VERIFIED, *given)
    fields.write_text(json.dumps(FORM))
    line = refused(tmp_path, monkeypatch, capsys, VERIFIED, *given)
    assert "the header must be task,worker,owner,amount,ward,day" in line


def test_command_words_are_delivered_and_what_cannot_be_is_reported(tmp_path):
    """Four workers type every line alike.

    w1 and w3 text, where STOP stops whatever is asked, and w0 and w2 dial.
    """
    lines = {"t0": "Why", "t1": "98", "t2": "1A2B", "t3": "PAY", "t4": "...", "t5": "hello you", "t6": "STOP"}  # fmt: skip
    answers = [(task, worker, said) for task, said in lines.items() for worker in WORKERS[:4]]
    texts = {task: f"Listen to recording {task}, which is in the file of the day" for task in lines}
    ended, report = replay(
        tmp_path, answers, "--kind", "transcription", "--channel", "mixed", truth=lines, tasks=texts
    )  # fmt: skip
    is_right(ended, report, EXIT_UNDELIVERED)
    missing = {(one["worker"], one["task"]): one["why"] for one in report["undelivered"]}
    understood_by_none = "the gateway did not take it"
    stopped = "the worker sent a word that stops all messages"
    refused = {key for key, why in missing.items() if why == understood_by_none}
    assert refused == {(worker, "t4") for worker in WORKERS[:4]} | {("w0", "t1"), ("w2", "t1")}, (
        "no words; and on a screen 98 turns pages"
    )
    assert {key for key, why in missing.items() if why == stopped} == {("w1", "t6"), ("w3", "t6")}
    assert report["answers_used"] == len(answers) - len(missing)
    assert f"{len(missing)} recorded answers could not be delivered" in ended.stderr
    assert "Exit status 3" in ended.stderr
    for worker, task in missing:
        assert any(
            "not delivered:" in line and task in line and worker in line
            for line in ended.stderr.splitlines()
        ), (worker, task)
    assert {task: one["value"] for task, one in report["results"].items() if task in ("t0", "t5")} == {
        "t0": "Why", "t5": "hello you"
    }  # fmt: skip


def test_answers_that_may_stay_undelivered_end_with_0(tmp_path):
    """A client plays a recording of which she knows that one line has no words."""
    answers = [("t0", "w0", "..."), ("t1", "w0", "hello you")]
    ended, report = replay(
        tmp_path, answers, "--kind", "transcription", "--channel", "ussd", "--allow-undelivered"
    )
    is_right(ended, report)
    assert [(one["worker"], one["task"]) for one in report["undelivered"]] == [("w0", "t0")]
    assert "not delivered:" in ended.stderr


@pytest.mark.parametrize(("words", "said"), [
    (("--kind", "poetry"), "no kind 'poetry'"),
    (("--kind", "verification", "--channel", "fax"), "no channel 'fax'"),
    (("--kind", "verification", "--policy", "fixed:0"), "policy"),
    (("--kind", "verification", "--policy", "dynamic", "--confidence", "2"), "confidence"),
])  # fmt: skip
def test_a_wrong_word_is_one_line(tmp_path, monkeypatch, capsys, words, said):
    assert said in refused(tmp_path, monkeypatch, capsys, VERIFIED, *words)


def test_a_wrong_recording_is_named_by_row_and_column(tmp_path, monkeypatch, capsys):
    nobody = [("t0", "w0", "yes"), ("t1", "", "no")]
    line = refused(tmp_path, monkeypatch, capsys, nobody, "--kind", "verification")
    assert "row 2: worker is missing" in line
    unclear = [("t0", "w0", "perhaps")]
    line = refused(tmp_path, monkeypatch, capsys, unclear, "--kind", "verification")
    assert "'perhaps' is neither yes, no nor unsure" in line


def refused(folder, monkeypatch, capsys, answers, *words):
    """The one line of a command that ends with 1, without a process of its own."""
    path = write(folder / "a.csv", ("task", "worker", "answer"), answers)
    monkeypatch.setattr(sys, "argv", ["gateway", "replay", "--answers", path, *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    return line

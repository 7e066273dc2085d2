"""Logging never breaks the work, writes JSON that one search finds, and floods no operator."""

import json
import logging
import subprocess
import sys

import pytest
import structlog

from gateway.base import logs

PROGRAM = """
import logging, os, sys
import structlog
from gateway.base import logs
logs.configure(sys.argv[1])
log = structlog.get_logger()
{body}
"""


def runs(body: str, form: str = "auto", **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body), form],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        **more,
    )


@pytest.fixture
def lines(capsys):
    """The lines of this process, as JSON."""
    before, written = structlog.get_config(), list[str]()
    root = list(logging.getLogger().handlers)
    hooks = sys.excepthook
    logs.configure("json")

    def read():
        written.extend(capsys.readouterr().err.splitlines())
        return [json.loads(line) for line in written]

    yield read
    structlog.configure(**before)
    logging.getLogger().handlers[:] = root
    sys.excepthook = hooks


def test_a_line_that_cannot_be_written_is_counted_and_raises_nothing():
    done = runs(
        """
held = os.dup(2)
os.dup2(os.open("/dev/full", os.O_WRONLY), 2)
for n in range(5):
    log.warning("lost", n=n)
logging.getLogger("uvicorn.error").error("lost, too")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("lost with its traceback")
os.dup2(held, 2)
print(logs.lost())
log.info("the disk has room again")
"""
    )
    assert (done.returncode, done.stdout) == (0, "7\n"), done.stderr
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(one["event"], one.get("lines")) for one in told] == [
        ("log lines could not be written and were lost", 7),
        ("the disk has room again", None),
    ] or [(one["event"], one.get("lines")) for one in told][-2:] == [
        ("the disk has room again", None),
        ("log lines could not be written and were lost", 7),
    ]


def test_a_closed_stderr_breaks_nothing():
    done = runs("os.close(2)\nlog.warning('x')\nprint(logs.lost())")
    assert (done.returncode, done.stdout) == (0, "1\n")


def test_a_value_without_a_text_is_counted(lines):
    class Broken:
        def __str__(self):
            raise ValueError

    before = logs.lost()
    structlog.get_logger().warning("broken", value=Broken())
    structlog.get_logger().warning("whole")
    assert logs.lost() == before + 1
    assert "whole" in {line["event"] for line in lines()}


def test_in_a_file_each_line_is_json_without_escape_codes(tmp_path):
    with (tmp_path / "log").open("w") as file:
        subprocess.run(
            [
                sys.executable,
                "-c",
                PROGRAM.format(body="log.warning('a\\x1b[31mb\\nc', n=1)"),
                "auto",
            ],
            stderr=file,
            timeout=300,
            check=True,
        )
    text = (tmp_path / "log").read_text()
    assert "\x1b" not in text
    (line,) = text.splitlines()
    told = json.loads(line)
    assert (told["level"], told["n"]) == ("warning", 1)
    assert told["event"] == "a\x1b[31mb\nc"


def test_pretty_text_obeys_no_control_character_of_a_stranger():
    done = runs("log.warning('a\\x1b[31mb', name='x\\x07\\ny')", "pretty")
    assert "\x1b" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_every_other_line_and_the_last_words_of_a_crash_go_the_same_way():
    done = runs(
        """
logging.getLogger("rq.worker").warning("at %s", "redis://:TOPSECRET@h")
raise RuntimeError("postgresql://u:TOP:SECRET@h")
"""
    )
    first, last = map(json.loads, done.stderr.splitlines())
    assert (first["logger"], first["event"]) == ("rq.worker", "at redis://***@h")
    assert last["level"] == "critical"
    assert "SECRET" not in done.stderr


def test_what_is_bound_stands_on_each_line(lines):
    with logs.bound(event_id="at-1", request_id="r1"):
        structlog.get_logger().info("heard")
        with logs.bound(payout="p1"):
            structlog.get_logger().info("paid")
    structlog.get_logger().info("another")
    heard, paid, other = lines()
    assert heard["event_id"] == paid["event_id"] == "at-1"
    assert paid["payout"] == "p1"
    assert "event_id" not in other


def test_a_stranger_cannot_flood_the_log(lines, monkeypatch):
    at = [1000.0]
    monkeypatch.setattr(logs.time, "monotonic", lambda: at[0])
    seldom = logs.LogRateLimit(per_minute=3)
    for _ in range(1000):
        seldom.warning("forged", address="203.0.113.1")
    assert len(lines()) == 3
    at[0] += 61
    seldom.warning("forged", address="203.0.113.1")
    assert [line.get("lines") for line in lines()[3:]] == [997, None]

"""The form of the doctor's findings."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"  # works, but an operator should look
    FAIL = "fail"  # does not work


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of the doctor's report. `cure` is empty if nothing is wrong."""

    verdict: Verdict
    what: str
    said: str
    cure: str = ""


def ok(what: str, said: str) -> Finding:
    return Finding(Verdict.OK, what, said)


def warn(what: str, said: str, cure: str) -> Finding:
    return Finding(Verdict.WARN, what, said, cure)


def fail(what: str, said: str, cure: str = "") -> Finding:
    return Finding(Verdict.FAIL, what, said, cure)

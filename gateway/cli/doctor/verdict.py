"""The form of the doctor's findings."""

from dataclasses import dataclass
from enum import StrEnum


class CheckLevel(StrEnum):
    OK = "ok"
    WARN = "warn"  # works, but an operator should look
    FAIL = "fail"  # does not work


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A line of the doctor's report. `cure` is empty if nothing is wrong."""

    verdict: CheckLevel
    what: str
    said: str
    cure: str = ""


def ok(what: str, said: str) -> CheckResult:
    return CheckResult(CheckLevel.OK, what, said)


def warn(what: str, said: str, cure: str) -> CheckResult:
    return CheckResult(CheckLevel.WARN, what, said, cure)


def fail(what: str, said: str, cure: str = "") -> CheckResult:
    return CheckResult(CheckLevel.FAIL, what, said, cure)

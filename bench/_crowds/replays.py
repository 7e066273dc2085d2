"""Every recorded set by SMS, by USSD and mixed, from JOIN to payout, with equal books.

    python -m bench._crowds.replays [--data FOLDER] [--answers N] [--only SET ...]
        [--channels CHANNEL ...] [--json FILE]

FOLDER has NAME.csv (task,worker,answer) and NAME_gold.csv (task,truth) per set, and may have
NAME_text.csv (task,text). Each set is played with its first tasks, as many as hold about N answers,
by `gateway replay` in a process of its own. Exits with 1 when a run fails, when books differ or
when an answer is lost or doubled. Answers that could not be delivered are named. Typed lines that
are longer than a screen takes are expected on USSD, all others make the exit status 3.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench._crowds.recorded import HERE
from gateway.qa.port import OPTIONS_MAX
from gateway.qa.rows import Answer, read_answers

ANSWERS = 60  # the short form, which belongs to CI
CHANNELS = ("sms", "ussd", "mixed")
VERIFIED = {"yes", "no", "unsure"}
TYPED_MAX = 80  # the characters that a network carries whole on a screen
DEADLINE_S = 3600
EXIT_DIFFERENT, EXIT_UNDELIVERED = 1, 3


@dataclass(frozen=True)
class RecordedSet:
    """A recorded set: its name, its folder, its rows and its kind of tasks."""

    name: str
    folder: Path
    rows: list[Answer]
    kind: str

    def command(self, channel: str, answers: int, report: Path) -> list[str]:
        """Return the command line of one run."""
        text = self.folder / f"{self.name}_text.csv"
        return [
            *(sys.executable, "-m", "gateway", "replay", "--kind", self.kind),
            *("--answers", str(self.folder / f"{self.name}.csv")),
            *("--truth", str(self.folder / f"{self.name}_gold.csv")),
            *(("--tasks", str(text)) if text.is_file() else ()),
            *("--channel", channel, "--seed", "1", "--json", str(report)),
            *("--limit-tasks", str(self.tasks(answers))),
        ]

    def tasks(self, answers: int) -> int:
        """Return how many of the first tasks hold about `answers` answers, at least one."""
        of = dict.fromkeys((row[0] for row in self.rows), 0)
        for row in self.rows:
            of[row[0]] += 1
        taken = found = 0
        for number in of.values():
            if taken and found + number > answers:
                break
            taken, found = taken + 1, found + number
        return taken


def recorded_sets(folder: Path) -> list[RecordedSet]:
    """Return the sets in a folder, sorted by name."""
    found: list[RecordedSet] = []
    for file in sorted(folder.glob("*_gold.csv")):
        name = file.name.removesuffix("_gold.csv")
        rows = read_answers(folder / f"{name}.csv", name)
        values = {row[2] for row in rows}
        choice = "verification" if values <= VERIFIED else "categorisation"
        kind = choice if len(values) <= OPTIONS_MAX else "transcription"
        found.append(RecordedSet(name, folder, rows, kind))
    return found


def played(one: RecordedSet, channel: str, answers: int) -> dict[str, object]:
    """Play one set by one channel, and return the row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        ended = subprocess.run(
            one.command(channel, answers, report),
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        row: dict[str, object] = {"set": one.name, "channel": channel, "status": ended.returncode}
        if not report.is_file():
            return {**row, "said": ended.stderr.strip().splitlines()[-1:]}
        told = json.loads(report.read_text(encoding="utf-8"))
    missing = told["undelivered"]
    too_long = [one for one in missing if len(one["answer"]) > TYPED_MAX]
    return {
        **row,
        **{
            key: told[key]
            for key in ("tasks", "answers_available", "answers_used", "lost", "duplicated")
        },
        "differences": told["differences"],
        "too_long": len(too_long),
        "undelivered": [
            {key: each[key] for key in ("worker", "task", "answer", "why", "shown_last")}
            for each in missing
            if each not in too_long
        ],
        "seconds": round(told["seconds"], 1),
    }


def status_of(rows: Sequence[dict[str, object]]) -> int:
    """Return the exit status of all runs together."""
    if any(row["status"] not in {0, EXIT_UNDELIVERED} for row in rows):
        return EXIT_DIFFERENT
    return EXIT_UNDELIVERED if any(row["undelivered"] for row in rows) else 0


def main() -> None:
    """Play the sets, one run after the other, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=HERE)
    parser.add_argument("--answers", type=int, default=ANSWERS)
    parser.add_argument("--only", nargs="*", default=())
    parser.add_argument("--channels", nargs="*", default=CHANNELS, choices=CHANNELS)
    parser.add_argument("--json", default="-", help="where to write the table; - is stdout")
    chosen = parser.parse_args()
    rows: list[dict[str, object]] = []
    for one in recorded_sets(chosen.data):
        for channel in chosen.channels:
            if not chosen.only or one.name in chosen.only:
                rows.append(played(one, channel, chosen.answers))
                print(json.dumps(rows[-1], ensure_ascii=False), file=sys.stderr, flush=True)
    table = json.dumps({"results": rows}, indent=1, ensure_ascii=False) + "\n"
    if chosen.json == "-":
        sys.stdout.write(table)
    else:
        Path(chosen.json).write_text(table, encoding="utf-8")
    sys.exit(status_of(rows))


if __name__ == "__main__":
    main()

"""The command `gateway demo`, which runs the main job on real crowd answers.

Three batches run at once, and all books are compared at the end.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path

from rich.console import Console

from gateway.cli.json_output import write_json
from gateway.cli.replay.command import make_plan, run
from gateway.cli.replay.play import ReplayPlan
from gateway.cli.replay.recording import read_recording
from gateway.cli.replay.report import show_demo

_QUICK_TASKS = 30


def demo(*, quick: bool, out: Path | None) -> None:
    """Play the shipped recordings. Exits with 1 when any two books differ."""
    console = Console(stderr=str(out) == "-")
    console.print(
        "[bold]A client sends three batches of questions. Recorded answers of real workers\n"
        "come back over simulated phones, by USSD and SMS. They are judged, earnings are\n"
        "booked, workers are paid, and at the end all books are compared.[/]\n"
    )
    report = asyncio.run(run(plans(_QUICK_TASKS if quick else None), console))
    show_demo(report, console)
    write_json(report, out)
    if report["mismatches"] or report["lost"] or report["duplicated"]:
        sys.exit(1)


def plans(limit_tasks: int | None) -> Sequence[ReplayPlan]:
    """Return the three batches. `demo_data/README.md` names the sources of the answers."""
    with resources.as_file(resources.files("gateway.cli.replay").joinpath("demo_data")) as data:
        rte = read_recording(
            data / "rte.csv",
            data / "rte_text.csv",
            data / "rte_truth.csv",
            "verification",
            limit_tasks,
        )
        news = read_recording(
            data / "valence.csv",
            data / "valence_text.csv",
            data / "valence_truth.csv",
            "categorisation",
            limit_tasks,
        )
        speech = read_recording(
            data / "speech.csv", None, data / "speech_truth.csv", "transcription", limit_tasks
        )
    return (
        replace(
            make_plan(
                rte,
                channel="mixed",
                policy="fixed:5",
            ),
            name="Does it follow?",
            instructions="Is it true?",
        ),
        replace(
            make_plan(
                news,
                channel="mixed",
                policy="dynamic",
            ),
            name="Good or bad news?",
            instructions="This news is:",
        ),
        replace(
            make_plan(
                speech,
                channel="mixed",
                policy="all",
                price_minor=500,
            ),
            name="What was said?",
            instructions="Type what you heard.",
        ),
    )

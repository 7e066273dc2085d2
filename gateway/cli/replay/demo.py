"""The command `gateway demo`, which runs the main job on real crowd answers.

Three batches run at once, and all books are compared at the end.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from rich.console import Console

from gateway.cli.json_output import write_json
from gateway.cli.replay import demo_project
from gateway.cli.replay.command import (
    EXIT_DIFFERENT,
    EXIT_UNDELIVERED,
    exit_status,
    make_plan,
    run,
    say_undelivered,
)
from gateway.cli.replay.play import ReplayPlan
from gateway.cli.replay.recording import RecordingFiles, read_recording
from gateway.cli.replay.report import show_demo
from gateway.cli.replay.town import Town, run_until_interrupted

_QUICK_TASKS = 30


def demo(*, quick: bool, out: Path | None, keep: Path | None) -> None:
    """Play the shipped recordings and a project of two partners.

    Exits with 1 when any two books differ, and with 3 when an answer could not be delivered. `keep`
    is a folder for the files of the project.
    """
    console = Console(stderr=str(out) == "-")
    console.print(
        "[bold]A client sends three batches of questions. Recorded answers of real workers\n"
        "come back over simulated phones, by USSD and SMS. They are judged, earnings are\n"
        "booked, workers are paid, and at the end all books are compared.\n"
        "Then workers of two partners check a list of shops: one file in, one file\n"
        "out, and an impact report.[/]\n"
    )
    acts = list[demo_project.ProjectAct]()

    async def project(here: Town) -> None:
        acts.append(await demo_project.play_project(here))

    report = run_until_interrupted(run(plans(_QUICK_TASKS if quick else None), console, project))
    report["project"] = acts[0].report()
    show_demo(report, console)
    if keep is not None:
        demo_project.keep(acts[0], keep)
        console.print(f"The result, its quality report and the impact report are in {keep}")
    write_json(report, out)
    if status := demo_status(report):
        if status == EXIT_UNDELIVERED:
            say_undelivered(console, ".")
        sys.exit(status)


def demo_status(report: Mapping[str, Any]) -> int:
    """Return the exit status of a demo: that of a replay of all its batches and of its project.

    >>> report = {"mismatches": 0, "lost": 0, "duplicated": 0, "project": {"faults": 0}}
    >>> taken, missing = {"undelivered": []}, {"undelivered": ["one"]}
    >>> demo_status({**report, "batches": [taken]}), demo_status({**report, "batches": [missing]})
    (0, 3)
    >>> demo_status({**report, "batches": [missing], "project": {"faults": 1}})
    1
    """
    if report["project"]["faults"]:
        return EXIT_DIFFERENT
    undelivered = [one for part in report["batches"] for one in part["undelivered"]]
    return exit_status({**report, "undelivered": undelivered})


def plans(limit_tasks: int | None) -> Sequence[ReplayPlan]:
    """Return the three batches. `demo_data/README.md` names the sources of the answers."""
    with resources.as_file(resources.files("gateway.cli.replay").joinpath("demo_data")) as data:
        rte = read_recording(_files(data, "rte"), "verification", limit_tasks)
        news = read_recording(_files(data, "valence"), "categorisation", limit_tasks)
        speech = read_recording(_files(data, "speech"), "transcription", limit_tasks)
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


def _files(data: Path, name: str) -> RecordingFiles:
    """Return the files of one recording. One without texts has `Item N` for questions."""
    texts = data / f"{name}_text.csv"
    return RecordingFiles(
        data / f"{name}.csv", texts if texts.is_file() else None, data / f"{name}_truth.csv"
    )

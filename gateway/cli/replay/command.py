"""The command line of `gateway replay`, its live progress and its report."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.base.errors import Refused
from gateway.cli.json_output import write_json
from gateway.cli.replay.play import INSTRUCTIONS, ReplayPlan, ReplayWatcher, play
from gateway.cli.replay.recording import Recording
from gateway.cli.replay.report import show
from gateway.cli.replay.town import Town, run_until_interrupted, town
from gateway.qa.judging.overlap import CONFIDENCE, DOUBLE, ENTRIES_MAX, parse_policy
from gateway.tasks.packed import PACK_MAX

CHANNELS = ("ussd", "sms", "mixed")
PRICE_MINOR, CURRENCY = 300, "KES"
_RUNNERS = 1
_ANSWERS_MAX = 1000
_SPARE_MINOR = 100_00
# The statuses of an ended replay. 2 is that of a wrong command line.
EXIT_DIFFERENT, EXIT_UNDELIVERED = 1, 3


def make_plan(
    recording: Recording,
    *,
    channel: str,
    policy: str,
    confidence: float | None = None,
    price_minor: int = PRICE_MINOR,
    pack: str = "auto",
    seed: int = 0,
) -> ReplayPlan:
    """Return a checked plan. Raises Refused naming the fault."""
    if channel not in CHANNELS:
        raise Refused(f"no channel {channel!r}; there is: {', '.join(CHANNELS)}", field="channel")
    if pack not in ("auto", "off") and not (pack.isdecimal() and 2 <= int(pack) <= PACK_MAX):  # noqa: PLR2004
        raise Refused(f"packing is auto, off or 2 to {PACK_MAX}, not {pack!r}", field="packing")
    if recording.form and policy == "all":
        policy = DOUBLE
    parse_policy(policy, available=_ANSWERS_MAX, confidence=confidence or CONFIDENCE)
    return ReplayPlan(
        name="Replay",
        recording=recording,
        channel=channel,
        policy=policy,
        confidence=confidence,
        price_minor=price_minor,
        currency=CURRENCY,
        instructions=INSTRUCTIONS[recording.kind],
        pack=pack,
        seed=seed,
    )


def _most(plan: ReplayPlan) -> int:
    """Return the most answers for which money is set aside."""
    recording = plan.recording
    return max(recording.count, ENTRIES_MAX * len(recording.answers) if recording.form else 0)


async def run(
    plans: Sequence[ReplayPlan],
    console: Console,
    then: Callable[[Town], Awaitable[None]] | None = None,
) -> dict[str, Any]:
    """Play plans in one town, with live progress, and `then` something else in the same town."""
    needed = sum(_most(plan) * plan.price_minor for plan in plans) + _SPARE_MINOR
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        bar = bars.add_task("starting", total=None)

        def tell(phase: str, done: int, of: int) -> None:
            bars.update(bar, description=phase, completed=done, total=of or None)

        def say(line: str) -> None:
            bars.console.print(line, style="dim", highlight=False, soft_wrap=True)

        async with town(runners=_RUNNERS, top_up_minor=needed, say=say) as here:
            report = await play(here, plans, ReplayWatcher(tell))
            if then is not None:
                tell("project", 0, 0)
                await then(here)
            return report


def finish(
    report: dict[str, Any], out: Path | None, console: Console, *, allow_undelivered: bool
) -> None:
    """Show the report, write the JSON if requested, and exit with the status of the replay."""
    show(report, console)
    write_json(report, out)
    if status := exit_status(report, allow_undelivered=allow_undelivered):
        if status == EXIT_UNDELIVERED:
            say_undelivered(console, "; --allow-undelivered accepts them.")
        sys.exit(status)


def say_undelivered(console: Console, end: str) -> None:
    """Print why the command fails although all books are equal."""
    console.print(
        f"Exit status {EXIT_UNDELIVERED}, because of the answers that could not be delivered{end}",
        style="yellow",
        highlight=False,
    )


def exit_status(report: dict[str, Any], *, allow_undelivered: bool = False) -> int:
    """Return 0, or the status of books that differ, or else that of answers not delivered.

    >>> books = {"mismatches": 0, "lost": 0, "duplicated": 0}
    >>> exit_status({**books, "undelivered": []}), exit_status({**books, "undelivered": ["one"]})
    (0, 3)
    >>> exit_status({**books, "undelivered": ["one"]}, allow_undelivered=True)
    0
    >>> exit_status({**books, "lost": 1, "undelivered": ["one"]}, allow_undelivered=True)
    1
    """
    if report["mismatches"] or report["lost"] or report["duplicated"]:
        return EXIT_DIFFERENT
    if report["undelivered"] and not allow_undelivered:
        return EXIT_UNDELIVERED
    return 0


def replay(
    recording: Recording,
    *,
    channel: str,
    policy: str,
    confidence: float | None,
    pack: str,
    seed: int,
    out: Path | None,
    allow_undelivered: bool,
) -> None:
    """Play a recording, report, and exit with the status of the replay."""
    # With the JSON on stdout, the report for humans goes to stderr.
    console = Console(stderr=str(out) == "-")
    plan = make_plan(
        recording, channel=channel, policy=policy, confidence=confidence, pack=pack, seed=seed
    )
    report = run_until_interrupted(run([plan], console))
    finish(report, out, console, allow_undelivered=allow_undelivered)

"""`gateway qa`: the gateway's quality engine on any CSV of answers, without a server."""

import csv
import json
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from time import process_time
from typing import Annotated, Any, TextIO

import typer

from gateway.errors import GatewayError, Refused

app = typer.Typer(
    help="Aggregate recorded answers, and replay when asking could have stopped.",
    no_args_is_help=True,
)


RATES = ("accuracy", "wer", "exact_match", "near_match", "ece")


class Kind(StrEnum):
    """What the answers are."""

    VERIFICATION = "verification"
    CATEGORISATION = "categorisation"
    TRANSCRIPTION = "transcription"


AnswersFile = Annotated[
    Path, typer.Option("--answers", help="CSV with columns task,worker,answer; - is stdin.")
]
KindOption = Annotated[
    Kind | None, typer.Option(help="What the answers are; guessed from them if not given.")
]
ConfidenceOption = Annotated[
    float | None,
    typer.Option(min=0.0, max=1.0, help="Close a task at this posterior (0.9 if not given)."),
]
JsonFile = Annotated[
    str | None, typer.Option("--json", help="Write the figures as JSON; - is stdout.")
]


@app.command()
def aggregate(
    answers: AnswersFile,
    truth: Annotated[
        Path | None, typer.Option(help="CSV task,truth: measure the result against it.")
    ] = None,
    gold: Annotated[
        Path | None,
        typer.Option(help="CSV task,truth: let these teach skills, calibrate and certify."),
    ] = None,
    kind: KindOption = None,
    method: Annotated[
        str, typer.Option(help="auto, or a rule by name; an unknown one lists those there are.")
    ] = "auto",
    out: Annotated[
        str | None, typer.Option(help="Write CSV task,value,confidence,answers; - is stdout.")
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Find the most likely value of every task, and how sure it is."""
    from gateway.qa.report import guessed_kind, report

    with _one_line_errors("aggregate"):
        rows = _answers(answers, kind)
        truths, known = _truths(truth), _truths(gold)
        started = process_time()
        found = report(rows, kind or guessed_kind(rows), method, truths, known)
        figures = {**found.figures, "seconds": round(process_time() - started, 4)}
        if "-" not in (json_file, out):
            _show(figures)
        if out:
            _write_results(out, found.results)
        _write_json(json_file, figures)


@app.command()
def stopping(
    answers: AnswersFile,
    truth: Annotated[Path, typer.Option(help="CSV with columns task,truth.")],
    kind: KindOption = None,
    confidence: ConfidenceOption = None,
    seeds: Annotated[int, typer.Option(min=1, help="Random orders to average.")] = 3,
    json_file: JsonFile = None,
) -> None:
    """Replay asking one more answer only where it is needed, beside fixed overlaps."""
    from gateway.qa.report import guessed_kind

    with _one_line_errors("stopping"):
        rows = _answers(answers, kind)
        _replay(rows, _truths(truth), kind or guessed_kind(rows), confidence, seeds, json_file)


@app.command()
def simulate(
    tasks: Annotated[int, typer.Option(min=1, max=20_000, help="Questions in the batch.")] = 500,
    workers: Annotated[int, typer.Option(min=1, max=2_000, help="People who answer.")] = 50,
    options: Annotated[int, typer.Option(min=2, max=9, help="Choices per question.")] = 2,
    answers: Annotated[int, typer.Option(min=1, max=30, help="Most answers a task may get.")] = 7,
    skill: Annotated[float, typer.Option(help="Mean share of right answers.")] = 0.75,
    spread: Annotated[float, typer.Option(help="Standard deviation between workers.")] = 0.12,
    confidence: ConfidenceOption = None,
    seeds: Annotated[int, typer.Option(min=1, help="Random orders to average.")] = 3,
    json_file: JsonFile = None,
) -> None:
    """Make up a crowd and see what accuracy costs, before a batch exists."""
    from gateway.qa.made_up import Crowd, made_up

    with _one_line_errors("simulate"):
        crowd = Crowd(tasks, workers, options, answers, skill, spread)
        rows, truths = made_up(crowd, seed=0)
        _replay(rows, truths, Kind.CATEGORISATION, confidence, seeds, json_file)


def _replay(
    rows: Sequence[tuple[str, str, str]],
    truths: Mapping[str, str],
    kind: str,
    confidence: float | None,
    seeds: int,
    json_file: str | None,
) -> None:
    from gateway.qa.overlap import CONFIDENCE
    from gateway.qa.savings import savings, steps

    sure = CONFIDENCE if confidence is None else confidence
    with _progress(steps(rows, seeds)) as tick:
        figures = savings(rows, truths, kind, sure, seeds, tick)
    if json_file != "-":
        _show_savings(figures)
    _write_json(json_file, figures)


@contextmanager
def _one_line_errors(command: str) -> Generator[None]:
    try:
        yield
    except (GatewayError, OSError) as error:
        typer.echo(f"gateway qa {command}: {error}", err=True)
        raise typer.Exit(1) from None


def _lines(path: Path) -> list[str]:
    source = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    try:
        return source.decode("utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        row = source.count(b"\n", 0, error.start)
        raise Refused(f"{path}, row {row}: not UTF-8", row=row) from None


def _answers(path: Path, kind: Kind | None) -> list[tuple[str, str, str]]:
    from gateway.qa.rows import read_answers

    return read_answers(_lines(path), str(path), empty_answers=kind is Kind.TRANSCRIPTION)


def _truths(path: Path | None) -> dict[str, str]:
    from gateway.qa.rows import read_truths

    return {} if path is None else read_truths(_lines(path), str(path))


def _write_results(out: str, results: Sequence[tuple[str, str, float, int]]) -> None:
    with _output(out) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("task", "value", "confidence", "answers"))
        writer.writerows((t, value, f"{sure:.4f}", n) for t, value, sure, n in results)


def _write_json(target: str | None, figures: Mapping[str, object]) -> None:
    if target:
        with _output(target) as file:
            file.write(json.dumps(figures, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


@contextmanager
def _output(target: str) -> Generator[TextIO]:
    if target == "-":
        yield sys.stdout
    else:
        with Path(target).open("w", encoding="utf-8", newline="") as file:
            yield file


def _show(figures: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    title = f"{figures['answers']:,} answers to {figures['tasks']:,} tasks"
    table = Table("", "", title=title, show_header=False)
    table.columns[1].justify = "right"
    for key, value in figures.items():
        if key == "certificate":
            table.add_row(key, _certificate(value))
        elif value is not None:
            table.add_row(key.replace("_", " "), _readable(key, value))
    console = Console()
    console.print(table)
    if figures["repeated"]:
        console.print(
            f"note: {figures['repeated']} answers repeat a worker's answer to the same task; they count."
        )


def _readable(key: str, value: Any) -> str:
    if key in RATES:
        return f"{100 * value:.2f} %"
    return f"{value:,.3g}" if isinstance(value, float) else str(value)


def _certificate(certificate: Mapping[str, Any]) -> str:
    if "low" not in certificate:
        return f"too little gold: {certificate['gold']} of {certificate['wanted']} tasks"
    low, high = 100 * certificate["low"], 100 * certificate["high"]
    return f"{100 * certificate['accuracy']:.1f} % right, {low:.1f} to {high:.1f} % at 95 %"


def _show_savings(figures: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    rates = [key for key in figures if key in RATES]
    table = Table(title=f"Stopping at confidence {figures['confidence']:g}, {figures['kind']}")
    for heading in ("policy", "answers a task", *(rate.replace("_", " ") for rate in rates)):
        table.add_column(heading, justify="left" if heading == "policy" else "right")
    policies = {f"fixed {n}": one for n, one in figures["fixed"].items()} | {"dynamic": figures}
    for name, one in policies.items():
        shown = (f"{100 * one[rate]:.2f} %" for rate in rates)
        table.add_row(name, f"{one['answers_per_task']:.2f}", *shown)
    Console().print(table)


@contextmanager
def _progress(steps: int) -> Generator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import Progress

    # On stderr and gone at the end: stdout is for the figures.
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("replaying", total=steps)
        yield lambda: progress.advance(task)

"""The common part of all `gateway qa` commands.

It has their options, the reading of CSV, the writing of results, and errors in one line.
"""

import json
import sys
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from gateway.base.errors import GatewayError
from gateway.base.tabular import CsvWriter

if TYPE_CHECKING:
    from gateway.cli.qa.typed import AnswerFormat
    from gateway.cli.qa.votes import VoteFile


RESULT_COLUMNS = ("task", "value", "confidence", "answers", "confidence_checked", "tied")


AnswersFile = Annotated[
    Path, typer.Option("--answers", help="CSV with columns task,worker,answer; - is stdin.")
]
KindOption = Annotated[
    str | None,
    typer.Option(help="The kind of the answers, like verification. Default: guessed from them."),
]
ValueOption = Annotated[
    str | None,
    typer.Option(
        "--value", help="The type of typed answers: text, date, number or name, read as by phone."
    ),
]
LanguageOption = Annotated[
    str,
    typer.Option(
        "--language",
        help="The workers' language (en, sw, ...), which decides how they write values.",
    ),
]
CurrencyOption = Annotated[
    str,
    typer.Option(
        "--currency",
        help="Their country's currency (KES, ...), which decides how values are written.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOptions:
    """The options that say what the answers of a file are."""

    kind: KindOption = None
    value: ValueOption = None
    language: LanguageOption = ""
    currency: CurrencyOption = ""


ConfidenceOption = Annotated[
    float | None,
    typer.Option(min=0.0, max=1.0, help="Close a task at this posterior. Default: 0.9."),
]
JsonFile = Annotated[
    str | None, typer.Option("--json", help="Write the figures as JSON; - is stdout.")
]


@contextmanager
def one_line_errors(command: str) -> Generator[None]:
    """Turn errors that the user can correct into one line on stderr and exit code 1."""
    try:
        yield
    except (GatewayError, OSError) as error:
        typer.echo(f"gateway qa {command}: {error}", err=True)
        raise typer.Exit(1) from None


def answers_of(path: Path, asked: "AnswerFormat") -> "VoteFile":
    """Return the votes of a CSV task,worker,answer. Typed answers may be empty.

    Prints on stderr how many answers are left out.
    """
    from gateway.cli.qa.votes import repeats_note, votes_of
    from gateway.qa.rows import read_answers

    rows = read_answers(_source(path), str(path), empty_answers=asked.is_typed)
    votes = votes_of(rows, asked)
    say(asked.unread_note(votes.unread))
    say(repeats_note(votes))
    return votes


def truths_of(path: Path | None, votes: "VoteFile") -> dict[str, str]:
    """Return the truths of a CSV task,truth, with the spelling of the answers."""
    from gateway.qa.rows import read_truths

    return {} if path is None else votes.spelt(read_truths(_source(path), str(path)), str(path))


def predictions_of(path: Path | None, votes: "VoteFile") -> dict[str, str] | None:
    """Return a model's predictions of a CSV task,value, with the spelling of the answers."""
    from gateway.base.tabular import open_table

    if path is None:
        return None
    table = open_table(path, ("task", "value"))
    table.need(("task", "value"), "the header of predictions is task,value")
    return votes.spelt({row.cell("task"): row.cell("value") for row in table.rows()}, str(path))


def say(note: str) -> None:
    """Write a note on the results to stderr, since stdout may be a file.

    An empty note is skipped.
    """
    if note:
        typer.echo(f"gateway qa: {note}", err=True)


def write_results(
    out: str,
    results: Sequence[tuple[str, str, float, int]],
    *,
    checked: bool,
    tied: Collection[str] = (),
    raw: bool = False,
) -> None:
    """Write a row per task, to stdout if `out` is `-`.

    `checked` says whether gold has checked the confidences. Columns have the API's names and
    values.
    """
    known, ties = _word(value=checked), frozenset(tied)
    with _output(out) as file:
        writer = CsvWriter(raw=raw, lineterminator="\n")
        file.write(writer.row(RESULT_COLUMNS))
        file.writelines(
            writer.row((t, v, f"{sure:.4f}", n, known, _word(value=t in ties)))
            for t, v, sure, n in results
        )


def _word(*, value: bool) -> str:
    return "true" if value else "false"


def write_json(target: str | None, figures: Mapping[str, object]) -> None:
    """Write figures to a file, to stdout for `-`, or nowhere for None."""
    if target:
        with _output(target) as file:
            file.write(json.dumps(figures, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


@contextmanager
def progress(steps: int) -> Generator[Callable[[], None]]:
    """Show a bar on stderr, which disappears at the end. stdout is for the figures."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("replaying", total=steps)
        yield lambda: bar.advance(task)


@contextmanager
def working(what: str) -> Generator[None]:
    """Show a line on stderr during a long calculation, only on a terminal.

    The line disappears at the end.
    """
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


@contextmanager
def _output(target: str) -> Generator[TextIO]:
    if target == "-":
        yield sys.stdout
    else:
        with Path(target).open("w", encoding="utf-8", newline="") as file:
            yield file


def _source(path: Path) -> Path | bytes:
    """Return a file, or the content of stdin for `-`."""
    if str(path) == "-":
        return sys.stdin.buffer.read()
    with path.open("rb"):  # An OSError names the file here.
        return path

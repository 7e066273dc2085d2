"""The commands `gateway lessons`: the check of the files that trainers write."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.json_output import Json, write_json
from gateway.tasks.lessons.library import LessonFile, look, shipped
from gateway.tasks.lessons.reading import LessonFault

app = typer.Typer(no_args_is_help=True, help="Check the lessons that workers learn from.")

_SEGMENTS_MAX = {"GSM7": 2, "UCS2": 3}


@dataclass(frozen=True, slots=True)
class _Checked:
    """One lesson file: the number and the cost of its messages, and what is wrong with it."""

    file: str
    messages: int
    segments: int
    faults: list[LessonFault]


@app.callback()
def _group() -> None:
    """Check the lessons that workers learn from."""


@app.command("check")
def check(
    folder: Annotated[
        Path | None,
        typer.Option(help="A folder with KIND/LANGUAGE.toml. Default: the shipped lessons."),
    ] = None,
    json: Json = None,
) -> None:
    """Check every lesson file, and name the file, the item and the rule of each fault.

    Exits with 1 if a file has a fault, or if the folder has no lesson.
    """
    from gateway.app import kind_of
    from gateway.phrases import books

    place = folder or shipped()
    found = [_checked(file) for file in look(place, kind_of, frozenset(books()))]
    if not write_json([asdict(one) for one in found], json):
        for one in found:
            _show(one)
        if not found:
            typer.echo(f"{place}: there is no file KIND/LANGUAGE.toml")
    if not found or any(one.faults for one in found):
        raise typer.Exit(1)


def _checked(file: LessonFile) -> _Checked:
    """Return the faults of a file, with those of its messages where it could be read."""
    from gateway.app import kind_of
    from gateway.conversation.work.lessons import messages_of
    from gateway.gsm.segments import segments
    from gateway.gsm.septets import septets
    from gateway.phrases import books

    if file.lesson is None:
        return _Checked(str(file.path), 0, 0, list(file.faults))
    texts = list(messages_of(file.lesson, books(), kind_of))
    faults = [
        LessonFault(item, f"its SMS has {segments(text)} segments; at most {most} are allowed")
        for item, text in texts
        if segments(text) > (most := _SEGMENTS_MAX["UCS2" if septets(text) is None else "GSM7"])
    ]
    return _Checked(str(file.path), len(texts), sum(segments(t) for _, t in texts), faults)


def _show(one: _Checked) -> None:
    if not one.faults:
        typer.echo(f"{one.file}: {one.messages} SMS, {one.segments} segments")
    for fault in one.faults:
        typer.echo(f"{one.file}: {fault.item}: {fault.rule}")

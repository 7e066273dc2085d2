"""The commands `gateway phrases`: the texts per language, unreviewed ones, and too long ones."""

from dataclasses import asdict, dataclass

import typer

from gateway.cli.json_output import Json, write_json
from gateway.phrases import Phrasebook, books
from gateway.phrases.book import ENGLISH
from gateway.phrases.budget import PhraseLength, is_words, longest_texts

app = typer.Typer(
    no_args_is_help=True, help="Check the texts that workers read, language by language."
)


@dataclass(frozen=True, slots=True)
class _Language:
    """The state of one language.

    `unchecked` counts the texts that no native speaker has read. `over` lists the texts that do not
    fit with their longest values.
    """

    language: str
    name: str
    phrases: int
    unchecked: int
    missing: list[str]
    over: list[PhraseLength]


@app.callback()
def _group() -> None:
    """Check the texts that workers read, language by language."""


@app.command("check")
def check(
    json: Json = None,
) -> None:
    """Measure every text with its longest values.

    Exits with 1 if one does not fit or is missing.
    """
    english = books()[ENGLISH].keys
    found = [_look(code, book, english) for code, book in books().items()]
    if str(json) != "-":
        for one in found:
            _show(one)
    write_json({"languages": [asdict(one) for one in found]}, json)
    if any(one.over or one.missing for one in found):
        raise typer.Exit(1)


def _look(code: str, book: Phrasebook, english: frozenset[str]) -> _Language:
    missing = sorted(english - book.keys)
    return _Language(
        language=code,
        name=book.say("language.name"),
        phrases=sum(not is_words(key) for key in book.keys),
        unchecked=len(book.unchecked()),
        missing=missing,
        over=[one for one in longest_texts(book) if not one.fits],
    )


def _show(one: _Language) -> None:
    print(
        f"{one.language}  {one.name:<9} {one.phrases} phrases; {one.unchecked} entries not read by a native speaker; "
        f"{len(one.missing)} missing; {len(one.over)} too long"
    )
    for key in one.missing:
        print(f"    {key}: missing")
    for text in one.over:
        print(f"    {text.key}: {text.units} of {text.budget} {text.encoding}: {text.text}")

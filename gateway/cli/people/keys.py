"""The input of a person's key: typed on request, in a file, or on standard input.

It is never on the command line.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from gateway.base.errors import Refused

_FILE_CHARACTERS_MAX = 1000


def _refuse_key(value: str | None) -> None:
    """Raise Refused for a key on the command line, without repeating it."""
    if value is not None:
        raise Refused(
            "a key on the command line can be read by every user of this machine (ps) and stays in the shell's history: "
            "omit --key and type the key when asked, or give --key-file FILE (- for standard input). "
            "If this was a real key, renew it now: gateway persons rekey NAME --by NAME",
            field="key",
        )


NoKey = Annotated[
    str | None,
    typer.Option("--key", hidden=True, callback=_refuse_key, help="Refused: see --key-file."),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        help="A file with the key, - for standard input; without it the key is asked for.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedPerson:
    """The options of a command that a person with a key gives: her name, and her key."""

    by: Annotated[str, typer.Option("--by", help="Your name, as added with `gateway persons add`.")]
    key_file: KeyFile = None
    key: NoKey = None

    def read(self) -> str:
        """Return her key."""
        return read_key(self.key_file, self.by)


def read_key(file: Path | None, whose: str) -> str:
    """Return the key from the first line of the file or of standard input, or typed unseen."""
    if file is None:
        if sys.stdin.isatty():
            return typer.prompt(f"Key of {whose}", hide_input=True)
        return _first_line(sys.stdin.readline(_FILE_CHARACTERS_MAX), "standard input")
    if str(file) == "-":
        return _first_line(sys.stdin.readline(_FILE_CHARACTERS_MAX), "standard input")
    try:
        with file.open(encoding="utf-8") as opened:
            return _first_line(opened.readline(_FILE_CHARACTERS_MAX), str(file))
    except (OSError, UnicodeDecodeError) as bad:
        raise Refused(f"--key-file {file} cannot be read: {bad}", field="key-file") from bad


def _first_line(line: str, where: str) -> str:
    if not line.strip():
        raise Refused(f"there is no key on the first line of {where}", field="key")
    return line.strip()

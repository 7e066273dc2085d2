"""The arguments and options that the commands `gateway partner` share."""

import getpass
from datetime import date
from typing import Annotated

import typer

from gateway.base.errors import Refused

PartnerCode = Annotated[
    str, typer.Argument(metavar="PARTNER", help="The partner's code, e.g. KIBERA.")
]
AnyPartner = Annotated[
    str | None, typer.Argument(metavar="[PARTNER]", help="The partner's code. Default: all.")
]
PartnerReason = Annotated[
    str, typer.Option("--because", help="The reason, which is kept with the partner.")
]
PartnerAuthor = Annotated[
    str | None, typer.Option("--by", help="Your name. Default: the user of this shell.")
]
LedgerCurrency = Annotated[str, typer.Option("--currency", help="The currency of the earnings.")]
FirstDay = Annotated[str | None, typer.Option("--from", help="The first day, 2026-11-01 (UTC).")]
LastDay = Annotated[str | None, typer.Option("--to", help="The last day. Default: today.")]


def author_of(by: str | None) -> str:
    """Return the name of the author of a change."""
    return by or getpass.getuser()


def day(text: str, field: str) -> date:
    """Return a day. Raises Refused for another text."""
    try:
        return date.fromisoformat(text)
    except ValueError as bad:
        raise Refused(f"{text!r} is not a day; write it like 2026-11-30", field=field) from bad


def day_or_none(text: str | None, field: str) -> date | None:
    """Return a day, or None where none was given."""
    return None if text is None else day(text, field)

"""The parts of an address that name something: bounded, clean, and in the form they are stored in."""

from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, Field

from gateway.errors import Refused
from gateway.texts import ID_CHARACTERS_MAX, identifier


def _found_by(text: str) -> str:
    try:
        return identifier(text, "")
    except Refused as bad:
        raise ValueError(str(bad).removeprefix(": ")) from None


_NAMED = AfterValidator(_found_by)
_LONG = Field(min_length=1, max_length=ID_CHARACTERS_MAX)

BatchPath = Annotated[str, Path(description="A batch's id"), _LONG, _NAMED]
TaskPath = Annotated[str, Path(description="Your id of the task"), _LONG, _NAMED]
OptionPath = Annotated[str, Path(description="The option's id"), _LONG, _NAMED]
VersionPath = Annotated[str, Path(description="A rule's version"), _LONG, _NAMED]

"""The types of path parameters: bounded, clean, and in the form in which they are stored."""

from typing import Annotated

from fastapi import Path

from gateway.base.text.strings import Id

BatchPath = Annotated[Id, Path(description="A batch's id")]
TaskPath = Annotated[Id, Path(description="Your id of the task")]
OptionPath = Annotated[Id, Path(description="The option's id")]
VersionPath = Annotated[Id, Path(description="A rule's version")]

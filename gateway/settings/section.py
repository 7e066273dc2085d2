"""The base of every section of the settings, which is immutable and refuses unknown keys."""

from typing import Any

from pydantic import BaseModel, ConfigDict

OptionValues = dict[str, Any]
"""A plug-in's own options, as the file gives them. The plug-in's kind checks them."""


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

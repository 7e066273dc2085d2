"""What every section of the settings is: closed and unchangeable."""

from typing import Any

from pydantic import BaseModel, ConfigDict

Options = dict[str, Any]
"""A plug-in's own options, as they stand in the file: its kind checks them."""


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

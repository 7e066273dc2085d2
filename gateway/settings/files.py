"""The settings of the files of imports and exports."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from gateway.settings.section import Section


class Files(Section):
    """The files of clients' imports and exports."""

    folder: Path | None = None
    """The folder of these files. The default is `files` in the data folder. Where several machines
    run, it must be a folder that all of them share.
    """
    days: Annotated[int, Field(ge=1, le=365)] = 7
    """The days for which an export's file can be downloaded, and the bad rows of an import be read.
    """
    free_bytes: Annotated[int, Field(ge=0)] = 512 * 1024 * 1024
    """The space that these files leave free on their disk. Otherwise they could fill the disk of
    the database, and phones would not be answered.
    """
    open_per_client: Annotated[int, Field(ge=1, le=1000)] = 10
    """The imports and exports of one client that may wait or run at the same time."""

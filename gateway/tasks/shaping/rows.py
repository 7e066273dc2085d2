"""The rows of an upload on their way from a file to the checks of the intake."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.base.errors import Refused
from gateway.tasks.shaping.model_guess import ModelGuess

FIELDS = ("id", "text", "gold", "gold_reason", "audience")
"""The fields of a task. A column or key with another name is the client's own."""


class UploadedRow(dict[str, object]):
    """One row of an upload, with the number that the client sees beside it.

    `own` holds the client's own columns, which are not fields of a task. `columns` has the client's
    name of the column from which a field was taken, where it is another name. `problem` is what is
    wrong with the row already. `guess` is the prediction of a model of the client's, if the row has
    one, and `bad_guess` what is wrong with it.
    """

    def __init__(
        self, cells: Mapping[str, object], number: int, own: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(cells)
        self.number = number
        self.own: Mapping[str, object] = own or {}
        self.columns: Mapping[str, str] = {}
        self.problem: Refused | None = None
        self.guess: ModelGuess | None = None
        self.bad_guess: Refused | None = None


@dataclass(frozen=True, slots=True)
class GivenRow:
    """One row of a table, or one object of JSON, under the names of the file.

    `problem` is what is wrong with it already. `guess` is the prediction that stands beside it, and
    `bad_guess` what is wrong with that. Only a kind with options minds.
    """

    number: int
    cells: Mapping[str, object]
    problem: Refused | None = None
    guess: ModelGuess | None = None
    bad_guess: Refused | None = None


@dataclass(frozen=True, slots=True)
class ReadingAsked:
    """The client's wishes about the reading of a file."""

    renamed: Mapping[str, str] = field(default_factory=dict[str, str])
    """The columns from which fields are taken, by field (`map=`)."""
    record: tuple[str, ...] = ()
    """The fields of a record, for data entry. Its gold may have a column per field."""
    shape: str = "auto"
    """The shape of the file, or `auto` to recognise it."""


def row_refused(message: str, row: int, column: str) -> Refused:
    """Return the refusal of one row because of one column."""
    return Refused(message, field=column, row=row)

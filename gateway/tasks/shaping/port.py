"""The port of a shape: what a file in `gateway.tasks.shapes` has."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from gateway.tasks.shaping.rows import GivenRow, ReadingAsked, UploadedRow


class Shape(Protocol):
    """The form in which another service writes tasks, answers and results.

    A shape is its module.
    """

    def recognised(self, names: Sequence[str]) -> bool:
        """Return whether these are the columns of the shape, or the keys of its objects in JSON."""
        ...

    def flat(self, row: GivenRow) -> GivenRow:
        """Return an object of JSON as a row with columns. What is wrong with it is kept in it."""
        ...

    def read(
        self, names: Sequence[str], rows: Iterable[GivenRow], asked: ReadingAsked
    ) -> Iterator[UploadedRow]:
        """Yield the tasks of a file with these columns.

        Raises Refused, naming the columns, where the meaning of one cannot be told.
        """
        ...

"""The rows of a file of answers or truths, with errors that name source, row, column and rule."""

from collections.abc import Collection, Sequence
from sys import intern
from typing import cast

from gateway.base.errors import Refused
from gateway.base.tabular import Source, TableRow, open_table

Answer = tuple[str, str, str]  # The items are task, worker and answer.


def read_answers(source: Source, name: str, *, empty_answers: bool = False) -> list[Answer]:
    r"""Return the columns task, worker and answer.

    `empty_answers` allows empty answers, where workers type freely.

    >>> read_answers("worker,task,answer,when\nw1,t1,yes,noon", "a.csv")
    [('t1', 'w1', 'yes')]
    """
    may_be_empty = ("answer",) if empty_answers else ()
    rows = _read(source, name, ("task", "worker", "answer"), may_be_empty)
    return cast("list[Answer]", rows)


def read_truths(source: Source, name: str) -> dict[str, str]:
    """Return the columns task and truth.

    A task may not have two truths.
    """
    known: dict[str, str] = {}
    for number, (task, truth) in enumerate(_read(source, name, ("task", "truth"), ()), 1):
        if known.setdefault(task, truth) != truth:
            problem = f"task '{task}' has a different truth in an earlier row"
            raise Refused(
                f"{name}, row {number}, column truth: {problem}", field="truth", row=number
            )
    return known


def _read(
    source: Source, name: str, columns: Sequence[str], may_be_empty: Collection[str]
) -> list[tuple[str, ...]]:
    """Return the named columns of every row, and ignore the others.

    Row 1 is the first below the header.
    """
    try:
        table = open_table(source, columns)
        table.need(columns, "header")
        rows = [_cells(row, columns, may_be_empty) for row in table.rows()]
    except Refused as bad:
        raise Refused(f"{name}: {bad}", faults=bad.faults) from bad
    if not rows:
        raise Refused(f"{name}: there is no row below the header")
    return rows


def _cells(row: TableRow, columns: Sequence[str], may_be_empty: Collection[str]) -> tuple[str, ...]:
    # Labels repeat a thousand times, so one copy of each is kept.
    cells = tuple([intern(str(row.cells[column])) for column in columns])
    for column, cell in zip(columns, cells, strict=True):
        if not cell and column not in may_be_empty:
            problem = f"row {row.number}, column {column}: must not be empty"
            raise Refused(problem, field=column, row=row.number)
    return cells

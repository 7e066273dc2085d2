"""Rows out of CSV lines, with errors that name source, row, column and rule."""

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from gateway.errors import Refused

Answer = tuple[str, str, str]  # task, worker, answer


def read_answers(lines: Iterable[str], source: str, *, empty_answers: bool = False) -> list[Answer]:
    """The columns task, worker and answer; `empty_answers` are fine where people type freely.

    >>> read_answers(["worker,task,answer,when", "w1,t1,yes,noon"], "a.csv")
    [('t1', 'w1', 'yes')]
    """
    may_be_empty = ("answer",) if empty_answers else ()
    rows = _read(lines, source, ("task", "worker", "answer"), may_be_empty)
    return [(task, worker, answer) for task, worker, answer in rows]


def read_truths(lines: Iterable[str], source: str) -> dict[str, str]:
    """The columns task and truth; a task may not have two truths."""
    known: dict[str, str] = {}
    for number, (task, truth) in enumerate(_read(lines, source, ("task", "truth"), ()), 1):
        if known.setdefault(task, truth) != truth:
            problem = f"task '{task}' has another truth above"
            raise Refused(
                f"{source}, row {number}, column truth: {problem}", field="truth", row=number
            )
    return known


def repeated(rows: Iterable[Sequence[str]]) -> int:
    """How many answers came on top of a worker's first one to the same task."""
    return sum(count - 1 for count in Counter((row[0], row[1]) for row in rows).values())


def _read(
    lines: Iterable[str], source: str, columns: Sequence[str], may_be_empty: Collection[str]
) -> list[tuple[str, ...]]:
    """The named columns of every row; others are ignored, cells are stripped.

    Raises Refused when a column is missing, a row has too few cells or a cell is empty that must
    not be. Row 1 is the first below the header.
    """
    reader = csv.reader(lines, strict=True)
    rows: list[tuple[str, ...]] = []
    try:
        header = [name.strip().lower() for name in next(reader, ())]
        places = [_place(source, header, column) for column in columns]
        for cells in reader:
            if cells:
                number = len(rows) + 1
                rows.append(_picked(source, number, cells, columns, places, may_be_empty))
    except csv.Error as error:
        row = len(rows) + 1
        raise Refused(f"{source}, row {row}: not CSV ({error})", row=row) from error
    if not rows:
        raise Refused(f"{source}: there is no row below the header")
    return rows


def _place(source: str, header: Sequence[str], column: str) -> int:
    if header.count(column) != 1:
        found = ", ".join(header) or "nothing"
        raise Refused(f"{source}, header: needs one column '{column}', has {found}", field=column)
    return header.index(column)


def _picked(
    source: str,
    number: int,
    cells: Sequence[str],
    columns: Sequence[str],
    places: Sequence[int],
    may_be_empty: Collection[str],
) -> tuple[str, ...]:
    for column, place in zip(columns, places, strict=True):
        if place >= len(cells):
            problem = "is missing"
        elif not cells[place].strip() and column not in may_be_empty:
            problem = "must not be empty"
        else:
            continue
        raise Refused(
            f"{source}, row {number}, column {column}: {problem}", field=column, row=number
        )
    return tuple(cells[place].strip() for place in places)

"""Rows out of CSV lines, with errors that name source, row, column and rule."""

import csv
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from sys import intern
from typing import cast

from gateway.errors import Refused

DELIMITERS = ",;\t"  # the second is what spreadsheets write where a comma is the decimal mark
Answer = tuple[str, str, str]  # task, worker, answer


def read_answers(lines: Iterable[str], source: str, *, empty_answers: bool = False) -> list[Answer]:
    """The columns task, worker and answer; `empty_answers` are fine where people type freely.

    >>> read_answers(["worker,task,answer,when", "w1,t1,yes,noon"], "a.csv")
    [('t1', 'w1', 'yes')]
    """
    may_be_empty = ("answer",) if empty_answers else ()
    rows = _read(lines, source, ("task", "worker", "answer"), may_be_empty)
    return cast("list[Answer]", rows)


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


def _read(
    lines: Iterable[str], source: str, columns: Sequence[str], may_be_empty: Collection[str]
) -> list[tuple[str, ...]]:
    """The named columns of every row; others are ignored, cells are stripped.

    Columns are separated as the header is. Raises Refused when a column is missing, a row has too
    few cells or a cell is empty that must not be. Row 1 is the first below the header.
    """
    waiting = iter(lines)
    header = next(waiting, "")
    delimiter = max(DELIMITERS, key=header.count)
    reader = csv.reader(chain((header,), waiting), delimiter=delimiter, strict=True)
    rows: list[tuple[str, ...]] = []
    try:
        names = [name.strip().lower() for name in next(reader, ())]
        places = [_place(source, names, column) for column in columns]
        needed = [
            place
            for place, column in zip(places, columns, strict=True)
            if column not in may_be_empty
        ]
        for cells in reader:
            if not any(cells):
                continue
            try:
                # Labels repeat a thousand times; one copy of each is kept.
                row = tuple([intern(cells[place].strip()) for place in places])
            except IndexError:
                row = ()
            if not row or not all(cells[place].strip() for place in needed):
                raise _complaint(source, len(rows) + 1, cells, columns, places, may_be_empty)
            rows.append(row)
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


def _complaint(
    source: str,
    number: int,
    cells: Sequence[str],
    columns: Sequence[str],
    places: Sequence[int],
    may_be_empty: Collection[str],
) -> Refused:
    for column, place in zip(columns, places, strict=True):
        if place >= len(cells):
            problem = "is missing"
        elif not cells[place].strip() and column not in may_be_empty:
            problem = "must not be empty"
        else:
            continue
        break
    else:
        raise AssertionError("this row is in order")
    return Refused(f"{source}, row {number}, column {column}: {problem}", field=column, row=number)

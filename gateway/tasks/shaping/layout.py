"""The layout of a file with many columns: which of them are the fields of a task.

A layout is found once, from the header. Then each row becomes a task by it, or several rows of one
task (one per past answer) become one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.base.errors import Refused
from gateway.base.tabular import column_key
from gateway.tasks.shaping.rows import GivenRow, ReadingAsked, UploadedRow, row_refused

BETWEEN_ANSWERS = " | "
"""The mark between the past answers of one task, in a column of the client's own."""
_MAPPED = ("id", "text", "gold", "gold_reason")


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file by their meaning. Each other column is the client's own."""

    text: str
    """The column with the question."""
    id: str | None = None
    """The column with the client's id. None: the number of the row is the id."""
    gold: Mapping[str, str] = field(default_factory=dict[str, str])
    """The column of the truth under the key "", or a column per field of a record."""
    reason: str | None = None
    """The column with the reason of a gold task."""
    grouped_by: tuple[str, ...] = ()
    """The columns whose cells are equal in all rows of one task. None: one row is one task."""
    answers: frozenset[str] = frozenset()
    """The columns with one past answer per row."""
    dropped: frozenset[str] = frozenset()
    """The columns that say nothing about a task, such as the address of a worker."""
    is_gold: Callable[[Mapping[str, object]], bool] | None = None
    """The test whether a row is gold, where the shape has a column for it.

    It raises Refused for a cell that says neither.
    """
    is_rejected: Callable[[Mapping[str, object]], bool] | None = None
    """The test whether the past answer of a row was rejected, where the shape says so."""


class Header:
    """The names of a file's columns, found without regard to case."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(name for name in names if name)
        self._by_key = {column_key(name): name for name in self.names}

    def find(self, *names: str) -> str | None:
        """Return the first of these columns that is there."""
        found = (self._by_key.get(column_key(name)) for name in names)
        return next((name for name in found if name is not None), None)

    def beginning(self, prefix: str) -> list[str]:
        """Return the columns whose names begin with `prefix`."""
        return [name for name in self.names if column_key(name).startswith(prefix.casefold())]

    def ending(self, suffix: str) -> list[str]:
        """Return the columns whose names end with `suffix`, and have more than it."""
        end = suffix.casefold()
        return [name for name in self.names if column_key(name).endswith(end) and len(name) > len(suffix)]  # fmt: skip

    def mapped(self, asked: ReadingAsked, wanted: str, *prefixes: str) -> str | None:
        """Return the column that the client names for a field, with or without its prefix.

        Raises Refused for a field or a column that is not there.
        """
        unknown = [one for one in asked.renamed if one not in _MAPPED]
        if unknown:
            raise Refused(
                f"map: there is no field {unknown[0]!r} in this shape; there is: {', '.join(_MAPPED)}",
                field="map",
            )
        name = asked.renamed.get(wanted)
        if name is None:
            return None
        found = self.find(name, *(prefix + name for prefix in prefixes))
        if found is None:
            raise Refused(
                f"map: no column {name!r}; found: {', '.join(self.names)}", field=name, row=0
            )
        return found


def question_column(candidates: Sequence[str], what: str, prefix: str = "") -> str:
    """Return the column that is the question: that called `text`, or the only one.

    Raises Refused where there is none, or where several could be meant.
    """
    called = [name for name in candidates if column_key(name) == column_key(prefix + "text")]
    if called:
        return called[0]
    if not candidates:
        raise Refused(f"there is no {what} for the question; name one with map=text:COLUMN", field="map", row=0)  # fmt: skip
    if len(candidates) > 1:
        raise Refused(
            f"{len(candidates)} columns could be the question ({', '.join(candidates)}): say which, "
            f"like map=text:{candidates[0]}",
            field="map",
            row=0,
        )
    return candidates[0]


def gold_columns(
    candidates: Mapping[str, str], header: Header, asked: ReadingAsked, *prefixes: str
) -> dict[str, str]:
    """Return the columns of the truth: the only one, or one per field of a record.

    `candidates` holds the columns of the shape by the name of the answer. Raises Refused where
    several could be meant, or one is no field of the record.
    """
    named = header.mapped(asked, "gold", *prefixes)
    if named is not None:
        return {"": named}
    if asked.record:
        fields = {column_key(name): name for name in asked.record}
        for answer, column in candidates.items():
            if column_key(answer) not in fields:
                raise Refused(
                    f"{column}: the batch has no field {answer!r}; there is: {', '.join(asked.record)}",
                    field=column,
                    row=0,
                )
        return {fields[column_key(answer)]: column for answer, column in candidates.items()}
    if len(candidates) > 1:
        columns = ", ".join(candidates.values())
        first = next(iter(candidates.values()))
        raise Refused(
            f"{len(candidates)} columns could be the gold ({columns}): say which, like map=gold:{first}",
            field="map",
            row=0,
        )
    return {"": next(iter(candidates.values()))} if candidates else {}


def laid_out(rows: Iterable[GivenRow], layout: Layout) -> Iterator[UploadedRow]:
    """Yield the tasks of a file by its layout, in the order in which they first appear."""
    if not layout.grouped_by:
        for row in rows:
            yield _task([row], layout)
        return
    groups: dict[tuple[str, ...], list[GivenRow]] = {}
    for row in rows:
        key = tuple(_said(row.cells.get(name)) for name in layout.grouped_by)
        groups.setdefault(key, []).append(row)
    for same in groups.values():
        yield _task(same, layout)


def _task(rows: Sequence[GivenRow], layout: Layout) -> UploadedRow:
    first = rows[0]
    cells: dict[str, object] = {
        "id": first.cells.get(layout.id) if layout.id else str(first.number),
        "text": first.cells.get(layout.text),
    }
    gold, problem = _gold(rows, layout)
    columns = {"text": layout.text, **({"id": layout.id} if layout.id else {})}
    taken = {layout.text, layout.id, *layout.dropped}
    if gold:
        cells["gold"] = gold
        columns["gold"] = layout.gold.get("", "") or next(iter(layout.gold.values()))
        taken |= set(layout.gold.values())
        if layout.reason and _said(first.cells.get(layout.reason)):
            cells["gold_reason"], columns["gold_reason"] = first.cells[layout.reason], layout.reason
            taken.add(layout.reason)
    own = {name: _own(rows, name, layout) for name in first.cells if name not in taken}
    task = UploadedRow(cells, first.number, own)
    task.columns = columns
    problem = problem or _other_question(rows, layout)
    task.problem = next((row.problem for row in rows if row.problem), problem)
    task.guess, task.bad_guess = first.guess, first.bad_guess
    return task


def _other_question(rows: Sequence[GivenRow], layout: Layout) -> Refused | None:
    """Return the refusal of rows that are of one task by its id, and ask different questions."""
    asked = _said(rows[0].cells.get(layout.text))
    other = next((row for row in rows if _said(row.cells.get(layout.text)) != asked), None)
    if other is None:
        return None
    message = (
        f"row {other.number} has the same id and another question: a task has one question, so "
        "give the rows different ids"
    )
    return row_refused(message, rows[0].number, layout.text)


def _gold(rows: Sequence[GivenRow], layout: Layout) -> tuple[object, Refused | None]:
    """Return the truth of a task, or what is wrong with it."""
    first = rows[0]
    try:
        is_gold = layout.is_gold is None or layout.is_gold(first.cells)
    except Refused as refused:
        column = next((fault.field for fault in refused.faults), None)
        return None, row_refused(str(refused), first.number, column or "")
    if not layout.gold or not is_gold:
        return None, None
    found = {name: _agreed(rows, column, layout) for name, column in layout.gold.items()}
    given = {name: said for name, said in found.items() if said}
    if layout.is_gold and not given:
        column = next(iter(layout.gold.values()))
        message = f"the row is marked as gold, but {column} is empty"
        return None, row_refused(message, first.number, column)
    return given.get("", given), None


def _agreed(rows: Sequence[GivenRow], column: str, layout: Layout) -> str:
    """Return what all rows say that were not rejected, or "" where they disagree."""
    counted = [row for row in rows if not (layout.is_rejected and layout.is_rejected(row.cells))]
    said = {_said(row.cells.get(column)) for row in counted} - {""}
    return said.pop() if len(said) == 1 else ""


def _own(rows: Sequence[GivenRow], name: str, layout: Layout) -> object:
    """Return the cell of a column of the client's own: that of the task, or its past answers."""
    first = rows[0].cells[name]
    if len(rows) == 1:
        return first
    cells = [said for row in rows if (said := _said(row.cells.get(name)))]
    if name in layout.answers or len(set(cells)) > 1:
        return BETWEEN_ANSWERS.join(cells)
    return first


def _said(cell: object) -> str:
    return "" if cell is None else str(cell).strip()

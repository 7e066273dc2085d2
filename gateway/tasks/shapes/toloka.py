"""The shape of Toloka: tasks as TSV, CSV, XLSX or JSON, and results with their confidence."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from gateway.base.tabular import column_key
from gateway.tasks.shaping.layout import Header, Layout, gold_columns, laid_out, question_column
from gateway.tasks.shaping.rows import GivenRow, ReadingAsked, UploadedRow, row_refused

INPUT, GOLDEN, OUTPUT = "INPUT:", "GOLDEN:", "OUTPUT:"
HINT, ASSIGNMENT, CONFIDENCE = "HINT:text", "ASSIGNMENT:", "CONFIDENCE:"
_OF_JSON = frozenset({"input_values", "known_solutions", "message_on_unknown_solution"})


def recognised(names: Sequence[str]) -> bool:
    """Return whether these are the columns of a Toloka file, or the keys of a task in JSON."""
    header = Header(names)
    if "input_values" in names:
        return True
    plain = header.find("id") and header.find("text")
    return bool(header.beginning(INPUT)) and not plain


def read(
    names: Sequence[str], rows: Iterable[GivenRow], asked: ReadingAsked
) -> Iterator[UploadedRow]:
    """Yield the tasks of a file. Raises Refused where a column cannot be told."""
    return laid_out(rows, _layout(Header(names), asked))


def flat(row: GivenRow) -> GivenRow:
    """Return a task of JSON under the column names of a table."""
    cells: dict[str, object] = {n: cell for n, cell in row.cells.items() if n not in _OF_JSON}
    values = row.cells.get("input_values")
    if not isinstance(values, dict):
        problem = row_refused("a task of Toloka has an object input_values", row.number, "input_values")  # fmt: skip
        return GivenRow(row.number, cells, problem)
    cells |= {f"{INPUT}{name}": one for name, one in cast("dict[str, object]", values).items()}
    hint = row.cells.get("message_on_unknown_solution")
    if hint is not None:
        cells[HINT] = hint
    found = _solutions(row.cells.get("known_solutions"))
    if found is None:
        problem = row_refused(
            'known_solutions is a list of {"output_values": {...}} that give one truth',
            row.number,
            "known_solutions",
        )
        return GivenRow(row.number, cells, problem)
    return GivenRow(row.number, cells | {f"{GOLDEN}{name}": one for name, one in found.items()})


def _solutions(given: object) -> Mapping[str, object] | None:
    """Return the known answers by output, or None where they are of another form or several."""
    if given in (None, []):
        return {}
    if not isinstance(given, list):
        return None
    known: dict[str, object] = {}
    for one in cast("list[object]", given):
        values = cast("dict[str, object]", one).get("output_values") if isinstance(one, dict) else 0
        if not isinstance(values, dict):
            return None
        for name, value in cast("dict[str, object]", values).items():
            if known.setdefault(name, value) != value:
                return None
    return known


def _layout(header: Header, asked: ReadingAsked) -> Layout:
    named_id = header.mapped(asked, "id", INPUT)
    name = named_id or header.find(f"{INPUT}id", "id")
    inputs = [one for one in header.beginning(INPUT) if one != name]
    text = header.mapped(asked, "text", INPUT) or question_column(inputs, "INPUT column", INPUT)
    golds = {one[len(GOLDEN) :]: one for one in header.beginning(GOLDEN)}
    assignments = header.beginning(ASSIGNMENT)
    keys = ([name] if name else []) + header.beginning(INPUT)
    return Layout(
        text=text,
        id=name,
        gold=gold_columns(golds, header, asked, GOLDEN, OUTPUT),
        reason=header.mapped(asked, "gold_reason") or header.find(HINT),
        grouped_by=tuple(keys) if assignments else (),
        answers=frozenset(header.beginning(OUTPUT)),
        dropped=frozenset(assignments),
        is_rejected=_is_rejected if assignments else None,
    )


def _is_rejected(cells: Mapping[str, object]) -> bool:
    status = {column_key(name): cell for name, cell in cells.items()}.get("assignment:status")
    return str(status).upper() == "REJECTED"

"""The parts of a project: its source, split as the recipe says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from gateway.base.errors import Refused
from gateway.tasks.projects.duplicates import Duplicates, find_duplicates
from gateway.tasks.projects.pieces import TextPiece, split_text
from gateway.tasks.projects.recipe import Recipe
from gateway.tasks.projects.sources import SourceTable, read_table, read_text
from gateway.tasks.projects.templates import filled_in, placeholders

GOLD_COLUMN = "gold"
_EMPTY_TABLE = SourceTable((), ())
_NONE = Duplicates((), ())
_LABELLED = 2
"""The number of compared columns from which on a cell is shown with its column's name."""


@dataclass(frozen=True, slots=True)
class ProjectLimits:
    """The limits of one project: its parts, and the characters of a text."""

    parts: int
    characters: int


@dataclass(frozen=True, slots=True)
class ProjectPart:
    """A part of a project: what one task of each stage is about.

    - `name` is the name of its task: the number of its row or piece, or those of two rows.
    - `values` are the values of the placeholders in questions.
    - `gold` is the known answer.
    - `asked` is False for a row in which the first column of the question is empty.
    """

    name: str
    values: Mapping[str, str]
    gold: str | None = None
    asked: bool = True


@dataclass(frozen=True, slots=True)
class SplitSource:
    """The client's source with its parts, in order.

    `table` holds the rows, `duplicates` the pairs of rows, and `pieces` the pieces of a text.
    """

    parts: tuple[ProjectPart, ...]
    table: SourceTable = _EMPTY_TABLE
    duplicates: Duplicates = _NONE
    pieces: tuple[TextPiece, ...] = ()


def split_source(
    recipe: Recipe, parameters: Mapping[str, object], body: bytes, limits: ProjectLimits
) -> SplitSource:
    """Return the parts of a client's file. Raises Refused naming row, column or parameter."""
    split = recipe.split
    if recipe.source == "text":
        text = read_text(body, limits.characters)
        pieces = tuple(split_text(text, split.characters, split.overlap))
        parts = [ProjectPart(str(n), {"part": p.text}) for n, p in enumerate(pieces, 1)]
        found = SplitSource(tuple(parts), pieces=pieces)
    else:
        table = read_table(body, limits.parts)
        if split.by == "pairs":
            found = _pairs(recipe, parameters, table, limits)
        else:
            found = SplitSource(tuple(_rows(recipe, parameters, table)), table)
    if len(found.parts) > limits.parts:
        raise Refused(
            f"the file has {len(found.parts):,} parts; at most {limits.parts:,} go into one project "
            "(limits.batch_tasks): send the rest as another project"
        )
    return found


def task_question(recipe: Recipe, parameters: Mapping[str, object]) -> str:
    """Return the question's template, in which only columns are still to be filled in."""
    return filled_in(recipe.task.question, text_values(parameters))


def text_values(parameters: Mapping[str, object]) -> dict[str, str]:
    """Return the parameters that are texts, for templates."""
    return {name: value for name, value in parameters.items() if isinstance(value, str)}


def _rows(
    recipe: Recipe, parameters: Mapping[str, object], table: SourceTable
) -> list[ProjectPart]:
    names = placeholders(task_question(recipe, parameters))
    _must_have(table, names, "record" if recipe.split.by == "fields" else "question")
    places = [cast("int", table.place(name)) for name in names]
    gold = table.place(GOLD_COLUMN) if recipe.split.by == "rows" else None
    found = list[ProjectPart]()
    for row in table.rows:
        values = {name: row.cells[place] for name, place in zip(names, places, strict=True)}
        truth = (row.cells[gold] or None) if gold is not None else None
        # Without its first column a question would have no subject.
        asked = bool(names) and bool(values[names[0]])
        found.append(ProjectPart(str(row.number), values, truth if asked else None, asked=asked))
    if not any(part.asked for part in found):
        raise Refused(
            f"no row has anything in the column {names[0]!r}: there is nothing to ask"
            if names
            else "the question must name a column of the table in braces, like {text}",
            field="parameters.question",
        )
    return found


def _pairs(
    recipe: Recipe,
    parameters: Mapping[str, object],
    table: SourceTable,
    limits: ProjectLimits,
) -> SplitSource:
    named = cast("Sequence[str]", parameters.get("compare") or table.names)
    _must_have(table, named, "compare")
    places = [cast("int", table.place(name)) for name in named]
    compared = [tuple(row.cells[place] for place in places) for row in table.rows]
    found = find_duplicates(compared, recipe.split.similar, recipe.split.block, limits.parts)
    shown = [_shown([table.names[place] for place in places], cells) for cells in compared]
    parts = [
        ProjectPart(
            f"{table.rows[pair.first].number}+{table.rows[pair.second].number}",
            {"a": shown[pair.first], "b": shown[pair.second]},
        )
        for pair in found.pairs
    ]
    return SplitSource(tuple(parts), table, found)


def _shown(names: Sequence[str], cells: Sequence[str]) -> str:
    """Return the compared cells of a row as a worker reads them.

    >>> _shown(["name", "town"], ["Njeri", ""]), _shown(["name"], ["Njeri"])
    ('name Njeri', 'Njeri')
    """
    if len(names) < _LABELLED:
        return "".join(cells)
    return ", ".join(f"{name} {cell}" for name, cell in zip(names, cells, strict=True) if cell)


def _must_have(table: SourceTable, names: Sequence[str], parameter: str) -> None:
    unknown = [name for name in names if table.place(name) is None]
    if unknown:
        raise Refused(
            f"parameters.{parameter}: the table has no column {unknown[0]!r}; it has: "
            f"{', '.join(table.names)}",
            field=f"parameters.{parameter}",
        )

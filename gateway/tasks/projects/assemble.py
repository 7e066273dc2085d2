"""The reassembly: all parts in order, with a confidence each, as one table or text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.base.tabular import column_key
from gateway.tasks.projects.merge import merge_rows, merged_cells
from gateway.tasks.projects.outcomes import DECIDED, NOT_ASKED, PartOutcome
from gateway.tasks.projects.overlap import join_text
from gateway.tasks.projects.parts import SplitSource
from gateway.tasks.projects.plan import ProjectPlan
from gateway.tasks.projects.recipe import Recipe

_ADDED = ("result", "confidence", "state", "answers")
_STATE = "state"
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class ProjectResult:
    """The one result of a project: a table, and a text where the recipe joins one.

    `seams` has the similarity of the shared sentences between a piece of a text and the piece
    before it, by the part's name.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    text: str | None = None
    seams: Mapping[str, float] | None = None


def assemble(
    recipe: Recipe,
    plan: ProjectPlan,
    split: SplitSource,
    outcomes: Mapping[str, Sequence[PartOutcome]],
) -> ProjectResult:
    """Return the result of a project from the outcomes of its parts, by main stage."""
    match recipe.join:
        case "merge":
            return _merged(split, next(iter(outcomes.values())))
        case "overlap":
            return _joined(split, next(iter(outcomes.values())))
        case _ if recipe.split.by == "fields":
            return _fields(plan, split, outcomes)
        case _:
            return _columns(split, next(iter(outcomes.values())))


def added_names(names: Sequence[str], added: Sequence[str]) -> tuple[str, ...]:
    """Return names of added columns that no column of the client's has.

    >>> added_names(["id", "Result"], ["result", "state"])
    ('result (project)', 'state')
    """
    taken, found = {column_key(name) for name in names}, list[str]()
    for name in added:
        free = name
        while column_key(free) in taken:
            free += " (project)"
        taken.add(column_key(free))
        found.append(free)
    return tuple(found)


def _columns(split: SplitSource, outcomes: Sequence[PartOutcome]) -> ProjectResult:
    """Return the client's table with the results beside its rows."""
    names = split.table.names
    rows = [
        (*row.cells, one.value, _rounded(one.confidence), one.state, len(one.answers))
        for row, one in zip(split.table.rows, outcomes, strict=True)
    ]
    return ProjectResult((*names, *added_names(names, _ADDED)), tuple(rows))


def _fields(
    plan: ProjectPlan, split: SplitSource, outcomes: Mapping[str, Sequence[PartOutcome]]
) -> ProjectResult:
    """Return the client's table with one column per field, and its confidence."""
    names, fields = split.table.names, {main: plan.stage(main).field_names for main in outcomes}
    added = [
        *(
            each
            for some in fields.values()
            for name in some
            for each in (name, f"{name} confidence")
        ),
        *(_STATE if number == 1 else f"{_STATE} {number}" for number in range(1, len(fields) + 1)),
    ]
    rows = list[tuple[object, ...]]()
    for place, row in enumerate(split.table.rows):
        cells = list[object](row.cells)
        for main, some in fields.items():
            for name in some:
                one = outcomes[main][place].fields.get(name)
                cells += (one.value, _rounded(one.confidence)) if one else (None, None)
        cells += (found[place].state for found in outcomes.values())
        rows.append(tuple(cells))
    return ProjectResult((*names, *added_names(names, added)), tuple(rows))


def _joined(split: SplitSource, outcomes: Sequence[PartOutcome]) -> ProjectResult:
    """Return the text of all pieces, and a table of them."""
    text = join_text(split.pieces, [one.value for one in outcomes])
    rows = [
        (one.part, piece.text, one.value, _rounded(one.confidence), one.state, seam)
        for one, piece, seam in zip(outcomes, split.pieces, text.seams, strict=True)
    ]
    header = ("part", "source", "result", "confidence", "state", "overlap")
    seams = {
        one.part: seam for one, seam in zip(outcomes, text.seams, strict=True) if seam is not None
    }
    return ProjectResult(header, tuple(rows), text.text, seams)


def _merged(split: SplitSource, outcomes: Sequence[PartOutcome]) -> ProjectResult:
    """Return the client's table with each group of equal rows as one row.

    The first value of each column is kept. Different ones stand in the column `also`.
    """
    table = split.table
    accepted, rejected, doubtful = (
        dict[tuple[int, int], float](),
        list[tuple[int, int]](),
        set[int](),
    )
    for pair, one in zip(split.duplicates.pairs, outcomes, strict=True):
        places = (pair.first, pair.second)
        if one.value == "yes" and one.state == DECIDED:
            accepted[places] = one.confidence or 0.0
        elif one.value == "no" and one.state == DECIDED:
            rejected.append(places)
        else:
            doubtful |= set(places)
    groups = merge_rows(len(table.rows), split.duplicates.same, accepted, rejected)
    rows = list[tuple[object, ...]]()
    for group in groups:
        members = [table.rows[place] for place in group.places]
        cells, others = merged_cells([row.cells for row in members])
        is_doubtful = group.disputed or any(place in doubtful for place in group.places)
        state = "single" if len(members) == 1 else "merged"
        rows.append(
            (
                *cells,
                " ".join(str(row.number) for row in members),
                "; ".join(f"{table.names[column]}: {value}" for column, value in others),
                _rounded(group.confidence),
                "review" if is_doubtful else state if any(cells) else NOT_ASKED,
            )
        )
    added = added_names(table.names, ("rows", "also", "confidence", "state"))
    return ProjectResult((*table.names, *added), tuple(rows))


def _rounded(confidence: float | None) -> float | None:
    return None if confidence is None else round(confidence, _DIGITS)

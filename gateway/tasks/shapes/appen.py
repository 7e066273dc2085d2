"""The shape of Appen: source data with gold, and its aggregated and full reports."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from gateway.base.errors import Refused
from gateway.base.tabular import column_key
from gateway.tasks.shaping.layout import Header, Layout, gold_columns, laid_out, question_column
from gateway.tasks.shaping.rows import GivenRow, ReadingAsked, UploadedRow

GOLDEN, UNIT = "_golden", "_unit_id"
GOLD, REASON = "_gold", "_gold_reason"
CONFIDENCE, VARIANCE = ":confidence", ":variance"
# The columns that Appen adds to reports. Some of them tell where a worker lives.
_SYSTEM = (
    GOLDEN, UNIT, "_unit_state", "_trusted_judgments", "_last_judgment_at", "_created_at", "_id",
    "_missed", "_started_at", "_tainted", "_channel", "_trust", "_worker_id", "_country", "_region",
    "_city", "_ip", "_hidden", "_judgments_count", "_orig_golden",
)  # fmt: skip
_TRUE, _FALSE = frozenset({"true", "t", "yes", "1"}), frozenset({"false", "f", "no", "0", ""})


def recognised(names: Sequence[str]) -> bool:
    """Return whether these are the columns of an Appen file."""
    return Header(names).find(GOLDEN, UNIT) is not None


def read(
    names: Sequence[str], rows: Iterable[GivenRow], asked: ReadingAsked
) -> Iterator[UploadedRow]:
    """Yield the tasks of a file. Raises Refused where a column cannot be told."""
    return laid_out(rows, _layout(Header(names), asked))


def flat(row: GivenRow) -> GivenRow:
    """Return an object of JSON under the column names of a table: it has them already."""
    cells = {name: _single(cell) for name, cell in row.cells.items()}
    return GivenRow(row.number, cells, row.problem)


def _single(cell: object) -> object:
    """Return the only value of a list, since Appen's JSON holds truths as lists."""
    return cell[0] if isinstance(cell, list) and len(cell) == 1 else cell  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _layout(header: Header, asked: ReadingAsked) -> Layout:
    system = {one for name in _SYSTEM if (one := header.find(name))}
    golds = {
        one[: -len(GOLD)]: one
        for one in header.ending(GOLD)
        if one not in system and column_key(one) != GOLD
    }
    measured = [*header.ending(CONFIDENCE), *header.ending(VARIANCE)]
    answers = {answer for one in measured if (answer := header.find(one.rpartition(":")[0]))}
    answers |= {answer for name in golds if (answer := header.find(name))}
    reasons = [one for name in golds if (one := header.find(name + REASON))]
    named_id, name = header.mapped(asked, "id"), header.find(UNIT, "id")
    name = named_id or name
    ours = system | answers | set(golds.values()) | set(measured) | set(header.ending(REASON))
    sources = [one for one in header.names if one not in ours and one != name]
    golden = header.find(GOLDEN)
    is_full = header.find("_worker_id", "_id") is not None
    text = header.mapped(asked, "text") or question_column(sources, "column")
    gold = gold_columns(golds, header, asked)
    is_mapped = "gold" in asked.renamed
    return Layout(
        text=text,
        id=name,
        gold=gold,
        reason=header.mapped(asked, "gold_reason") or (reasons[0] if reasons else None),
        grouped_by=(name,) if is_full and name else (),
        answers=frozenset(answers),
        dropped=frozenset(system),
        is_gold=_reader_of(golden) if golden and golds and not is_mapped else None,
    )


def _reader_of(golden: str) -> Callable[[Mapping[str, object]], bool]:
    def is_gold(cells: Mapping[str, object]) -> bool:
        cell = cells.get(golden)
        said = "" if cell is None else str(cell).strip().casefold()
        if said not in _TRUE | _FALSE:
            raise Refused(f"{golden} must be TRUE or FALSE, not {cell!r}", field=golden)
        return said in _TRUE

    return is_gold

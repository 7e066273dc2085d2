"""The shape of Label Studio: tasks and annotations as JSON, and its CSV and short JSON exports."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from gateway.base.errors import Refused
from gateway.tasks.shaping.layout import (
    BETWEEN_ANSWERS,
    Header,
    Layout,
    gold_columns,
    laid_out,
    question_column,
)
from gateway.tasks.shaping.model_guess import guess_in
from gateway.tasks.shaping.rows import GivenRow, ReadingAsked, UploadedRow, row_refused

REASON = "gold_reason"
"""The key of the data with the reason of a ground truth."""
_TRUTH, _PAST = "annotations.", "answers."
"""The beginnings of the columns that hold the truth of a control, such as `annotations.label`, and
its other answers.
"""
# The columns of an annotation in the short exports. Each row of these is one annotation.
_ANNOTATION = ("annotation_id", "annotator", "created_at", "updated_at", "lead_time")
# The values of the types of results that are one answer.
_VALUES = ("choices", "text", "number", "rating", "datetime", "selected")


def recognised(names: Sequence[str]) -> bool:
    """Return whether these are the columns of an export, or the keys of a task in JSON."""
    header = Header(names)
    if header.find("annotation_id") and header.find("annotator", "lead_time"):
        return True
    return "data" in names and not header.find("text", "input_values")


def read(
    names: Sequence[str], rows: Iterable[GivenRow], asked: ReadingAsked
) -> Iterator[UploadedRow]:
    """Yield the tasks of a file. Raises Refused where a column cannot be told."""
    return laid_out(rows, _layout(Header(names), asked))


def flat(row: GivenRow) -> GivenRow:
    """Return a task of JSON as columns: its data, and what its annotations say.

    The truth of a control `label` is in the column `annotations.label`, and the answers that are no
    ground truth in `answers.label`. The prediction of a model is no column, so that no worker and
    no result shows it.
    """
    if "annotation_id" in row.cells and "data" not in row.cells:
        return row
    data = row.cells.get("data")
    if not isinstance(data, dict):
        return GivenRow(
            row.number,
            {},
            row_refused("a task of Label Studio has an object data", row.number, "data"),
        )
    cells = dict(cast("dict[str, object]", data))
    if "id" in row.cells:
        cells.setdefault("id", row.cells["id"])
    try:
        truths, past = _said_in(row.cells.get("annotations") or row.cells.get("completions") or [])
    except _OtherForm as other:
        return GivenRow(row.number, cells, row_refused(str(other), row.number, "annotations"))
    for control, answers in past.items():
        cells.setdefault(_PAST + control, BETWEEN_ANSWERS.join(answers))
    for control, found in truths.items():
        if len(set(found)) > 1:
            message = f"the ground truths of {control} differ: {', '.join(sorted(set(found)))}"
            return GivenRow(row.number, cells, row_refused(message, row.number, "annotations"))
        cells[_TRUTH + control] = found[0]
    try:
        guess = guess_in(row.cells.get("predictions"))
    except Refused as refused:
        bad = row_refused(str(refused), row.number, "predictions")
        return GivenRow(row.number, cells, bad_guess=bad)
    return GivenRow(row.number, cells, guess=guess)


class _OtherForm(Refused):
    """The fault of an annotation that is not of Label Studio's form."""


_Answers = dict[str, list[str]]


def _said_in(annotations: object) -> tuple[_Answers, _Answers]:
    """Return the answers of ground truths and of other annotations, by control."""
    truths: _Answers = {}
    past: _Answers = {}
    for one in _objects(annotations, "annotations"):
        if one.get("was_cancelled"):
            continue
        is_truth = one.get("ground_truth") or False
        if not isinstance(is_truth, bool):
            raise _OtherForm(f"ground_truth is true or false, not {is_truth!r}")
        if is_truth and not one.get("result"):
            raise _OtherForm("an annotation is marked as ground truth, but its result is empty")
        for result in _objects(one.get("result") or [], "result"):
            control = str(result.get("from_name") or "")
            if control and (said := value_of(result, required=is_truth)) is not None:
                (truths if is_truth else past).setdefault(control, []).append(said)
    return truths, past


def value_of(result: Mapping[str, object], *, required: bool) -> str | None:
    """Return the answer of one result of an annotation or a prediction.

    None stands for a result that is no single answer. With `required`, that raises Refused.
    """
    value = result.get("value")
    given = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    for name in _VALUES:
        if name not in given:
            continue
        found = given[name]
        items = cast("list[object]", found) if isinstance(found, list) else [found]
        if len(items) == 1 and isinstance(items[0], str | int | float):
            return str(items[0])
        if required:
            raise _OtherForm(f"a gold answer is one value, and {result.get('from_name')} has {len(items)}")  # fmt: skip
        return None
    if required:
        raise _OtherForm(
            f"a gold answer of the type {result.get('type')!r} cannot be asked; there is: choices, textarea, "
            "number, rating, datetime"
        )
    return None


def _objects(given: object, what: str) -> list[dict[str, object]]:
    items = cast("list[object]", given) if isinstance(given, list) else None
    if items is None or not all(isinstance(one, dict) for one in items):
        raise _OtherForm(f"{what} must be a list of objects")
    return cast("list[dict[str, object]]", items)


def _layout(header: Header, asked: ReadingAsked) -> Layout:
    name = header.mapped(asked, "id") or header.find("id")
    is_short = header.find("annotation_id") is not None
    dropped = {one for each in _ANNOTATION if is_short and (one := header.find(each))}
    truths = {one[len(_TRUTH) :]: one for one in header.beginning(_TRUTH)}
    # What annotations say stands beside the data, but is never the question.
    reason = header.mapped(asked, "gold_reason") or header.find(REASON)
    aside = {*dropped, *truths.values(), *header.beginning(_PAST), name, reason}
    sources = [one for one in header.names if one not in aside]
    return Layout(
        text=header.mapped(asked, "text") or question_column(sources, "key of the data"),
        id=name,
        gold=gold_columns(truths, header, _without_column(asked, truths), _TRUTH),
        reason=reason,
        grouped_by=(name,) if is_short and name else (),
        dropped=frozenset(dropped),
    )


def _without_column(asked: ReadingAsked, truths: Mapping[str, str]) -> ReadingAsked:
    """Return the wishes with `map=gold:label` read as the truth of the control `label`."""
    named = asked.renamed.get("gold")
    if named is None or named not in truths:
        return asked
    return ReadingAsked({**asked.renamed, "gold": truths[named]}, asked.record, asked.shape)

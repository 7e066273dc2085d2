"""The file of a client's predictions: Label Studio's JSON, or a table `task,value[,score]`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import BinaryIO, cast

from gateway.base.errors import Fault, Refused
from gateway.base.tabular import column_key, decoded_text, json_lines, json_list, open_table
from gateway.base.text.strings import identifier
from gateway.tasks.port import TaskKind
from gateway.tasks.question import Option
from gateway.tasks.shaping.model_guess import ModelGuess, guess_in

PREDICTIONS_MAX = 100_000
"""The most predictions of one upload."""
_FAULTS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Predicted:
    """One prediction: the client's id of the task, the option, and the model's own score."""

    row: int
    task: str
    value: str
    score: float | None


def read_predictions(file: BinaryIO, kind: TaskKind, options: Sequence[Option]) -> list[Predicted]:
    """Return the predictions of a file, or raise Refused with the first faults of all rows."""
    found: list[Predicted] = []
    faults: list[Fault] = []
    tasks = set[str]()
    for row, given in _rows(file):
        if row > PREDICTIONS_MAX:
            raise Refused(f"at most {PREDICTIONS_MAX:,} predictions go into one upload; send them in parts", status=413)  # fmt: skip
        try:
            one = _checked(row, given, kind, options)
            if one.task in tasks:
                raise Refused(f"the task {one.task!r} is there twice", field="task")  # noqa: TRY301  # collected below
        except Refused as refused:
            field = refused.faults[0].field if refused.faults else None
            faults.append(Fault(str(refused), field, row))
        else:
            tasks.add(one.task)
            found.append(one)
    if faults:
        first, more = faults[0], f" (and {len(faults) - 1} more rows)" if len(faults) > 1 else ""
        raise Refused(f"row {first.row}, {first.field}: {first.message}{more}", faults=tuple(faults[:_FAULTS_SHOWN]))  # fmt: skip
    if not found:
        raise Refused("there is no prediction in this upload")
    return found


def _rows(file: BinaryIO) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield the rows of a file as objects with `task`, `value` and `score`."""
    file.seek(0)
    start = file.read(256).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    file.seek(0)
    if start in (b"[", b"{"):
        text = decoded_text(file)
        for number, value in json_list(text) if start == b"[" else json_lines(text):
            if not isinstance(value, dict):
                raise Refused(f"row {number}: a prediction is an object", row=number)
            yield number, _of_label_studio(cast("dict[str, object]", value))
        return
    table = open_table(file, ("task", "value"))
    table.need(("task", "value"), "the header of predictions is task,value and may add score")
    names = [name for name in table.names if name]
    for row in table.rows():
        yield row.number, {column_key(name): row.cell(name) for name in names}


def _of_label_studio(given: dict[str, object]) -> dict[str, object]:
    """Return a task of Label Studio as a row. An object that is a row already stays."""
    if "predictions" not in given:
        return given
    data = given.get("data")
    named = cast("dict[str, object]", data).get("id") if isinstance(data, dict) else None
    task = named if named is not None else given.get("id")
    try:
        guess = guess_in(given["predictions"])
    except Refused as refused:
        return {"task": task, "value": None, "why": str(refused)}
    if guess is None:
        return {"task": task, "value": None, "why": "a task has exactly one prediction of a model of yours"}  # fmt: skip
    return {"task": task, "value": guess.value, "score": guess.score}


def _checked(
    row: int, given: dict[str, object], kind: TaskKind, options: Sequence[Option]
) -> Predicted:
    task, value, score = given.get("task"), given.get("value"), given.get("score")
    if "why" in given:
        raise Refused(str(given["why"]), field="predictions")
    if isinstance(task, bool) or not isinstance(task, str | int) or not str(task).strip():
        raise Refused("task is missing or empty", field="task")
    name = identifier(str(task).strip(), "task")
    option, believed = checked_guess(ModelGuess(value, score), kind, options)
    return Predicted(row, name, option, believed)


def checked_guess(
    guess: ModelGuess, kind: TaskKind, options: Sequence[Option]
) -> tuple[str, float | None]:
    """Return the option and the score of a prediction. Raises Refused naming the field."""
    value = guess.value
    if not isinstance(value, str) or not value.strip():
        raise Refused("value is missing or empty", field="value")
    try:
        option = kind.check_truth(value.strip(), options, ())
    except Refused as refused:
        raise Refused(str(refused).replace("the truth", "a prediction"), field="value") from refused
    return option, _score(guess.score)


def _score(given: object) -> float | None:
    if given in (None, ""):
        return None
    try:
        score = float(str(given))
    except ValueError:
        score = -1.0
    if isinstance(given, bool) or not isfinite(score) or not 0.0 <= score <= 1.0:
        raise Refused(f"score is a number from 0 to 1, not {str(given)[:20]!r}", field="score")
    return score

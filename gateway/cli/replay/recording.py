"""A recording of real crowd answers, read from CSV with tasks, workers, answers and their order."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from gateway.base import plugins
from gateway.base.errors import Refused
from gateway.base.tabular import open_table
from gateway.cli.replay.records import RecordForm, read_form, record_rows
from gateway.phrases.hearing import clean
from gateway.tasks import kinds
from gateway.tasks.port import TaskKind
from gateway.tasks.values import kinds_asked


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording of crowd answers.

    `answers[task][worker]` is the pair's first recorded answer, in the form in which the gateway
    stores it. `workers[task]` is in recorded order. `texts[task]` is the question. `truth[task]`
    has the form of answers. `options` is empty for typed text. `label[value]` is the recording's
    spelling. `repeated` counts the further answers of pairs. `form` has the fields of records.
    """

    kind: str
    answers: dict[str, dict[str, str]]
    texts: dict[str, str]
    truth: dict[str, str]
    options: tuple[str, ...]
    label: dict[str, str]
    repeated: int
    form: RecordForm | None = None

    def shown(self, value: str) -> str:
        """Return an option as it is labelled on phones.

        A bare number is always the key of an option, so an option that is a number is shown with a
        word. The labels of a verification are the gateway's own.
        """
        own = {"yes": "Yes", "no": "No", "unsure": "Not sure"}
        if self.kind == "verification":
            return own.get(value, value)
        return f"Answer {value}" if value[:1].isdecimal() else value

    @property
    def count(self) -> int:
        return sum(len(of_task) for of_task in self.answers.values())

    @property
    def workers(self) -> list[str]:
        """Return every worker, in order of first appearance."""
        return list(dict.fromkeys(w for of_task in self.answers.values() for w in of_task))


@dataclass(frozen=True, slots=True)
class RecordingFiles:
    """The files of a recording. `fields` has the fields of records, for data entry only."""

    answers: Path
    tasks: Path | None = None
    truth: Path | None = None
    fields: Path | None = None


def read_recording(files: RecordingFiles, kind: str, limit_tasks: int | None = None) -> Recording:
    """Read the files. Raises Refused naming file, row and column."""
    form = _form(files, kind)
    answers, tasks = files.answers, files.tasks
    rows = list(_answers(answers, form))
    if not rows:
        raise Refused(f"{answers}: there are no answers in it")
    values: Mapping[str, str] = (
        {} if form else _values(kind, sorted({answer for _, _, answer in rows}), answers)
    )
    kept = _first_tasks([task for task, _, _ in rows], limit_tasks)
    found: dict[str, dict[str, str]] = {task: {} for task in kept}
    repeated = 0
    for task, worker, answer in rows:
        if task not in kept:
            continue
        if worker in found[task]:
            repeated += 1
        else:
            found[task][worker] = values[answer] if values else answer if form else clean(answer)
    texts = _pairs(tasks, "text") if tasks else {}
    missing = [task for task in kept if tasks and task not in texts]
    if missing:
        raise Refused(
            f"{tasks}: no text for task {missing[0]!r} (and {len(missing) - 1} more)", field="task"
        )
    truths = _truths(files.truth, form)
    options = tuple(dict.fromkeys(values.values()))
    return Recording(
        kind=kind,
        answers=found,
        texts=_told_apart({task: texts.get(task, f"Item {task}") for task in kept}),
        truth={task: values.get(t, t) for task, t in truths.items() if task in kept},
        options=options,
        label={value: answer for answer, value in values.items()},
        repeated=repeated,
        form=form,
    )


def _form(files: RecordingFiles, kind: str) -> RecordForm | None:
    """Return the fields of the records, which a recording of data entry must have."""
    needs = kind in kinds_asked() and _kind(kind).FIELDS
    if needs and files.fields is None:
        raise Refused(
            "a recording of data entry needs the fields of its records: --fields fields.json, "
            "a list as in POST /batches",
            field="fields",
        )
    if files.fields is not None and not needs:
        raise Refused(f"--fields is for data entry, not for {kind!r}", field="fields")
    return read_form(files.fields) if files.fields else None


def _answers(file: Path, form: RecordForm | None) -> Iterator[tuple[str, str, str]]:
    if form is None:
        for task, worker, answer in _rows(file, ("task", "worker", "answer")):
            yield task, worker, answer
        return
    for (task, worker), record in record_rows(file, ("task", "worker"), form):
        yield task, worker, record


def _truths(file: Path | None, form: RecordForm | None) -> dict[str, str]:
    if file is None:
        return {}
    if form is None:
        return _pairs(file, "truth")
    return {task: record for (task,), record in record_rows(file, ("task",), form)}


def _kind(name: str) -> TaskKind:
    return cast("TaskKind", cast("object", plugins.load(kinds, name)))


def _pairs(file: Path, column: str) -> dict[str, str]:
    """Return the column's value per task."""
    return {cells[0]: cells[1] for cells in _rows(file, ("task", column))}


def _told_apart(texts: Mapping[str, str]) -> dict[str, str]:
    """Return distinct texts, because a phone recognises a question by its text alone.

    A worker may have answered the same text twice, differently. The second text gets ` (2)`.

    >>> _told_apart({"a": "A shop?", "b": "A  shop?", "c": "A shop?"})
    {'a': 'A shop?', 'b': 'A shop? (2)', 'c': 'A shop? (3)'}
    """
    seen: Counter[str] = Counter()
    found: dict[str, str] = {}
    for task, text in texts.items():
        words = text.split()
        same = "".join(words)
        seen[same] += 1
        found[task] = " ".join(words) + (f" ({seen[same]})" if seen[same] > 1 else "")
    return found


def _first_tasks(tasks: list[str], limit: int | None) -> dict[str, None]:
    return dict.fromkeys(list(dict.fromkeys(tasks))[:limit])


def _values(kind: str, distinct: list[str], file: Path) -> Mapping[str, str]:
    """Return the stored form of each recorded answer, or {} for typed text."""
    if kind not in kinds_asked():
        raise Refused(f"no kind {kind!r}; there is: {', '.join(kinds_asked())}", field="kind")
    try:
        return _kind(kind).recorded(distinct)
    except Refused as wrong:
        raise Refused(f"{file}: {wrong}", field="answer") from wrong


def _rows(file: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the named columns of every row. Raises Refused naming a missing row and column."""
    try:
        table = open_table(file, columns)
        table.need(columns, f"{file}: the header must be {','.join(columns)}")
        for row in table.rows():
            cells = tuple(str(row.cells[name]) for name in columns)
            empty = [name for name, cell in zip(columns, cells, strict=True) if not cell]
            if empty:
                raise Refused(
                    f"{file}, row {row.number}: {empty[0]} is missing or empty",
                    field=empty[0],
                    row=row.number,
                )
            yield cells
    except OSError as bad:
        raise Refused(f"{file}: {bad.strerror}") from bad

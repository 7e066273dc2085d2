"""The preparation of a client's upload for the database.

Rows are read, checked, and given slots and advice. This runs in a helper process
(`gateway.base.offload`). The checked tasks go to a second file, one line per task, and only the ids
are held in memory: an upload of any size needs little memory.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from gateway.base import plugins
from gateway.base.errors import Failed, Refused
from gateway.base.pseudonyms import Pseudonyms
from gateway.steps.batches.slots import new_task
from gateway.steps.batches.text_advice import Adviser, DeliveryMix
from gateway.steps.batches.upload_files import first_file
from gateway.store.batches.batch_tasks import NewTask
from gateway.store.batches.batches import Batch
from gateway.store.batches.uploads import TaskSlice
from gateway.tasks import kinds
from gateway.tasks.intake import (
    FAULTS_SHOWN,
    OWN_COLUMNS_MAX,
    BadRows,
    BatchRoom,
    RowRules,
    TaskSpec,
    checked_rows,
)
from gateway.tasks.port import TaskKind
from gateway.tasks.shaping.model_guess import ModelGuess
from gateway.tasks.shaping.rows import ReadingAsked, UploadedRow
from gateway.tasks.uploaded import read_rows

_LOOKED_AT_EVERY = 1000
"""The number of rows after which the size of the batch is checked again."""
_TOLD_EVERY = 20_000
"""The number of rows after which a long reading tells how far it is."""
_SPECIAL = re.compile(r"[\\\b\f\n\r\t\v]")
_ESCAPES = str.maketrans(
    {"\\": r"\\", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
)


@dataclass(frozen=True, slots=True)
class UploadReading:
    """The way to read one client's upload."""

    workers: Pseudonyms
    """The names under which the client knows workers."""
    renamed: Mapping[str, str] = field(default_factory=dict[str, str])
    """The columns from which fields are taken, by field, where they differ."""
    strict: bool = False
    """Refuse columns of the client's own."""
    shape: str = "auto"
    """The shape of the file, or `auto` to recognise it."""
    faults_max: int = FAULTS_SHOWN
    """The number of bad rows that are listed. The rest is counted."""

    def asked(self, batch: Batch) -> ReadingAsked:
        """Return how a file for this batch is read."""
        return ReadingAsked(self.renamed, tuple(one.name for one in batch.fields), self.shape)


@dataclass(slots=True)
class Filled:
    """The sums over a batch's uploads.

    They are kept with the batch, so that a quote reads them instead of counting again.
    """

    tasks: int = 0
    """The number of real tasks."""
    golds: int = 0
    """The number of gold tasks."""
    most: int = 0
    """The most paid answers over all tasks."""
    least: int = 0
    """The first answers of the real tasks."""
    overlap: int = 0
    """The most answers that one real task may get."""
    warned: int = 0
    """The number of tasks that cost more than one plain segment."""
    warnings: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """The first of these tasks."""
    size_bytes: int = 0
    """The size of ids, texts, gold, audiences and the client's own columns."""
    columns: list[str] = field(default_factory=list[str])
    """The names of the client's own columns, in the order in which they were met."""
    predictions: int = 0
    """The number of tasks with a prediction of a model of the client's, in the files of tasks."""

    def add(self, task: NewTask) -> None:
        """Add one task to the sums. Raises Refused when its columns are too many."""
        self.most += task.maximum
        self.predictions += task.predicted is not None
        self.columns += [name for name in task.own if name not in self.columns]
        if len(self.columns) > OWN_COLUMNS_MAX:
            raise Refused(f"one batch has at most {OWN_COLUMNS_MAX} columns of your own")
        if task.gold is not None:
            self.golds += 1
            return
        self.tasks += 1
        self.least += task.wanted
        self.overlap = max(self.overlap, task.maximum)


def prepare(
    upload: Path,
    content_type: str,
    out: Path,
    batch: Batch,
    air: DeliveryMix,
    reading: UploadReading,
    room: BatchRoom | None = None,
) -> Filled:
    """Check an upload and write its tasks to `out`, one line per task.

    Raises Refused naming row and column.
    """
    try:
        with (
            upload.open("rb") as raw,
            first_file(raw, content_type, upload.parent) as (file, kind_of_file),
            open(out, "wb", opener=_private) as lines,  # Path.open has no opener.
        ):
            rows = _counted(read_rows(file, kind_of_file, reading.asked(batch)), rows_checked(out))
            return write_tasks(rows, batch, air, lines.write, reading, room)
    except OSError as bad:
        raise Failed(f"the file cannot be kept: {bad.strerror}", retryable=True) from bad
    finally:
        remove(rows_checked(out))


def rows_checked(out: Path) -> Path:
    """Return the file that tells how many rows of an upload are checked, while it is checked."""
    return out.with_suffix(".checked")


def _counted(rows: Iterable[UploadedRow], told: Path) -> Iterator[UploadedRow]:
    for number, row in enumerate(rows, 1):
        if not number % _TOLD_EVERY:
            told.write_text(str(number))
        yield row


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def prepare_again(
    stored: Path, out: Path, batch: Batch, air: DeliveryMix, reading: UploadReading
) -> Filled:
    """Check tasks that are stored already by the rules of `batch`, and write them like `prepare`.

    `stored` has a JSON line per task: its fields, its own columns, and its prediction. Raises
    Refused naming row and column.
    """
    with out.open("wb") as lines:
        return write_tasks(_stored_rows(stored), batch, air, lines.write, reading)


def _stored_rows(stored: Path) -> Iterator[UploadedRow]:
    for number, line in enumerate(lines_of(stored), 1):
        cells, own, predicted = orjson.loads(line)
        row = UploadedRow(cells, number, own)
        row.guess = ModelGuess(*predicted) if predicted else None
        yield row


def write_tasks(
    rows: Iterable[Mapping[str, object]],
    batch: Batch,
    air: DeliveryMix,
    write: Any,
    reading: UploadReading,
    room: BatchRoom | None = None,
) -> Filled:
    """Check rows, `write` a line per task, and return their sums."""
    kind: TaskKind = plugins.load(kinds, batch.kind)  # pyright: ignore[reportAssignmentType]  # a kind is its module
    rules = RowRules(
        kind, batch.options, reading.workers, batch.fields, reading.strict, reading.faults_max
    )
    specs = checked_rows(rows, rules, room)
    return write_specs(specs, batch, air, write, room, reading.faults_max)


def write_specs(
    specs: Iterable[TaskSpec],
    batch: Batch,
    air: DeliveryMix,
    write: Any,
    room: BatchRoom | None = None,
    faults_max: int = FAULTS_SHOWN,
) -> Filled:
    """Write a line per task for rows that are already checked, and return their sums.

    Raises Refused with the first bad rows, those that `specs` refuses included.
    """
    adviser, filled, bad = Adviser(batch, air), Filled(), BadRows(faults_max)
    with bad.of_earlier_checks():
        for count, spec in enumerate(specs, 1):
            row = spec.row or count
            try:
                task = new_task(batch, spec, row)
                adviser.see(row, spec.name, spec.text)
            except Refused as refused:
                bad.add(refused, row)
                continue
            filled.add(task)
            line = _line(task)
            filled.size_bytes += len(line)
            if room is not None and not count % _LOOKED_AT_EVERY:
                room.check(0, filled.size_bytes)
            if not bad:
                write(line)
    bad.refuse()
    if not filled.tasks + filled.golds:
        raise Refused("there is no task in this upload")
    if room is not None:
        room.check(filled.tasks + filled.golds, filled.size_bytes)
    filled.warned, filled.warnings = adviser.warned, [asdict(one) for one in adviser.shown]
    return filled


def advise_texts(batch: Batch, texts: list[tuple[str, str]], air: DeliveryMix) -> Filled:
    """Return the advice on tasks that are already stored; its counts stay 0."""
    # The tasks are stored, so nothing is refused.
    adviser = Adviser(batch, replace(air, dialled=True))
    for row, (name, text) in enumerate(texts, 1):
        adviser.see(row, name, text)
    return Filled(warned=adviser.warned, warnings=[asdict(one) for one in adviser.shown])


def added(before: Filled, new: Filled, shown_max: int) -> Filled:
    """Return the sums of both; rows of the new upload are numbered on from those before."""
    earlier = before.tasks + before.golds
    later = [{**one, "row": one["row"] + earlier} for one in new.warnings]
    warnings = sorted([*before.warnings, *later], key=lambda one: one.get("cannot_go") is None)
    return Filled(
        before.tasks + new.tasks,
        before.golds + new.golds,
        before.most + new.most,
        before.least + new.least,
        max(before.overlap, new.overlap),
        before.warned + new.warned,
        warnings[:shown_max],
        before.size_bytes + new.size_bytes,
        [*before.columns, *(name for name in new.columns if name not in before.columns)],
        before.predictions + new.predictions,
    )


def _line(task: NewTask) -> bytes:
    """Return a task as the storing process needs it.

    The line holds what is stored beside the task (the workers to whom it is directed, and its
    prediction), a tab, and the task's row for COPY.
    """
    columns = (
        _cell(task.name),
        _cell(task.text),
        rb"\N" if task.gold is None else _cell(task.gold),
        rb"\N" if task.audience is None else _cell(orjson.dumps(task.audience).decode()),
        b"t" if task.workers else b"f",
        b"%d" % task.maximum,
        b"%d" % task.wanted,
        rb"\N" if task.min_skill is None else b"%r" % task.min_skill,
        rb"\N" if task.gold_reason is None else _cell(task.gold_reason),
        _cell(orjson.dumps(task.own).decode()) if task.own else rb"\N",
    )
    beside = b""
    if task.workers or task.predicted:
        beside = orjson.dumps([list(task.workers), task.predicted])
    return beside + b"\t" + b"\t".join(columns) + b"\n"


def _cell(text: str) -> bytes:
    r"""Return a text as a column of COPY's text format.

    >>> _cell("two\nlines"), _cell("a\\b")
    (b'two\\nlines', b'a\\\\b')
    """
    if _SPECIAL.search(text):
        text = text.translate(_ESCAPES)
    return text.encode()


def slices_of(lines: Iterable[bytes], at_once: int) -> Iterator[TaskSlice]:
    """Yield prepared lines as slices of `at_once` tasks."""
    each = iter(lines)
    while some := list(islice(each, at_once)):
        parted = [line.partition(b"\t") for line in some]
        beside = [(n, *orjson.loads(head)) for n, (head, _, _) in enumerate(parted) if head]
        yield TaskSlice(
            [row for _, _, row in parted],
            [(n, workers) for n, workers, _ in beside if workers],
            [(n, *predicted) for n, _, predicted in beside if predicted],
        )


def lines_of(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file."""
    with path.open("rb") as file:
        yield from file


def remove(*paths: Path) -> None:
    """Remove files that may be gone already."""
    for path in paths:
        with suppress(FileNotFoundError):
            path.unlink()

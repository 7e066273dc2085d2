"""A client's upload made ready for the database: read row by row, checked, its slots and its advice worked out.

Runs in a helper (`gateway.offload`). The checked tasks go to a second file, a line each, and nothing is held but the
ids that were seen: an upload of any size needs little memory.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from gateway import plugins
from gateway.errors import Refused
from gateway.steps.advise import Adviser, Air
from gateway.steps.slots import new_task
from gateway.steps.upload_files import first_file
from gateway.store.batches import Batch, NewTask
from gateway.tasks import kinds
from gateway.tasks.intake import TaskSpec, checked
from gateway.tasks.port import TaskKind
from gateway.tasks.uploaded import read_rows


@dataclass(slots=True)
class Filled:
    """What uploads have put into a batch; kept with it, so that a quote reads it instead of counting again.

    `most`, `least`: paid answers over all tasks, and the first answers of the real ones. `overlap`: the most answers that
    one real task may get. `warned`: tasks that cost more than one plain segment; `warnings`: the first of them.
    """

    tasks: int = 0
    golds: int = 0
    most: int = 0
    least: int = 0
    overlap: int = 0
    warned: int = 0
    warnings: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def add(self, task: NewTask) -> None:
        self.most += task.maximum
        if task.gold is not None:
            self.golds += 1
            return
        self.tasks += 1
        self.least += task.wanted
        self.overlap = max(self.overlap, task.maximum)


def prepare(upload: Path, content_type: str, out: Path, batch: Batch, air: Air) -> Filled:
    """Check an upload and write its tasks to `out`, one line of JSON each; raises Refused naming row and column."""
    with upload.open("rb") as raw, first_file(raw, content_type) as (file, kind_of_file):
        rows = read_rows(file, kind_of_file)
        with out.open("wb") as lines:
            return write_tasks(rows, batch, air, lines.write)


def write_tasks(rows: Iterable[Mapping[str, object]], batch: Batch, air: Air, write: Any) -> Filled:
    """Check rows and `write` a line for each task; return what they come to."""
    kind: TaskKind = plugins.load(kinds, batch.kind)  # pyright: ignore[reportAssignmentType]  # a kind is its module
    return write_specs(checked(rows, kind, batch.options), batch, air, write)


def write_specs(specs: Iterable[TaskSpec], batch: Batch, air: Air, write: Any) -> Filled:
    """The same for rows that are checked."""
    adviser, filled = Adviser(batch, air), Filled()
    late: Refused | None = None
    for row, spec in enumerate(specs, 1):
        if late is not None:
            continue  # a faulty row that comes later is told first, with all others of its kind
        try:
            task = new_task(batch, spec, row)
            adviser.see(row, spec.name, spec.text)
        except Refused as refused:
            late = refused if refused.faults and refused.faults[0].row else _in_row(refused, row)
            continue
        filled.add(task)
        write(_line(task))
    if late is not None:
        raise late
    if not filled.tasks + filled.golds:
        raise Refused("there is no task in this upload")
    filled.warned, filled.warnings = adviser.warned, [asdict(one) for one in adviser.shown]
    return filled


def _in_row(refused: Refused, row: int) -> Refused:
    field = refused.faults[0].field if refused.faults else None
    return Refused(f"row {row}, {field}: {refused}", field=field, row=row)


def advise_texts(batch: Batch, texts: list[tuple[str, str]], air: Air) -> Filled:
    """The advice over tasks that are stored already; its counts stay 0."""
    adviser = Adviser(batch, replace(air, dialled=True))  # they are stored: nothing is refused
    for row, (name, text) in enumerate(texts, 1):
        adviser.see(row, name, text)
    return Filled(warned=adviser.warned, warnings=[asdict(one) for one in adviser.shown])


def added(before: Filled, new: Filled, shown_max: int) -> Filled:
    """Return both together; rows of the new upload are counted on from those before."""
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
    )


def _line(task: NewTask) -> bytes:
    return (
        orjson.dumps(
            {
                "name": task.name,
                "text": task.text,
                "gold": task.gold,
                "audience": task.audience,
                "directed": bool(task.workers),
                "maximum": task.maximum,
                "wanted": task.wanted,
                "workers": list(task.workers),
            }
        )
        + b"\n"
    )


def lines_of(path: Path, at_once: int) -> Iterator[list[bytes]]:
    """Yield the lines of a file, some at a time."""
    with path.open("rb") as file:
        some = list[bytes]()
        for line in file:
            some.append(line)
            if len(some) == at_once:
                yield some
                some = []
        if some:
            yield some


def remove(*paths: Path) -> None:
    """Remove files that may be gone already."""
    for path in paths:
        with suppress(FileNotFoundError):
            path.unlink()

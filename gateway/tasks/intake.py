"""The intake of a client's tasks: rows become checked tasks, or a list of faults, row by row."""

import json
import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from gateway.base.bounds import ANSWERS_OF_TASK_MAX, must_be_within
from gateway.base.errors import Fault, Refused
from gateway.base.errors.problem_codes import FaultRule
from gateway.base.pseudonyms import Pseudonyms
from gateway.base.tabular import restored
from gateway.base.text.strings import identifier, line
from gateway.tasks.port import TaskKind
from gateway.tasks.predicted import checked_guess
from gateway.tasks.question import Field, Option
from gateway.tasks.shaping.model_guess import FIELD
from gateway.tasks.shaping.rows import FIELDS, UploadedRow

FAULTS_SHOWN = 20
_LANGUAGE, _LANGUAGES_MAX = re.compile("[a-z]{2,3}"), 20
REASON_MAX = 120
"""The most characters of the reason of a gold task, which stands in an SMS."""
OWN_COLUMNS_MAX = 100
"""The most columns of the client's own in one row."""
_OWN_NAME_MAX, _OWN_BYTES_MAX = 100, 8_000


@dataclass(frozen=True, slots=True)
class Audience:
    """The workers who may be asked.

    `workers` are ids in the order in which they are asked. The other fields narrow the audience
    down.
    """

    workers: tuple[int, ...] = ()
    partners: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One checked task.

    `name` is the client's id of the task, and `gold` its known truth in the form of an answer.
    `gold_reason` says why that is right; a new worker is told.
    `own` holds the client's own columns, which come back with results.
    """

    name: str
    text: str
    gold: str | None
    audience: Audience | None
    gold_reason: str | None = None
    own: Mapping[str, object] = field(default_factory=dict[str, object])
    row: int = 0
    """The number of its row in the client's file; 0 where it came from no file."""
    predicted: tuple[str, float | None] | None = None
    """The option that a model of the client's predicts, and its score. No worker sees it."""


@dataclass(frozen=True, slots=True)
class BatchRoom:
    """The limits of one batch, and its present size over all uploads."""

    tasks_max: int
    bytes_max: int
    tasks: int = 0
    size_bytes: int = 0

    def check(self, tasks: int, size_bytes: int) -> None:
        """Raise Refused naming the limit where the batch cannot hold this much more."""
        if self.tasks + tasks > self.tasks_max:
            raise self._full(f"{self.tasks:,} tasks", f"{self.tasks_max:,}", "limits.batch_tasks")
        if self.size_bytes + size_bytes > self.bytes_max:
            holds = f"{self.size_bytes:,} bytes of ids and texts"
            raise self._full(holds, f"{self.bytes_max:,}", "limits.batch_bytes")

    def _full(self, holds: str, most: str, setting: str) -> Refused:
        already = f"the batch has {holds} already; " if self.tasks else ""
        what = "bytes of ids and texts" if setting.endswith("bytes") else "tasks"
        return Refused(
            f"{already}at most {most} {'' if already else what + ' '}go into one batch ({setting}): "
            "send the rest as another batch; nothing of this upload was taken"
        )


@dataclass(frozen=True, slots=True)
class RowRules:
    """The rules by which the rows of one batch are checked."""

    kind: TaskKind
    options: Sequence[Option]
    workers: Pseudonyms | None = None
    """The names under which the client knows workers, for audiences. None: no worker is named."""
    fields: Sequence[Field] = ()
    """The fields of a record, for data entry."""
    strict: bool = False
    """Refuse columns of the client's own."""
    faults_max: int = FAULTS_SHOWN
    """The number of bad rows that are listed. The rest is counted."""


class BadRows:
    """The bad rows of an upload: the first with their faults, and the number of all."""

    def __init__(self, most: int) -> None:
        self._most, self._faults, self._wrong = most, list[Fault](), 0

    def __bool__(self) -> bool:
        return self._wrong > 0

    def add(self, refused: Refused, row: int, columns: Mapping[str, str] | None = None) -> None:
        """Add a row that was refused.

        `columns` has the client's names of fields, where they differ.
        """
        self._wrong += 1
        if len(self._faults) < self._most:
            inner = refused.faults[0] if refused.faults else Fault(str(refused))
            field = inner.field
            if field and columns:
                field = columns.get(field, field)
            message = str(refused).removeprefix(f"row {row}: ")
            self._faults.append(Fault(message, field, row, inner.rule))

    @contextmanager
    def of_earlier_checks(self) -> Generator[None]:
        """Add the rows that a block refuses, and the rows that were refused before its end."""
        try:
            yield
        except Refused as refused:
            if not refused.wrong:
                raise
            self._wrong += refused.wrong
            both = sorted((*self._faults, *refused.faults), key=lambda fault: fault.row or 0)
            self._faults = both[: self._most]

    def refuse(self) -> None:
        """Raise Refused, which names the first bad row, if there is one."""
        if not self._wrong:
            return
        first = self._faults[0]
        where = f"row {first.row}, {first.field}" if first.field else f"row {first.row}"
        more = f" (and {self._wrong - 1} more rows)" if self._wrong > 1 else ""
        raise Refused(
            f"{where}: {first.message}{more}", faults=tuple(self._faults), wrong=self._wrong
        )


def check_rows(rows: Iterable[Mapping[str, object]], rules: RowRules) -> list[TaskSpec]:
    """Return every row as a task, or raise Refused with the first faults of all rows.

    An upload is taken as a whole or not at all.
    """
    return list(checked_rows(rows, rules))


def checked_rows(
    rows: Iterable[Mapping[str, object]], rules: RowRules, room: BatchRoom | None = None
) -> Iterator[TaskSpec]:
    """Yield each row as a task.

    After the last row, raise Refused with the first faults of all rows. Rows for which there is no
    `room` are refused at once, so the rest of a file that is too long is not read.
    """
    names, bad = set[str](), BadRows(rules.faults_max)
    for count, row in enumerate(rows, 1):
        number = row.number if isinstance(row, UploadedRow) else count
        if room is not None:
            room.check(count, 0)
        try:
            spec = _task(row, rules, names, number)
            if rules.strict:
                _refuse_own(spec)
        except Refused as refused:
            bad.add(refused, number, row.columns if isinstance(row, UploadedRow) else None)
        else:
            names.add(spec.name)
            yield spec
    bad.refuse()


def _task(row: Mapping[str, object], rules: RowRules, names: set[str], number: int) -> TaskSpec:
    if isinstance(row, UploadedRow) and row.problem:
        raise row.problem
    name, text = identifier(_string(row, "id"), "id"), _string(row, "text")
    if name in names:
        raise Refused(f"the id {name!r} is there twice", field="id", rule=FaultRule.GIVEN_TWICE)
    rules.kind.check_text(text)
    own = _own(row.own if isinstance(row, UploadedRow) else {})
    gold = _gold(row, rules.kind, rules.options, rules.fields)
    audience = _audience(row.get("audience"), rules.workers)
    predicted = _predicted(row, rules) if isinstance(row, UploadedRow) else None
    return TaskSpec(name, text, gold, audience, _gold_reason(row, gold), own, number, predicted)


def _predicted(row: UploadedRow, rules: RowRules) -> tuple[str, float | None] | None:
    """Return the prediction of a row by the rules of those that come without their tasks.

    A model of typed values cannot be weighed. Its predictions are left out, as they stand in every
    export of Label Studio, unless the file is to be taken strictly.
    """
    if not rules.options:
        if rules.strict and (row.guess or row.bad_guess):
            raise Refused(
                "predictions are for questions with options: leave them out of this file",
                field=FIELD,
            )
        return None
    if row.bad_guess is not None:
        raise row.bad_guess
    if row.guess is None:
        return None
    try:
        return checked_guess(row.guess, rules.kind, rules.options)
    except Refused as refused:
        raise Refused(str(refused), field=FIELD) from refused


def _refuse_own(spec: TaskSpec) -> None:
    for name in spec.own:
        raise Refused(
            f"unknown field {name!r}; there is: {', '.join(FIELDS)}; without strict=1 it would "
            "come back with the results",
            field=name,
        )


def _own(columns: Mapping[str, object]) -> Mapping[str, object]:
    """Return a row's own columns without empty cells. Raises Refused for too many or too long."""
    filled = {name: cell for name, cell in columns.items() if cell not in ("", None)}
    if len(filled) > OWN_COLUMNS_MAX:
        raise Refused(f"at most {OWN_COLUMNS_MAX} columns of your own come back with the results")
    for name in filled:
        if not name.strip() or len(name) > _OWN_NAME_MAX or not name.isprintable():
            raise Refused(
                f"the name of a column has 1 to {_OWN_NAME_MAX} printable characters",
                field=name[:_OWN_NAME_MAX],
            )
    if filled and len(json.dumps(filled)) > _OWN_BYTES_MAX:
        raise Refused(
            f"the columns of your own have more than {_OWN_BYTES_MAX} bytes together",
            field=max(filled, key=lambda name: len(str(filled[name]))),
        )
    return filled


def _gold_reason(row: Mapping[str, object], gold: str | None) -> str | None:
    if row.get("gold_reason") in (None, ""):
        return None
    if gold is None:
        raise Refused("a gold_reason belongs to a task with gold", field="gold_reason")
    return line(_string(row, "gold_reason"), "gold_reason", REASON_MAX)


def _gold(
    row: Mapping[str, object], kind: TaskKind, options: Sequence[Option], fields: Sequence[Field]
) -> str | None:
    given = row.get("gold")
    if given in (None, "", {}):
        return None
    # The truth of a record may be an object, and the kind reads it as JSON.
    record = isinstance(given, dict) and kind.FIELDS
    try:
        truth = json.dumps(given) if record else _option_of(_string(row, "gold"), options)
        return kind.check_truth(truth, options, fields)
    # A kind calls the value the truth, but the client's column is called gold.
    except Refused as refused:
        raise Refused(str(refused), field="gold") from refused


def _option_of(truth: str, options: Sequence[Option]) -> str:
    """Return the option that a truth names, if a file of ours put an apostrophe before its formula.

    >>> _option_of("'=x", [Option("=x")]), _option_of("'tis", [Option("'tis")])
    ('=x', "'tis")
    """
    ids = {option.id for option in options}
    return restored(truth) if truth not in ids and restored(truth) in ids else truth


def _string(row: Mapping[str, object], field: str) -> str:
    value = row.get(field)
    if field != "text" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is not None and not isinstance(value, str):
        raise Refused(f"{field} must be a string", field=field)
    if not value or not value.strip():
        raise Refused(f"{field} is missing or empty", field=field, rule=FaultRule.MISSING)
    return value.strip()


def _audience(given: object, workers: Pseudonyms | None) -> Audience | None:
    if given is None:
        return None
    if not isinstance(given, dict):
        raise Refused(
            'audience must be an object like {"partners": [1], "languages": ["sw"]}',
            field="audience",
        )
    named = cast("dict[str, object]", given)
    unknown = [key for key in named if key not in ("workers", "partners", "languages")]
    if unknown:
        raise Refused(
            f"unknown audience {unknown[0]!r}; there is: workers, partners, languages",
            field="audience",
        )
    return Audience(_named(named, workers), _ids(named, "partners"), _codes(named))


def _named(named: Mapping[str, object], workers: Pseudonyms | None) -> tuple[int, ...]:
    """Return the workers whose pseudonyms are given, in order."""
    found, field = named.get("workers", []), "audience.workers"
    if not isinstance(found, list):
        raise Refused("workers must be a list of ids from /audience", field=field)
    given = cast("list[object]", found)
    must_be_within(len(given), field, most=ANSWERS_OF_TASK_MAX)
    known = [workers.worker(one) if workers and isinstance(one, str) else None for one in given]
    for one, worker in zip(given, known, strict=True):
        if worker is None:
            raise Refused(
                f"there is no worker {str(one)[:40]!r}; GET /audience lists them", field=field
            )
    if len(set(known)) != len(known):
        raise Refused("workers names the same id twice", field=field)
    return tuple(worker for worker in known if worker is not None)


def _ids(named: Mapping[str, object], key: str) -> tuple[int, ...]:
    found = named.get(key, [])
    if not isinstance(found, list) or not all(type(i) is int for i in cast("list[object]", found)):
        raise Refused(f"{key} must be a list of ids (whole numbers)", field=f"audience.{key}")
    field = f"audience.{key}"
    ids = tuple(must_be_within(one, field, least=1) for one in cast("list[int]", found))
    must_be_within(len(ids), field, most=ANSWERS_OF_TASK_MAX)
    if len(set(ids)) != len(ids):
        raise Refused(f"{key} names the same id twice", field=field)
    return ids


def _codes(named: Mapping[str, object]) -> tuple[str, ...]:
    found = named.get("languages", [])
    if not isinstance(found, list) or not all(
        isinstance(c, str) for c in cast("list[object]", found)
    ):
        raise Refused("languages must be a list of codes like sw", field="audience.languages")
    codes = tuple(cast("list[str]", found))
    if not all(_LANGUAGE.fullmatch(code) for code in codes) or len(codes) > _LANGUAGES_MAX:
        raise Refused("languages must be a list of codes like sw", field="audience.languages")
    return codes

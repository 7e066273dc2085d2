"""A client's tasks come in: rows of JSON or CSV become checked tasks, or a list of what is wrong, row by row."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from gateway.bounds import ANSWERS_OF_TASK_MAX, within
from gateway.errors import Fault, Refused
from gateway.tasks.port import TaskKind
from gateway.tasks.question import Option
from gateway.texts import identifier

TASKS_MAX = 100_000
FAULTS_SHOWN = 20
_LANGUAGE, _LANGUAGES_MAX = re.compile("[a-z]{2,3}"), 20
_FIELDS = ("id", "text", "gold", "audience")
_CSV_COLUMNS = ("id", "text", "gold")


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may be asked. `workers`: ids in the order in which they are to be asked; the rest narrows down."""

    workers: tuple[int, ...] = ()
    partners: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One checked task. `name` is the client's id for it; `gold` its known truth, in the form answers have."""

    name: str
    text: str
    gold: str | None
    audience: Audience | None


def read_csv(body: str) -> list[dict[str, object]]:
    """Rows of a CSV with a header `id,text[,gold]`; raises Refused naming the row and column that is wrong."""
    reader = csv.reader(io.StringIO(body.removeprefix("\ufeff"), newline=""), strict=True)
    rows: list[dict[str, object]] = []
    try:
        header = [name.strip() for name in next(reader, list[str]())]
        _check_header(header)
        for number, cells in enumerate(reader, 1):
            if not any(cells):
                continue
            if len(cells) != len(header):
                raise Refused(
                    f"row {number}: {len(cells)} columns, but the header has {len(header)} ({', '.join(header)})",
                    row=number,
                )
            rows.append(
                {
                    name: cell
                    for name, cell in zip(header, cells, strict=True)
                    if cell or name != "gold"
                }
            )
    except csv.Error as bad:
        raise Refused(
            f"row {len(rows) + 1}: this is not CSV ({bad}); is a quote not closed?",
            row=len(rows) + 1,
        ) from bad
    return rows


def _check_header(header: Sequence[str]) -> None:
    missing = [name for name in ("id", "text") if name not in header]
    if missing:
        raise Refused(
            f"the CSV has no column {missing[0]!r}; its header must be id,text and may add gold",
            field=missing[0],
            row=0,
        )
    unknown = [name for name in header if name not in _CSV_COLUMNS]
    if unknown:
        raise Refused(
            f"unknown column {unknown[0]!r}; there is: {', '.join(_CSV_COLUMNS)}",
            field=unknown[0],
            row=0,
        )


def check(
    rows: Iterable[Mapping[str, object]],
    kind: TaskKind,
    options: Sequence[Option],
    known_names: Iterable[str] = (),
) -> list[TaskSpec]:
    """Every row a task, or Refused with the first faults of all rows; nothing is taken in halves."""
    names, faults, specs = set(known_names), list[Fault](), list[TaskSpec]()
    for number, row in enumerate(rows, 1):
        if number > TASKS_MAX:
            raise Refused(
                f"more than {TASKS_MAX:,} tasks in one batch; send the rest as another batch"
            )
        try:
            spec = _task(row, kind, options, names)
        except Refused as refused:
            field = refused.faults[0].field if refused.faults else None
            faults.append(Fault(str(refused), field, number))
        else:
            names.add(spec.name)
            specs.append(spec)
    if faults:
        first = faults[0]
        where = f"row {first.row}, {first.field}" if first.field else f"row {first.row}"
        more = f" (and {len(faults) - 1} more rows)" if len(faults) > 1 else ""
        raise Refused(f"{where}: {first.message}{more}", faults=tuple(faults[:FAULTS_SHOWN]))
    return specs


def _task(
    row: Mapping[str, object], kind: TaskKind, options: Sequence[Option], names: set[str]
) -> TaskSpec:
    unknown = [name for name in row if name not in _FIELDS]
    if unknown:
        raise Refused(
            f"unknown field {unknown[0]!r}; there is: {', '.join(_FIELDS)}", field=unknown[0]
        )
    name, text = identifier(_string(row, "id"), "id"), _string(row, "text")
    if name in names:
        raise Refused(f"the id {name!r} is there twice", field="id")
    kind.check_text(text)
    return TaskSpec(name, text, _gold(row, kind, options), _audience(row.get("audience")))


def _gold(row: Mapping[str, object], kind: TaskKind, options: Sequence[Option]) -> str | None:
    if row.get("gold") in (None, ""):
        return None
    try:
        return kind.check_truth(_string(row, "gold"), options)
    except Refused as refused:  # a kind calls it the truth; the client's column is called gold
        raise Refused(str(refused), field="gold") from refused


def _string(row: Mapping[str, object], field: str) -> str:
    value = row.get(field)
    if field != "text" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is not None and not isinstance(value, str):
        raise Refused(f"{field} must be a string", field=field)
    if not value or not value.strip():
        raise Refused(f"{field} is missing or empty", field=field)
    return value.strip()


def _audience(given: object) -> Audience | None:
    if given is None:
        return None
    if not isinstance(given, dict):
        raise Refused(
            'audience must be an object like {"workers": [1, 2], "languages": ["sw"]}',
            field="audience",
        )
    named = cast("dict[str, object]", given)
    unknown = [key for key in named if key not in ("workers", "partners", "languages")]
    if unknown:
        raise Refused(
            f"unknown audience {unknown[0]!r}; there is: workers, partners, languages",
            field="audience",
        )
    return Audience(_ids(named, "workers"), _ids(named, "partners"), _codes(named))


def _ids(named: Mapping[str, object], key: str) -> tuple[int, ...]:
    found = named.get(key, [])
    if not isinstance(found, list) or not all(type(i) is int for i in cast("list[object]", found)):
        raise Refused(f"{key} must be a list of ids (whole numbers)", field=f"audience.{key}")
    field = f"audience.{key}"
    ids = tuple(within(one, field, least=1) for one in cast("list[int]", found))
    within(len(ids), field, most=ANSWERS_OF_TASK_MAX)
    if len(set(ids)) != len(ids):
        raise Refused(f"{key} names somebody twice", field=field)
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

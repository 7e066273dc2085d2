"""A client's tasks come in: rows of JSON or CSV become checked tasks, or a list of what is wrong, row by row."""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

import orjson

from gateway.bounds import ANSWERS_OF_TASK_MAX, within
from gateway.errors import Fault, Refused
from gateway.tasks.port import TaskKind
from gateway.tasks.question import Option
from gateway.texts import identifier

TASKS_MAX = 100_000
FAULTS_SHOWN = 20
_LANGUAGE, _LANGUAGES_MAX = re.compile("[a-z]{2,3}"), 20
_PIECE_BYTES = 256 * 1024
_BLANK = re.compile(r"[ \t\r\n]*")
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


def read_rows(file: BinaryIO, content_type: str) -> Iterator[dict[str, object]]:
    """Yield the rows of a file: CSV, JSON lines or one JSON list, told by the content type or by how it begins.

    Raises Refused naming row and column, while it is read. Only a JSON list is held in memory as a whole.
    """
    start = _check_text(file)
    if "csv" in content_type or ("json" not in content_type and start not in ("[", "{")):
        return _csv_rows(_lines(file))
    return _json_list(file) if start == "[" else _json_lines(file)


def _check_text(file: BinaryIO) -> str:
    """Return the first character that is no blank; raises Refused for what is no UTF-8, or nothing."""
    decode, at, start = codecs.getincrementaldecoder("utf-8-sig")(), 0, ""
    while True:
        piece = file.read(_PIECE_BYTES)
        left = len(decode.getstate()[0])
        try:
            text = decode.decode(piece, final=not piece)
        except UnicodeDecodeError as bad:
            raise Refused(
                f"the upload is not UTF-8 (byte {at - left + bad.start}); save it as UTF-8 and send it again"
            ) from bad
        start = start or text.lstrip()[:1]
        at += len(piece)
        if not piece:
            break
    if not start:
        raise Refused("the upload is empty")
    file.seek(0)
    return start


def _lines(file: BinaryIO) -> Iterator[str]:
    """Yield the lines, their ends left as they are; raises Refused at a NUL, which PostgreSQL does not hold."""
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    try:
        for number, line in enumerate(text):
            if "\0" in line:
                raise Refused(f"row {number}: there is a NUL character in it", row=number)
            yield line
    finally:
        if not file.closed:  # a reader that was given up may end after its file
            text.detach()


def _csv_rows(lines: Iterator[str]) -> Iterator[dict[str, object]]:
    """Rows of a CSV with a header `id,text[,gold]`; raises Refused naming the row and column that is wrong."""
    reader = csv.reader(lines, strict=True)
    number = 0
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
            yield {
                name: cell
                for name, cell in zip(header, cells, strict=True)
                if cell or name != "gold"
            }
    except csv.Error as bad:
        raise Refused(
            f"row {number + 1}: this is not CSV ({bad}); is a quote not closed?", row=number + 1
        ) from bad


def _json_lines(file: BinaryIO) -> Iterator[dict[str, object]]:
    for number, line in enumerate(_lines(file), 1):
        if line.strip():
            yield _object(line, number)


def _json_list(file: BinaryIO) -> Iterator[dict[str, object]]:
    """The objects of one list, each read by itself."""
    text = "".join(_lines(file))
    scan, at, number = json.JSONDecoder(), text.index("[") + 1, 0
    while True:
        at = _BLANK.match(text, at).end()  # pyright: ignore[reportOptionalMemberAccess]  # matches nothing, too
        if text[at : at + 1] == "]" and number == 0:
            break
        number += 1
        try:
            _, end = scan.raw_decode(text, at)
        except (ValueError, RecursionError) as bad:
            raise Refused(f"row {number}: this is not JSON: {bad}", row=number) from bad
        yield _object(text[at:end], number)
        at = _BLANK.match(text, end).end()  # pyright: ignore[reportOptionalMemberAccess]
        if text[at : at + 1] == "]":
            break
        if text[at : at + 1] != ",":
            raise Refused(
                f"row {number}: this is not JSON: a comma or ] must follow the task", row=number
            )
        at += 1
    if text[at + 1 :].strip():
        raise Refused("this is not JSON: something follows the end of the list")


def _object(text: str, number: int) -> dict[str, object]:
    try:
        found: object = orjson.loads(text)
    except orjson.JSONDecodeError as bad:
        raise Refused(f"row {number}: this is not JSON: {bad}", row=number) from bad
    if not isinstance(found, dict):
        raise Refused(
            f"row {number}: a task is an object like " + '{"id": "1", "text": "..."}', row=number
        )
    return cast("dict[str, object]", found)


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
    rows: Iterable[Mapping[str, object]], kind: TaskKind, options: Sequence[Option]
) -> list[TaskSpec]:
    """Every row a task, or Refused with the first faults of all rows; nothing is taken in halves."""
    return list(checked(rows, kind, options))


def checked(
    rows: Iterable[Mapping[str, object]], kind: TaskKind, options: Sequence[Option]
) -> Iterator[TaskSpec]:
    """Yield each row as a task; after the last row raises Refused with the first faults of all rows."""
    names, faults, wrong = set[str](), list[Fault](), 0
    for number, row in enumerate(rows, 1):
        if number > TASKS_MAX:
            raise Refused(
                f"more than {TASKS_MAX:,} tasks in one batch; send the rest as another batch"
            )
        try:
            spec = _task(row, kind, options, names)
        except Refused as refused:
            field = refused.faults[0].field if refused.faults else None
            wrong += 1
            if wrong <= FAULTS_SHOWN:
                faults.append(Fault(str(refused), field, number))
        else:
            names.add(spec.name)
            yield spec
    if faults:
        first = faults[0]
        where = f"row {first.row}, {first.field}" if first.field else f"row {first.row}"
        more = f" (and {wrong - 1} more rows)" if wrong > 1 else ""
        raise Refused(f"{where}: {first.message}{more}", faults=tuple(faults))


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

"""Recorded records: the fields of a form, their values as workers type them, and what was wrong."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.base.errors import Refused
from gateway.base.tabular import open_table
from gateway.qa.keying.records import fields_of, marks
from gateway.simulator.phones import PhoneScreen, UssdDialogue
from gateway.tasks.entry.comparison import fields_tag
from gateway.tasks.entry.reading import EMPTY
from gateway.tasks.kinds import entry
from gateway.tasks.projects.parameters import fields_of_json
from gateway.tasks.question import Field

LANGUAGE = "en"
CURRENCY = "KES"
_STEP = re.compile(r"\d of \d: (.+)")
_IS_RIGHT, _AGAIN = "Is this right?", "Then type it again."
_SCREENS_MAX = 30


@dataclass(frozen=True, slots=True)
class RecordForm:
    """The fields of recorded records: as the client's API takes them, and as they are read."""

    declared: tuple[Mapping[str, object], ...]
    fields: tuple[Field, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the ids of the fields, which are the columns of the files."""
        return tuple(field.name for field in self.fields)


def read_form(file: Path) -> RecordForm:
    """Return the fields in a JSON file, a list as in POST /batches. Raises Refused naming them."""
    try:
        given = json.loads(file.read_text())
        fields = entry.declare(fields_of_json(given), CURRENCY)
    except OSError as bad:
        raise Refused(f"{file}: {bad.strerror}", field="fields") from bad
    except ValueError as bad:
        raise Refused(f"{file}: this is not JSON: {bad}", field="fields") from bad
    except Refused as bad:
        raise Refused(f"{file}: {bad}", field="fields") from bad
    return RecordForm(tuple(given), fields)


def record_rows(
    file: Path, keys: Sequence[str], form: RecordForm
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the key columns and the record of each row. Raises Refused naming row and column."""
    columns = (*keys, *form.names)
    try:
        table = open_table(file, columns)
        table.need(columns, f"{file}: the header must be {','.join(columns)}")
        for row in table.rows():
            cells = {name: str(row.cells[name]) for name in columns}
            if empty := [name for name in keys if not cells[name]]:
                raise Refused(
                    f"{file}, row {row.number}: {empty[0]} is missing or empty",
                    field=empty[0],
                    row=row.number,
                )
            said = json.dumps({name: cells[name] for name in form.names if cells[name]})
            try:
                value = entry.check_truth(said, (), form.fields)
            except Refused as bad:
                raise Refused(f"{file}, row {row.number}: {bad}", row=row.number) from bad
            yield tuple(cells[key] for key in keys), value
    except OSError as bad:
        raise Refused(f"{file}: {bad.strerror}") from bad


def words_by_sms(form: RecordForm, value: str, shown: str) -> str:
    r"""Return the reply to an SMS: the values of the fields for which it asks, in their order.

    >>> form = RecordForm((), (Field("a", "text", 1), Field("b", "text", 2)))
    >>> words_by_sms(form, '{"a":"x","b":"y"}', "Copy it\nForm 1\n2 b")
    'y'
    """
    values = fields_of(value)
    asked = [
        field
        for field in form.fields
        if re.search(rf"(?:^|\s){field.number} {re.escape(field.label(LANGUAGE))}(?=\s|$)", shown)
    ]
    return "; ".join(_typed(field, values) for field in asked or form.fields)


async def key_record(
    form: RecordForm, value: str, session: UssdDialogue, shown: str
) -> PhoneScreen:
    """Key a record on screens, one field per screen, confirm it, and return the last screen."""
    values, by_label = fields_of(value), {field.label(LANGUAGE): field for field in form.fields}
    screen = session.screen
    for _ in range(_SCREENS_MAX):
        if _IS_RIGHT in shown:
            return await session.press("1")
        step = _STEP.search(shown)
        field = by_label.get(step[1].strip()) if step else None
        if not screen.open or field is None:
            return screen
        screen = await session.press(_typed(field, values))
        if _AGAIN in screen.text and screen.open:
            screen = await session.press(_typed(field, values))
        shown = screen.text
    return screen


def _typed(field: Field, values: Mapping[str, str]) -> str:
    value = values.get(field.name, "")
    if field.type == "choice" and value:
        return next(one.label(LANGUAGE) for one in field.options if one.id == value)
    return value or EMPTY


def is_part(stored: str, sent: str) -> bool:
    """Return whether a stored record has the values that were sent.

    A worker who settles a record is asked for some of its fields only.

    >>> is_part('{"b":"y"}', '{"a":"x","b":"y"}'), is_part('{"b":"z"}', '{"a":"x","b":"y"}')
    (True, False)
    """
    meant = fields_of(sent)
    return all(meant.get(name, "") == value for name, value in fields_of(stored).items())


def wrong_share(
    form: RecordForm, found: Mapping[str, str | None], truth: Mapping[str, str]
) -> float | None:
    """Return the share of wrong fields among those with a known truth, or None without any."""
    tag = fields_tag(LANGUAGE, form.fields)
    right = [
        mark
        for task, value in found.items()
        for mark in marks(value or "{}", truth[task], tag).values()
    ]
    known = sum(len(fields_of(truth[task])) for task in found)
    return (known - sum(right)) / known if known else None

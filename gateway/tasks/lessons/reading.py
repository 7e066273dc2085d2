"""The reading of one lesson file: a checked `Lesson`, or every fault with its item and rule."""

import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from gateway.base.errors import Refused
from gateway.gsm.septets import septets
from gateway.tasks.entry.fields import DeclaredField
from gateway.tasks.lessons.lesson import Lesson, LessonItem, Part
from gateway.tasks.port import RecordKind, TaskKind
from gateway.tasks.question import Field, Option

TEXT_MAX: Final = {"title": 40, "instructions": 60, "text": 150, "why": 90, "label": 20}
"""The most characters of each text in the SMS alphabet."""
_OTHER_ALPHABET: Final = 0.6
"""The part of these that fits where a letter outside the SMS alphabet is written."""
LEAST: Final[Mapping[Part, int]] = {"explain": 1, "show": 1, "practise": 2, "test": 3}
MOST: Final[Mapping[Part, int]] = {"explain": 5, "show": 4, "practise": 8, "test": 10}
_NUMBERS: Final = {"minutes": (1, 20), "pass_mark": (1, 10), "attempts": (1, 5), "order": (1, 99)}
_KEYS: Final = ("title", "instructions", *_NUMBERS, "options", "fields", *LEAST)
_FIELD_KEYS: Final = ("id", "type", "label", "min", "max", "decimals", "currency")
_FIELDS: Final[Mapping[Part, tuple[str, ...]]] = {
    "explain": ("text",),
    "show": ("text", "answer", "why"),
    "practise": ("text", "answer", "why"),
    "test": ("text", "answer", "why"),
}


@dataclass(frozen=True, slots=True)
class LessonFault:
    """A fault of a lesson file: the item with its field, and the rule that it breaks."""

    item: str
    rule: str


class LessonFaults(Exception):
    """An error: a lesson file breaks rules, and all of them are named."""

    def __init__(self, faults: Sequence[LessonFault]) -> None:
        super().__init__("; ".join(f"{one.item}: {one.rule}" for one in faults))
        self.faults = tuple(faults)


def read_lesson(source: bytes, kind_name: str, language: str, kind: TaskKind) -> Lesson:
    """Return the lesson in a file. Raises LessonFaults with everything that is wrong."""
    try:
        given = tomllib.loads(source.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as bad:
        raise LessonFaults([LessonFault("file", f"is not TOML in UTF-8: {bad}")]) from bad
    faults: list[LessonFault] = []
    reader = _Reader(given, kind, language, faults)
    lesson = reader.lesson(kind_name, hashlib.sha256(source).hexdigest()[:16])
    if faults:
        raise LessonFaults(faults)
    return lesson


@dataclass(frozen=True, slots=True)
class _Answers:
    """The possible answers of a lesson's questions: options, or fields of records."""

    options: tuple[Option, ...]
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class _Reader:
    given: Mapping[str, object]
    kind: TaskKind
    language: str
    faults: list[LessonFault]

    def lesson(self, kind_name: str, version: str) -> Lesson:
        for key in self.given:
            if key not in _KEYS:
                self._fault(key, f"is unknown; there is: {', '.join(_KEYS)}")
        options, fields = self._options(), self._fields()
        steps = tuple(
            step for part in LEAST for step in self._part(part, _Answers(options, fields))
        )
        lesson = Lesson(
            kind=kind_name,
            language=self.language,
            title=self._text("", self.given, "title"),
            minutes=self._number("minutes"),
            instructions=self._text("", self.given, "instructions"),
            options=options,
            fields=fields,
            pass_mark=self._number("pass_mark"),
            attempts=self._number("attempts"),
            steps=steps,
            order=self._number("order"),
            version=version,
        )
        self._check_assessment(lesson)
        return lesson

    def _options(self) -> tuple[Option, ...]:
        rows = self._rows("options")
        given = [
            Option(
                self._text(f"options {n}", row, "id"),
                {self.language: self._text(f"options {n}", row, "label")},
            )
            for n, row in enumerate(rows, 1)
        ]
        if any(not option.id for option in given):
            return ()
        try:
            return self.kind.options(given)
        except Refused as refused:
            self._fault("options", str(refused))
            return ()

    def _fields(self) -> tuple[Field, ...]:
        """Return the fields of records, as a client declares them, with a label in one language."""
        rows = self._rows("fields")
        if bool(rows) != self.kind.FIELDS:
            rule = (
                "are missing: answers are records" if self.kind.FIELDS else "are for records only"
            )
            self._fault("fields", rule)
            return ()
        for n, row in enumerate(rows, 1):
            for key in row:
                if key not in _FIELD_KEYS:
                    self._fault(
                        f"fields {n}, {key}", f"is unknown; there is: {', '.join(_FIELD_KEYS)}"
                    )
        declared = [self._declared(f"fields {n}", row) for n, row in enumerate(rows, 1)]
        if not declared or self.faults:
            return ()
        try:
            return cast("RecordKind", self.kind).declare(declared, "")
        except Refused as refused:
            self._fault("fields", str(refused))
            return ()

    def _declared(self, where: str, row: Mapping[str, object]) -> DeclaredField:
        def given(key: str) -> str | None:
            return str(row[key]) if key in row else None

        decimals = row.get("decimals")
        return DeclaredField(
            self._text(where, row, "id"),
            self._text(where, row, "type"),
            {self.language: self._text(where, row, "label")},
            min=given("min"),
            max=given("max"),
            decimals=decimals if isinstance(decimals, int) else None,
            currency=given("currency"),
        )

    def _part(self, part: Part, answers: "_Answers") -> list[LessonItem]:
        rows = self._rows(part)
        if not LEAST[part] <= len(rows) <= MOST[part]:
            self._fault(part, f"needs {LEAST[part]} to {MOST[part]} items; there are {len(rows)}")
        return [self._item(part, f"{part} {n}", row, answers) for n, row in enumerate(rows, 1)]

    def _item(
        self, part: Part, where: str, row: Mapping[str, object], answers: "_Answers"
    ) -> LessonItem:
        for key in row:
            if key not in _FIELDS[part]:
                self._fault(f"{where}, {key}", f"is unknown; there is: {', '.join(_FIELDS[part])}")
        text = self._text(where, row, "text")
        if part == "explain":
            return LessonItem(part, text)
        answer, why = self._answer(where, row, answers), self._text(where, row, "why")
        try:
            self.kind.check_text(text)
        except Refused as refused:
            self._fault(f"{where}, text", str(refused))
        return LessonItem(part, text, answer, why)

    def _answer(self, where: str, row: Mapping[str, object], answers: "_Answers") -> str:
        """Return the right answer in the form in which answers are stored."""
        given = row.get("answer")
        if self.kind.FIELDS:
            names = [field.name for field in answers.fields]
            if not isinstance(given, dict) or [*cast("dict[str, object]", given)] != names:
                rule = f"must have the fields {', '.join(names)}, in this order"
                self._fault(f"{where}, answer", rule)
                return ""
            said = json.dumps(given, default=str)
        else:
            said = self._text(where, row, "answer")
        try:
            return self.kind.check_truth(said, answers.options, answers.fields) if said else said
        except Refused as refused:
            self._fault(f"{where}, answer", str(refused))
            return said

    def _rows(self, key: str) -> list[Mapping[str, object]]:
        rows = self.given.get(key, [])
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) for row in cast("list[object]", rows)
        ):
            self._fault(key, f"is a list of items, each below a line [[{key}]]")
            return []
        return cast("list[Mapping[str, object]]", rows)

    def _text(self, where: str, row: Mapping[str, object], key: str) -> str:
        value, item = row.get(key), f"{where}, {key}" if where else key
        if not isinstance(value, str) or not value.strip():
            self._fault(item, "is missing or empty" if value in (None, "") else "is no text")
            return ""
        value = " ".join(value.split())
        most = TEXT_MAX.get(key, TEXT_MAX["text"])
        units = septets(value)
        if units is None:
            most, units = int(most * _OTHER_ALPHABET), len(value)
        if units > most:
            self._fault(item, f"is {units} characters long; at most {most} fit")
        return value

    def _number(self, key: str) -> int:
        value, (least, most) = self.given.get(key), _NUMBERS[key]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self._fault(key, f"must be a whole number from {least} to {most}")
            return least
        return value

    def _check_assessment(self, lesson: Lesson) -> None:
        """Check that only a worker who understood the lesson passes."""
        answers = Counter(step.answer for step in lesson.steps if step.part == "test")
        tests = answers.total()
        if tests and not tests / 2 < lesson.pass_mark <= tests:
            self._fault("pass_mark", f"must be more than half of the {tests} tests, and no more")
        elif lesson.options and answers and max(answers.values()) >= lesson.pass_mark:
            self._fault(
                "test",
                f"{max(answers.values())} of {tests} have one answer: a worker who always presses "
                f"that key would pass with pass_mark {lesson.pass_mark}",
            )

    def _fault(self, item: str, rule: str) -> None:
        self.faults.append(LessonFault(item, rule))

"""The library of lessons: the shipped files, and those of a folder of the operator's own.

A lesson is the file `<kind>/<language>.toml`. A file in the operator's folder replaces the shipped
one of the same name. A language without a file has no lesson for that kind.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.base.errors import SettingsError
from gateway.tasks.lessons.lesson import Lesson
from gateway.tasks.lessons.reading import LessonFault, LessonFaults, read_lesson
from gateway.tasks.port import TaskKind

KindOf = Callable[[str], TaskKind]
_HERE = Path(__file__).resolve()


def shipped() -> Path:
    """Return the folder of the shipped lessons: inside an installed package, else `config`."""
    installed = _HERE.parent / "shipped"
    return installed if installed.is_dir() else _HERE.parents[3] / "config" / "lessons"


@dataclass(frozen=True, slots=True)
class LessonFile:
    """One file of the library, and the lesson in it or its faults."""

    path: Path
    kind: str
    language: str
    lesson: Lesson | None
    faults: tuple[LessonFault, ...] = ()


@dataclass(frozen=True, slots=True)
class Lessons:
    """All lessons, by kind and language."""

    by_kind: Mapping[str, Mapping[str, Lesson]] = field(
        default_factory=dict[str, Mapping[str, Lesson]]
    )

    def find(self, kind: str, language: str) -> Lesson | None:
        """Return the lesson for a kind in a language, or None where there is none."""
        return self.by_kind.get(kind, {}).get(language)

    def kinds_in(self, language: str) -> list[str]:
        """Return the kinds that have a lesson in a language, in the order of the lessons."""
        there = [found[language] for found in self.by_kind.values() if language in found]
        return [lesson.kind for lesson in sorted(there, key=lambda one: (one.order, one.kind))]

    def languages_of(self, kind: str) -> frozenset[str]:
        """Return the languages in which there is a lesson for a kind."""
        return frozenset(self.by_kind.get(kind, {}))


def look(folder: Path, kind_of: KindOf, languages: frozenset[str]) -> Iterator[LessonFile]:
    """Yield every lesson file of a folder, in the order of the names."""
    for path in sorted(folder.glob("*/*.toml")):
        kind, language = path.parent.name, path.stem
        faults = [*_misplaced(kind, language, kind_of, languages)]
        lesson = None
        if not faults:
            try:
                lesson = read_lesson(path.read_bytes(), kind, language, kind_of(kind))
            except LessonFaults as wrong:
                faults = [*wrong.faults]
        yield LessonFile(path, kind, language, lesson, tuple(faults))


def load(own: str, kind_of: KindOf, languages: frozenset[str]) -> Lessons:
    """Return the library. Raises SettingsError with the first faults of a file that is wrong."""
    folders = [shipped()]
    if own:
        folders.append(Path(own))
        if not folders[-1].is_dir():
            raise SettingsError(f"lessons_folder: there is no folder {own}")
    found: dict[str, dict[str, Lesson]] = {}
    for folder in folders:
        for file in look(folder, kind_of, languages):
            if file.lesson is None:
                first = file.faults[0]
                raise SettingsError(
                    f"lessons: {file.path}: {first.item}: {first.rule}; run: gateway lessons check"
                )
            found.setdefault(file.kind, {})[file.language] = file.lesson
    return Lessons(found)


def _misplaced(
    kind: str, language: str, kind_of: KindOf, languages: frozenset[str]
) -> Iterator[LessonFault]:
    try:
        kind_of(kind)
    except SettingsError as unknown:
        yield LessonFault("folder", str(unknown))
    if language not in languages:
        known = ", ".join(sorted(languages))
        yield LessonFault("file name", f"no language {language!r}; there is: {known}")

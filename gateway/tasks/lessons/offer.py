"""The choice of the lesson that LEARN begins or goes on with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.tasks.lessons.lesson import Lesson, LessonProgress, Mistake, on_mistake
from gateway.tasks.lessons.library import Lessons


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A lesson that a worker has begun, as it is stored."""

    id: int
    kind: str
    language: str
    version: str
    step: int
    score: int
    via: str
    mistake: Mistake | None = None
    failed_today: int = 0
    """The failed attempts at this kind's lesson in 24 hours."""


@dataclass(frozen=True, slots=True)
class LessonStanding:
    """All that decides which lesson a worker is offered."""

    language: str
    run: StoredRun | None = None
    """The lesson that she has begun."""
    assigned: Mapping[str, Mistake] = field(default_factory=dict[str, Mistake])
    """The mistakes for which a lesson was assigned to her, by kind, the oldest first."""
    passed: frozenset[str] = frozenset()
    """The kinds whose lesson she has passed."""
    wanted: Sequence[str] = ()
    """The kinds of running work that she could do: first those that need a lesson."""
    failed_today: Mapping[str, int] = field(default_factory=dict[str, int])
    """The failed attempts in 24 hours, by kind."""


def offered(standing: LessonStanding, lessons: Lessons) -> LessonProgress | str:
    """Return the lesson for a worker, or the phrase that says why there is none.

    An assigned lesson comes first, then the one that she has begun, then those of work that waits
    for her.
    """
    run = standing.run
    for kind, mistake in standing.assigned.items():
        if run and run.kind == kind and run.mistake:
            break
        lesson = lessons.find(kind, standing.language)
        if lesson and _left(standing, lesson):
            return LessonProgress(
                on_mistake(lesson, mistake),
                mistake=mistake,
                attempts_left=_left(standing, lesson),
            )
    if run and (begun := progress_of(run, lessons)):
        return begun
    tried = False
    for kind in dict.fromkeys((*standing.wanted, *lessons.kinds_in(standing.language))):
        lesson = lessons.find(kind, standing.language)
        if lesson is None or kind in standing.passed:
            continue
        if left := _left(standing, lesson):
            return _first(standing, lesson, left)
        tried = True
    if tried:
        return "lesson.tomorrow"
    return "lesson.all" if standing.passed else "lesson.none"


@dataclass(frozen=True, slots=True)
class ListedLesson:
    """A lesson in a worker's language, as a list shows it."""

    title: str
    passed: bool
    begins: LessonProgress | None
    """Her place in it when she chooses it; None where she passed it, or tried too often today."""


def listed(standing: LessonStanding, lessons: Lessons) -> tuple[ListedLesson, ...]:
    """Return all lessons in a worker's language, in their order, with those that she has passed."""
    found: list[ListedLesson] = []
    for kind in lessons.kinds_in(standing.language):
        lesson = lessons.find(kind, standing.language)
        if lesson is None:
            continue
        passed = kind in standing.passed and kind not in standing.assigned
        begins = None if passed else _begins(standing, lesson, lessons)
        found.append(ListedLesson(lesson.title, passed, begins))
    return tuple(found)


def _begins(standing: LessonStanding, lesson: Lesson, lessons: Lessons) -> LessonProgress | None:
    run, left = standing.run, _left(standing, lesson)
    if run and run.kind == lesson.kind:
        return progress_of(run, lessons)
    if mistake := standing.assigned.get(lesson.kind):
        shown = on_mistake(lesson, mistake)
        return LessonProgress(shown, mistake=mistake, attempts_left=left) if left else None
    return _first(standing, lesson, left) if left else None


def progress_of(run: StoredRun, lessons: Lessons) -> LessonProgress | None:
    """Return the place of a worker in a lesson that she has begun.

    A lesson whose file changed meanwhile begins again. Return None where it was taken away.
    """
    lesson = lessons.find(run.kind, run.language)
    if lesson is None:
        return None
    shown = on_mistake(lesson, run.mistake) if run.mistake else lesson
    same = run.version == lesson.version and run.step < len(shown.steps)
    return LessonProgress(
        shown,
        step=run.step if same else 0,
        score=run.score if same else 0,
        run=run.id,
        stored=run.step,
        mistake=run.mistake,
        attempts_left=max(0, lesson.attempts - run.failed_today),
        by_sms=run.via == "sms",
    )


def _first(standing: LessonStanding, lesson: Lesson, left: int) -> LessonProgress:
    """Return the beginning of a lesson. After a failed attempt it begins with the example."""
    progress = LessonProgress(lesson, attempts_left=left)
    if standing.failed_today.get(lesson.kind):
        return replace(progress, step=lesson.first("show"))
    return progress


def _left(standing: LessonStanding, lesson: Lesson) -> int:
    return max(0, lesson.attempts - standing.failed_today.get(lesson.kind, 0))

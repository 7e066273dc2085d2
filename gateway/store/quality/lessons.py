"""Lessons of workers: where each stands, what was assigned, and what was passed."""

from collections.abc import Mapping
from typing import Any

from gateway.base.ids import WorkerId
from gateway.store.db import Database, Write
from gateway.tasks.lessons.lesson import LessonProgress, Mistake
from gateway.tasks.lessons.offer import LessonStanding, StoredRun


async def standing_of(db: Database, worker: WorkerId) -> LessonStanding:
    """Return all that decides which lesson a worker is offered."""
    row = await db.row(
        """select w.language,
             (select jsonb_build_object('id', l.id, 'kind', l.kind, 'language', l.language, 'version', l.version,
                'step', l.step, 'score', l.score, 'via', 'none', 'mistake', l.mistake,
                'failed_today', lessons_failed(l.worker_id, l.kind))
               from lesson_run l where l.worker_id = w.id and l.state = 'open') as run,
             (select coalesce(jsonb_agg(jsonb_build_object('kind', r.kind, 'because', r.because) order by r.id), '[]')
               from relearning r where r.worker_id = w.id and r.status = 'assigned') as assigned,
             (select coalesce(array_agg(c.kind), '{}') from credential c
               where c.worker_id = w.id and c.what = 'LEARN_PASSED') as passed,
             (select coalesce(array_agg(b.kind order by b.needs_lesson desc, b.started_at), '{}') from batch b
               where b.state = 'running' and b.currency = w.currency
                 and (b.languages = '{}' or w.language = any(b.languages))) as wanted,
             (select coalesce(jsonb_object_agg(f.kind, f.times), '{}') from (select l.kind, count(*) as times
                from lesson_run l where l.worker_id = w.id and l.state = 'failed' and l.at > now() - interval '1 day'
                group by l.kind) f) as failed
           from worker w where w.id = $1""",
        worker,
    )
    assert row is not None
    return LessonStanding(
        language=row["language"],
        run=stored_run(row["run"]) if row["run"] else None,
        assigned={one["kind"]: Mistake(**one["because"]) for one in row["assigned"]},
        passed=frozenset(row["passed"]),
        wanted=tuple(row["wanted"]),
        failed_today=row["failed"],
    )


def stored_run(found: Mapping[str, Any]) -> StoredRun:
    """Return a lesson that has begun, from its columns."""
    mistake: Any = found["mistake"]
    return StoredRun(
        id=found["id"],
        kind=found["kind"],
        language=found["language"],
        version=found["version"],
        step=found["step"],
        score=found["score"],
        via=found["via"],
        mistake=Mistake(**mistake) if mistake else None,
        failed_today=found["failed_today"],
    )


def move_lesson(
    worker: WorkerId,
    progress: LessonProgress,
    *,
    step: int,
    score: int,
    state: str,
    via: str,
    answer: tuple[str, str, bool] | None,
) -> Write:
    """Move a worker in a lesson, or begin it.

    `answer` is what she said to its question, the value of that, and whether it is right.
    """
    lesson, mistake = progress.lesson, progress.mistake
    said, value, right = answer or ("", "", None)
    return Write(
        "move_lesson",
        {
            "worker": worker,
            "run": progress.run,
            "kind": lesson.kind,
            "language": lesson.language,
            "version": lesson.version,
            "mistake": because(mistake) if mistake else None,
            "was": progress.stored,
            "step": step,
            "score": score,
            "state": state,
            "via": via,
            "said": said,
            "value": value,
            "right": right,
        },
    )


def because(mistake: Mistake) -> dict[str, object]:
    """Return a mistake as it is stored."""
    return {
        "right": mistake.right,
        "said": mistake.said,
        "wrong": mistake.wrong,
        "seen": mistake.seen,
    }

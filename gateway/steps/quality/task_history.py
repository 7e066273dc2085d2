"""The history of one task: questions, answers, and each judgement with its basis.

The basis of a judgement was kept when it was made (`gateway.qa.judging.verdict_effect`): the
workers' skills are those of that time. An answer that was not judged, since the task wanted more
anyway, has no confidence. If no judgement followed it either, its worker's skill is today's, and is
marked so.
"""

from dataclasses import asdict
from typing import Any

from gateway.base.errors import Refused
from gateway.qa.judging.overlap import TaskDecision
from gateway.qa.judging.ties import tied
from gateway.qa.judging.verdict_effect import judgements
from gateway.qa.skills.skill import Skill
from gateway.steps.quality.comparison import compared_as
from gateway.steps.quality.confidences import check_confidences
from gateway.steps.quality.keying.keyed_fields import PERSON, field_results, is_open
from gateway.steps.runtime import Runtime
from gateway.store.quality import rulings, task_history
from gateway.store.quality.task_history import AnswerHistory


async def task_story(rt: Runtime, batch_id: str, task: str) -> dict[str, Any]:
    """Return the history of a task, in order."""
    batch = await rt.batches.fresh(batch_id)
    row = await task_history.of_task(rt.db, batch_id, task)
    if row is None:
        raise Refused(f"no task {task!r} in this batch", field="task", status=404)
    answers = await task_history.answers(rt.db, row.id)
    known = await check_confidences(rt, batch, row.batch_state)
    told = [_told(answers, number) for number in range(len(answers))]
    counted = [(a.worker_id, a.value) for a in answers if not a.void]
    judged = [one for a in answers for one in judgements(a.judged)]
    skills = judged[-1]["skills"] if judged else None
    fields = field_results(rt, batch, row.value, counted, skills, by_person=row.rule == PERSON) if batch.fields else None  # fmt: skip
    return {
        "task": task,
        "text": row.text,
        "batch": batch_id,
        "policy": batch.policy,
        "gold": row.gold,
        "asked": [
            {
                "worker": a.worker_id,
                "via": a.via,
                "at": a.asked_at.isoformat(),
                "delivered_at": a.delivered_at.isoformat() if a.delivered_at else None,
                "became": a.state,
            }
            for a in await task_history.asked(rt.db, row.id)
        ],
        "answers": told,
        "corrections": [
            {**asdict(row), "at": row.at.isoformat()}
            for row in await task_history.corrections(rt.db, batch_id, row.id, task)
        ],
        "earlier": [
            {
                **asdict(one),
                "decided_at": one.decided_at.isoformat() if one.decided_at else None,
                "reopened_at": one.reopened_at.isoformat(),
            }
            for one in await task_history.earlier_results(rt.db, row.id)
        ],
        "waits_for": {"skill": row.skill_wanted, "until": row.better_until.isoformat()}
        if row.state == "open" and row.skill_wanted and row.better_until
        else None,
        "kept_for": row.kept_for,
        "state": row.state,
        "value": row.value,
        **known.told(row.confidence, row.rule),
        "tied": is_open(fields)
        if fields
        else tied(
            [value for _, value in counted],
            rt.kind_of(batch.kind).ANSWERS,
            compared_as(rt.kind_of, batch),
        ),
        **({"fields": fields} if fields else {}),
        "rule": row.rule,
        "ruling": row.ruling,
        "switched": [
            {
                "version": one.version,
                "at": one.at.isoformat(),
                "by": one.by,
                "reason": one.reason,
            }
            for one in await rulings.of_batch(rt.db, batch_id)
        ],
        "decided_by": row.decided_by,
        "decided_at": row.decided_at.isoformat() if row.decided_at else None,
    }


def _told(answers: list[AnswerHistory], number: int) -> dict[str, Any]:
    """Return one answer, with the judgement that it brought about and those after it."""
    answer = answers[number]
    kept = judgements(answer.judged)
    then = _skill_then(answers, number)
    skill = then or Skill(answer.right, answer.wrong)
    first = kept[0] if kept else None
    return {
        "at": answer.created_at.isoformat(),
        "worker": answer.worker_id,
        "via": answer.via,
        "said": answer.said,
        "value": answer.value,
        "void": answer.void,
        "skill": round(skill.mean, 3),
        "skill_at_least": round(skill.lower, 3),
        "skill_as_of": "then" if then else "today",
        "paid_minor": answer.price,
        "best_so_far": first["best"] if first else None,
        "confidence": first["confidence"] if first else None,
        "verdict": first["decision"] if first else str(TaskDecision.ASK_MORE),
        "skill_wanted": (first["skill_wanted"] or None) if first else None,
        "judged": [
            {
                "at": each["at"],
                "ruling": each["ruling"],
                "skills": [round(Skill(*one).mean, 3) for one in each["skills"]],
                "best": each["best"],
                "confidence": each["confidence"],
                "verdict": each["decision"],
            }
            for each in kept
        ],
    }


def _skill_then(answers: list[AnswerHistory], number: int) -> Skill | None:
    """Return the skill of an answer's worker in the first judgement with her answer, or None."""
    for last in range(number, len(answers)):
        # Answers that are void now may or may not have counted in it.
        counted = [n for n in range(last + 1) if not answers[n].void]
        for each in judgements(answers[last].judged):
            for places in (list(range(last + 1)), counted):
                if len(each["skills"]) == len(places) and number in places:
                    return Skill(*each["skills"][places.index(number)])
    return None

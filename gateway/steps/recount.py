"""The whole story of one task: who was asked when, what was answered, what the judge made of each answer."""

from typing import Any

from gateway.errors import Refused
from gateway.qa.overlap import judge
from gateway.qa.skill import Skill
from gateway.runtime import Runtime
from gateway.steps.judge import policy_of
from gateway.steps.offer import Better, market
from gateway.store import rules, stories


async def explain(rt: Runtime, batch_id: str, task: str) -> dict[str, Any]:
    """The story, in order. Verdicts are the judge's with what it knows of the workers today."""
    batch = await rt.batches.fresh(batch_id)
    row = await stories.of_task(rt.db, batch_id, task)
    if row is None:
        raise Refused(f"no task {task!r} in this batch", field="task", status=404)
    answers = await stories.answers(rt.db, row["id"])
    policy = policy_of(batch, row["maximum"])
    better = (
        Better(row["better"] or row["skill_wanted"], row["better_by_sms"] or 0.0)
        if row["better"] or row["skill_wanted"]
        else None
    )
    told: list[dict[str, Any]] = []
    for number, answer in enumerate(answers, 1):
        skills = [Skill(a["right"], a["wrong"]) for a in answers[:number]]
        said = judge(
            rt.kind_of(batch.kind).IS_TEXT,
            [a["value"] for a in answers[:number]],
            skills,
            batch.option_ids,
            policy,
            market=market(rt, batch, row["text"], answer["via"], better),
        )
        told.append(
            {
                "at": answer["created_at"].isoformat(),
                "worker": answer["worker_id"],
                "via": answer["via"],
                "said": answer["said"],
                "value": answer["value"],
                "skill": round(skills[-1].mean, 3),
                "skill_at_least": round(skills[-1].lower, 3),
                "paid_minor": answer["price"],
                "best_so_far": said.value,
                "confidence": round(said.confidence, 4),
                "verdict": str(said.decision),
                "skill_wanted": round(said.skill_wanted, 3) or None,
            }
        )
    return {
        "task": task,
        "text": row["text"],
        "batch": batch_id,
        "policy": batch.policy,
        "gold": row["gold"],
        "asked": [
            {
                "worker": a["worker_id"],
                "via": a["via"],
                "at": a["asked_at"].isoformat(),
                "delivered_at": a["delivered_at"].isoformat() if a["delivered_at"] else None,
                "became": a["state"],
            }
            for a in await stories.asked(rt.db, row["id"])
        ],
        "answers": told,
        "corrections": [
            {**row, "at": row["at"].isoformat()}
            for row in await stories.corrections(rt.db, batch_id, row["id"], task)
        ],
        "waits_for": {"skill": row["skill_wanted"], "until": row["better_until"].isoformat()}
        if row["state"] == "open" and row["skill_wanted"]
        else None,
        "kept_for": row["kept_for"],
        "state": row["state"],
        "value": row["value"],
        "confidence": row["confidence"],
        "rule": row["rule"],
        "ruling": row["ruling"],
        "switched": [
            {
                "version": one["version"],
                "at": one["at"].isoformat(),
                "by": one["by"],
                "reason": one["reason"],
            }
            for one in await rules.of_batch(rt.db, batch_id)
        ],
        "decided_by": row["decided_by"],
        "decided_at": row["decided_at"].isoformat() if row["decided_at"] else None,
    }

"""The record of a judgement, kept with its answer so that `explain` shows it as it was."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NotRequired, TypedDict, cast

from gateway.qa.judging.overlap import Verdict
from gateway.qa.skills.skill import Skill

_DIGITS = 4


class Judged(TypedDict):
    """One judgement.

    `skills` are those of the answers' workers in the order of the answers, as (right, wrong) of
    `gateway.qa.skills.skill`. `ruling` is the version of the ruling, and `confidence` is as in
    `Verdict`. `fields` are those of a record that the next worker is asked for, where they are not
    all.
    """

    at: str
    ruling: str
    skills: list[tuple[float, float]]
    best: str | None
    confidence: float
    decision: str
    skill_wanted: float
    fields: NotRequired[list[str]]


def judgement_record(
    at: datetime, ruling: str, skills: Sequence[Skill], verdict: Verdict
) -> Judged:
    """Return the record of a judgement, with rounded figures."""
    found: Judged = {
        "at": at.isoformat(),
        "ruling": ruling,
        "skills": [(round(s.right, _DIGITS), round(s.wrong, _DIGITS)) for s in skills],
        "best": verdict.value,
        "confidence": round(verdict.confidence, _DIGITS),
        "decision": str(verdict.decision),
        "skill_wanted": round(verdict.skill_wanted, _DIGITS),
    }
    if verdict.fields:
        found["fields"] = list(verdict.fields)
    return found


def judgements(kept: Sequence[Mapping[str, object]] | None) -> list[Judged]:
    """Return the records in `answer.judged`, oldest first."""
    return [cast("Judged", dict(one)) for one in kept or ()]

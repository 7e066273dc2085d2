"""The agreement and the error rates of a batch of records, per field and per worker."""

import asyncio
from typing import TypedDict

from gateway.base.errors import Refused
from gateway.qa.judging.overlap import DoubleKeying
from gateway.qa.keying.error_rates import error_limit, error_rate
from gateway.qa.keying_report import KeyingFigures, KeyingReport, Marks, keying_report
from gateway.qa.skills.skill import Skill
from gateway.steps.quality.comparison import compared_as
from gateway.steps.quality.judge import policy_of
from gateway.steps.runtime import Runtime
from gateway.store.quality import skills

_DIGITS = 4
_ENTRIES_MAX = 32_767


class ErrorFigures(TypedDict):
    """Entries whose truth is known, and the interval (95 %) of the error rate; null for none."""

    seen: int
    wrong: int
    least: float | None
    most: float | None


class EntryFigures(TypedDict):
    """The figures of one field, or of one worker."""

    entries: int
    keyed_twice: int
    agreed: int
    gold: ErrorFigures
    settled: ErrorFigures


class KeyedWorkerFigures(EntryFigures):
    """The figures of one worker, over all batches of records where it says so."""

    worker: int
    error: float
    """The expected error rate, by all her records in all batches."""
    error_limit: float
    """The upper limit of that rate."""
    keys_alone: bool
    """True if one entry of hers is enough now."""
    fields: dict[str, EntryFigures]


class FieldErrors(TypedDict):
    """The figures of a batch."""

    error_max: float | None
    """The share of wrong fields that the policy accepts; null for fixed:N."""
    fields: dict[str, EntryFigures]
    workers: list[KeyedWorkerFigures]


async def field_errors(rt: Runtime, batch_id: str) -> FieldErrors:
    """Return the agreement and the error rates of a batch.

    Raises Refused where the batch has no fields.
    """
    batch = await rt.batches.fresh(batch_id)
    if not batch.fields:
        raise Refused(
            f"only data entry has figures per field; this batch is of the kind {batch.kind!r}",
            field="batch",
            status=409,
        )
    rows = await skills.decided_answers(rt.db, batch.id)
    triples = [(row.name, str(row.worker_id), row.value) for row in rows]
    gold = {row.name: row.gold for row in rows if row.gold is not None}
    found = await asyncio.to_thread(keying_report, triples, gold, compared_as(rt.kind_of, batch))
    known = await skills.of_workers(rt.db, batch.kind, sorted(map(int, found.workers)))
    policy = policy_of(batch, _ENTRIES_MAX)
    error_max = policy.error_max if isinstance(policy, DoubleKeying) else None
    return {
        "error_max": error_max,
        "fields": {name: _figures(one) for name, one in found.fields.items()},
        "workers": [
            _worker(found, who, known.get(int(who), Skill()), error_max)
            for who in sorted(found.workers, key=int)
        ],
    }


def _worker(
    found: KeyingReport, who: str, skill: Skill, error_max: float | None
) -> KeyedWorkerFigures:
    limit = error_limit(skill.right, skill.wrong)
    return {
        "worker": int(who),
        **_figures(found.workers[who]),
        "error": round(error_rate(skill), _DIGITS),
        "error_limit": round(limit, _DIGITS),
        "keys_alone": error_max is not None and limit <= error_max,
        "fields": {name: _figures(one) for (each, name), one in found.cells.items() if each == who},
    }


def _figures(one: KeyingFigures) -> EntryFigures:
    return {
        "entries": one.entries,
        "keyed_twice": one.pairs,
        "agreed": one.agreed,
        "gold": _errors(one.gold),
        "settled": _errors(one.settled),
    }


def _errors(marks: Marks) -> ErrorFigures:
    ends = marks.interval
    return {
        "seen": marks.seen,
        "wrong": marks.wrong,
        "least": round(ends[0], _DIGITS) if ends else None,
        "most": round(ends[1], _DIGITS) if ends else None,
    }

"""The rules that decide, by version, and the history of each batch's rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.qa.skills.skill import Skill
from gateway.store.db import Connection, Database


async def keep_ruling(db: Connection, version: str, data: Mapping[str, object]) -> None:
    await db.execute(
        "insert into ruling (version, data) values ($1, $2) on conflict do nothing", version, data
    )


async def switched(
    db: Connection,
    batch: str,
    version: str,
    by: str,
    reason: str,
    trial: Mapping[str, object] | None,
) -> None:
    await db.execute(
        "insert into batch_ruling (batch_id, version, by, reason, trial) values ($1, $2, $3, $4, $5)",
        batch,
        version,
        by,
        reason,
        trial,
    )


@dataclass(frozen=True, slots=True)
class RuleOfBatch:
    """A rule that decided a batch from a time on."""

    at: datetime
    version: str
    by: str
    reason: str
    trial: Any | None
    data: Any
    decided: int
    """The number of results by this rule."""


async def of_batch(db: Database, batch: str) -> list[RuleOfBatch]:
    """Return all rules that ever decided the batch, oldest first, with their numbers of results."""
    rows = await db.rows(
        """select s.created_at as at, s.version, s.by, s.reason, s.trial, r.data,
             (select count(*) from task t where t.batch_id = s.batch_id and t.ruling = s.version) as decided
           from batch_ruling s join ruling r on r.version = s.version where s.batch_id = $1 order by s.id""",
        batch,
    )
    return [RuleOfBatch(**row) for row in rows]


async def past_answers(
    db: Database, batch: str
) -> tuple[list[tuple[str, str, str]], dict[str, str]]:
    """Return every answer of a batch in order of time, and its gold by task.

    An answer is (task, worker, value).
    """
    rows = await db.rows(
        """select t.name, a.worker_id, a.value, t.gold from answer a join task t on t.id = a.task_id
           where t.batch_id = $1 and not a.void order by a.id""",
        batch,
    )
    answers = [(row["name"], str(row["worker_id"]), row["value"]) for row in rows]
    return answers, {row["name"]: row["gold"] for row in rows if row["gold"] is not None}


async def skills_in(db: Database, batch: str, kind: str) -> dict[str, Skill]:
    """Return the present skills of the workers who answered in a batch."""
    rows = await db.rows(
        """select s.worker_id, s."right", s.wrong from skill s where s.kind = $2 and s.worker_id in (
             select a.worker_id from answer a join task t on t.id = a.task_id where t.batch_id = $1)""",
        batch,
        kind,
    )
    return {str(row["worker_id"]): Skill(row["right"], row["wrong"]) for row in rows}


async def tried(
    db: Connection, batch: str, version: str, by: str, found: Mapping[str, object]
) -> None:
    await db.execute(
        "insert into rule_trial (batch_id, version, by, found) values ($1, $2, $3, $4)",
        batch,
        version,
        by,
        found,
    )


@dataclass(frozen=True, slots=True)
class RuleTrial:
    """The trial of a rule on a batch."""

    at: datetime
    version: str
    by: str
    found: Any


async def trials(db: Database, batch: str) -> list[RuleTrial]:
    """Return every trial on a batch, oldest first."""
    rows = await db.rows(
        """select r.created_at as at, r.version, r.by, r.found from rule_trial r where r.batch_id = $1 order by r.id""",
        batch,
    )
    return [RuleTrial(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class TriedRule:
    """The newest trial of a rule, with the rule's data."""

    found: Any
    data: Any


async def trial(db: Database, batch: str, version: str) -> TriedRule | None:
    """Return the newest trial of a rule on a batch, with the rule."""
    row = await db.row(
        """select r.found, u.data from rule_trial r join ruling u on u.version = r.version
           where r.batch_id = $1 and r.version = $2 order by r.id desc limit 1""",
        batch,
        version,
    )
    return TriedRule(**row) if row else None


async def set_rule(
    db: Connection, batch: str, policy: str, confidence: float, method: str
) -> str | None:
    """Set the batch's rule and return the batch's state.

    A reader of the batch's revision notices the change.
    """
    return await db.value(
        """update batch set policy = $2, method = $4, revision = revision + 1,
             policy_options = policy_options || jsonb_build_object('confidence', $3::float8)
           where id = $1 returning state""",
        batch,
        policy,
        confidence,
        method,
    )

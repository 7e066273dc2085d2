"""The credentials of workers: passed lessons, and numbers of accepted answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.base.ids import WorkerId
from gateway.qa.skills.card import LEVELS
from gateway.qa.skills.skill import Skill
from gateway.store.db import Connection, Database


@dataclass(frozen=True, slots=True)
class ShownSkill:
    """The record of a worker at one kind: her skill, her accepted answers, and her lesson."""

    kind: str
    skill: Skill
    age_days: float
    """The age of the evidence."""
    accepted: int
    learned: bool
    gold: int
    """The number of her answers to gold."""


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential of a worker."""

    kind: str
    what: str
    source: str
    at: datetime


async def count_accepted(db: Connection, counts: Sequence[tuple[int, str, int]]) -> None:
    """Add accepted answers to (worker, kind, number), and store the credentials that are reached.

    The rows come in the order of the workers, so that two runners never lock each other out.
    """
    if not counts:
        return
    rows = await db.rows(
        """insert into skill as s (worker_id, kind, accepted)
             select w, k, n from unnest($1::bigint[], $2::text[], $3::int[]) as c(w, k, n) order by w, k
           on conflict (worker_id, kind) do update set accepted = s.accepted + excluded.accepted
           returning s.worker_id, s.kind, s.accepted""",
        [worker for worker, _, _ in counts],
        [kind for _, kind, _ in counts],
        [number for _, _, number in counts],
    )
    reached = [
        (row["worker_id"], row["kind"], f"ACCEPTED_{level}")
        for row in rows
        for level in LEVELS[1:]
        if level <= row["accepted"]
    ]
    if reached:
        await db.execute(
            """insert into credential (worker_id, kind, what)
               select * from unnest($1::bigint[], $2::text[], $3::text[]) on conflict do nothing""",
            [worker for worker, _, _ in reached],
            [kind for _, kind, _ in reached],
            [what for _, _, what in reached],
        )


async def shown_by(db: Database, worker: WorkerId) -> list[ShownSkill]:
    """Return what a worker has shown at each kind, the one with most accepted answers first.

    Kinds at which she is paused are left out.
    """
    rows = await db.rows(
        """select s.kind, s."right", s.wrong, s.accepted, s.gold_right + s.gold_wrong as gold,
             s.lesson_passed_at is not null as learned,
             extract(epoch from now() - s.learned_at)::float8 / 86400 as age_days
           from skill s where s.worker_id = $1 and (s.paused_until <= now()) is not false
           order by s.accepted desc, s.kind""",
        worker,
    )
    return [
        ShownSkill(
            row["kind"],
            Skill(row["right"], row["wrong"]),
            row["age_days"],
            row["accepted"],
            row["learned"],
            row["gold"],
        )
        for row in rows
    ]


async def of_worker(db: Database, worker: WorkerId) -> list[Credential]:
    """Return the credentials of a worker, the oldest first."""
    rows = await db.rows(
        "select kind, what, source, created_at from credential where worker_id = $1 order by created_at, kind, what",
        worker,
    )
    return [Credential(row["kind"], row["what"], row["source"], row["created_at"]) for row in rows]

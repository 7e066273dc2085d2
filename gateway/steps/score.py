"""Workers' skills learn from decided tasks: each answer once, by how far it agrees with what was decided."""

from collections import defaultdict
from dataclasses import dataclass, field

from gateway.qa.skill import Skill
from gateway.runtime import Runtime
from gateway.store.db import Row

_AT_ONCE = 5000


async def score(rt: Runtime) -> int:
    """Let skills know the answers of newly decided tasks; how many answers."""
    async with rt.db.transaction() as db:
        rows = await db.fetch(
            """select a.id, a.worker_id, a.value, a."right", t.value as decided, t.confidence, b.kind
               from answer a join task t on t.id = a.task_id join batch b on b.id = t.batch_id
               where not a.scored and (t.gold is not null or t.state in ('decided', 'review'))
               order by a.id limit $1 for update of a skip locked""",
            _AT_ONCE,
        )
        if not rows:
            return 0
        gained = _gained(rt, rows)
        await db.execute(
            """insert into skill as s (worker_id, kind, "right", wrong, answers, gold_right, gold_wrong)
               select * from unnest($1::bigint[], $2::text[], $3::real[], $4::real[], $5::int[], $6::int[], $7::int[])
               on conflict (worker_id, kind) do update set "right" = s."right" + excluded."right",
                 wrong = s.wrong + excluded.wrong, answers = s.answers + excluded.answers,
                 gold_right = s.gold_right + excluded.gold_right, gold_wrong = s.gold_wrong + excluded.gold_wrong""",
            [worker for worker, _ in gained],
            [kind for _, kind in gained],
            [g.skill.right for g in gained.values()],
            [g.skill.wrong for g in gained.values()],
            [g.answers for g in gained.values()],
            [g.gold_right for g in gained.values()],
            [g.gold_wrong for g in gained.values()],
        )
        await db.execute(
            "update answer set scored = true where id = any($1)", [row["id"] for row in rows]
        )
    return len(rows)


@dataclass(slots=True)
class _Gained:
    """What some answers add to one worker's row."""

    skill: Skill = field(default_factory=Skill)
    answers: int = 0
    gold_right: int = 0
    gold_wrong: int = 0


def _gained(rt: Runtime, rows: list[Row]) -> dict[tuple[int, str], _Gained]:
    """What each worker's answers say of her, per kind, in worker order so that two runners never lock crosswise."""
    gained: defaultdict[tuple[int, str], _Gained] = defaultdict(_Gained)
    for row in sorted(rows, key=lambda r: (r["worker_id"], r["kind"])):
        one = gained[row["worker_id"], row["kind"]]
        one.answers += 1
        if row["right"] is not None:
            one.skill = one.skill.after_gold(right=row["right"])
            one.gold_right += row["right"]
            one.gold_wrong += not row["right"]
        elif row["decided"] is not None:
            one.skill = one.skill.after_consensus(_agreement(rt, row))
    return dict(gained)


def _agreement(rt: Runtime, row: Row) -> float:
    """The chance that this answer is right, as far as the decision knows."""
    if rt.kind_of(row["kind"]).IS_TEXT:
        from gateway.qa.text.near import is_near  # noqa: PLC0415  # rapidfuzz, for text only

        agrees = is_near(row["value"], row["decided"])
    else:
        agrees = row["value"] == row["decided"]
    return row["confidence"] if agrees else 1.0 - row["confidence"]

"""Workers' skills learn from decided tasks: each answer once, by how far it agrees with what was decided."""

from collections import defaultdict

from gateway.qa.skill import Skill
from gateway.runtime import Runtime
from gateway.steps.retry import until_settled
from gateway.store.db import Row

_AT_ONCE = 5000


async def score(rt: Runtime) -> int:
    """Let skills know the answers of newly decided tasks; how many answers."""
    return await until_settled(lambda: _score(rt))


async def _score(rt: Runtime) -> int:
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
            """insert into skill as s (worker_id, kind, "right", wrong)
               select * from unnest($1::bigint[], $2::text[], $3::real[], $4::real[])
               on conflict (worker_id, kind) do update set "right" = s."right" + excluded."right",
                 wrong = s.wrong + excluded.wrong""",
            [worker for worker, _ in gained],
            [kind for _, kind in gained],
            [skill.right for skill in gained.values()],
            [skill.wrong for skill in gained.values()],
        )
        await db.execute(
            "update answer set scored = true where id = any($1)", [row["id"] for row in rows]
        )
    return len(rows)


def _gained(rt: Runtime, rows: list[Row]) -> dict[tuple[int, str], Skill]:
    """What each worker's answers say of her, per kind, in worker order so that two runners never lock crosswise."""
    gained: defaultdict[tuple[int, str], Skill] = defaultdict(Skill)
    for row in sorted(rows, key=lambda r: (r["worker_id"], r["kind"])):
        key = (row["worker_id"], row["kind"])
        if row["right"] is not None:
            gained[key] = gained[key].after_gold(right=row["right"])
        elif row["decided"] is not None:
            gained[key] = gained[key].after_consensus(_agreement(rt, row))
    return dict(gained)


def _agreement(rt: Runtime, row: Row) -> float:
    """The chance that this answer is right, as far as the decision knows."""
    if rt.kind_of(row["kind"]).IS_TEXT:
        from gateway.qa.text.near import is_near  # noqa: PLC0415  # rapidfuzz, for text only

        agrees = is_near(row["value"], row["decided"])
    else:
        agrees = row["value"] == row["decided"]
    return row["confidence"] if agrees else 1.0 - row["confidence"]

"""The partners as candidates for the shares of a batch, when these are proposed."""

from gateway.store.db import Database
from gateway.workers.partners.offers import Candidate
from gateway.workers.partners.states import PartnerState

_CANDIDATES = """
select p.code, p.state, p.answers_day, p.quota,
  (select count(*) from worker w where w.partner_id = p.id and w.state = 'active' and w.currency = b.currency
    and (b.languages = '{}' or w.language = any(b.languages))) as workers,
  (select coalesce(sum(t.wanted - t.answered), 0)::bigint from batch o join task t on t.batch_id = o.id
    where o.state in ('running', 'paused') and o.kept_until > now() and o.id <> b.id and o.policy_options->'shares' ? p.code
      and t.state = 'open' and t.gold is null and not t.directed and t.kept_for = p.id) as promised,
  g.gold_right, g.gold_wrong
from batch b cross join partner p cross join lateral (
  select coalesce(sum(s.gold_right), 0)::bigint as gold_right, coalesce(sum(s.gold_wrong), 0)::bigint as gold_wrong
  from worker w join skill s on s.worker_id = w.id and s.kind = b.kind where w.partner_id = p.id) g
where b.id = $1 order by p.code"""


async def candidates(db: Database, batch: str) -> list[Candidate]:
    """Return every partner as a candidate for a share of a batch."""
    return [
        Candidate(
            code=row["code"],
            state=PartnerState(row["state"]),
            workers=row["workers"],
            answers_day=row["answers_day"],
            quota=None if row["quota"] is None else round(row["quota"], 4),
            promised=row["promised"],
            gold_right=row["gold_right"],
            gold_wrong=row["gold_wrong"],
        )
        for row in await db.rows(_CANDIDATES, batch)
    ]


async def not_active(db: Database, codes: list[str]) -> list[tuple[str, str | None]]:
    """Return those of the codes that are no active partner, each with its state or None."""
    rows = await db.rows(
        """select k.code, p.state from unnest($1::text[]) as k(code) left join partner p on p.code = k.code
           where p.state is distinct from 'active' order by k.code""",
        codes,
    )
    return [(row["code"], row["state"]) for row in rows]

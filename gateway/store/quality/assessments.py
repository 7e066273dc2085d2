"""The counts of persons' decisions, and of those that were overturned."""

from dataclasses import dataclass
from datetime import datetime

from gateway.store.db import Database, Row


@dataclass(frozen=True, slots=True)
class DecisionCounts:
    """The decisions of one person. A coordinator is one person under any spelling of her name."""

    name: str
    coordinator: int | None
    """The coordinator's id, where the person is one."""
    decisions: int
    """All decisions."""
    reviews: int
    """The tasks in review and in audits that the person decided."""
    gold: int
    """The corrections of gold."""
    adjustments: int
    """The adjustments that the person opened."""
    appeals: int
    """The appeals that the person decided."""
    appealed: int
    """The decisions that a worker appealed."""
    overturned: int
    """The decisions that another person overturned."""
    missed: int
    """The appeals whose deadline passed while the coordinator had them."""
    waiting: int
    """The appeals that wait for the coordinator."""
    last_at: datetime | None
    """The time of the last decision."""


_COUNTS = """
with counted as (
  select coordinator_id, case when coordinator_id is null then lower(by) end as key, min(by) as name,
      count(*)::int as decisions, count(*) filter (where kind = 'review')::int as reviews,
      count(*) filter (where kind = 'gold')::int as gold, count(*) filter (where kind = 'adjustment')::int as adjustments,
      count(*) filter (where kind = 'appeal')::int as appeals, count(appealed_at)::int as appealed,
      count(overturned_at)::int as overturned, max(at) as last_at
    from person_decision where at >= $1 and ($2::bigint is null or coordinator_id = $2) group by 1, 2
), late as (
  select e.who::bigint as coordinator_id, count(*)::int as missed from appeal_event e
    where e.event = 'passed_on' and e.who ~ '^[0-9]+$' and e.at >= $1 and ($2::bigint is null or e.who = $2::text) group by 1
), waits as (
  select handler_id as coordinator_id, count(*)::int as waiting from appeal
    where state = 'waiting' and handler_id is not null and ($2::bigint is null or handler_id = $2) group by 1
)
select coalesce(c.name, d.name) as name, coalesce(d.coordinator_id, l.coordinator_id, w.coordinator_id) as coordinator,
    coalesce(d.decisions, 0) as decisions, coalesce(d.reviews, 0) as reviews, coalesce(d.gold, 0) as gold,
    coalesce(d.adjustments, 0) as adjustments, coalesce(d.appeals, 0) as appeals, coalesce(d.appealed, 0) as appealed,
    coalesce(d.overturned, 0) as overturned, coalesce(l.missed, 0) as missed, coalesce(w.waiting, 0) as waiting, d.last_at
  from counted d full join late l on l.coordinator_id = d.coordinator_id
    full join waits w on w.coordinator_id = coalesce(d.coordinator_id, l.coordinator_id)
    left join coordinator c on c.id = coalesce(d.coordinator_id, l.coordinator_id, w.coordinator_id)
  order by overturned desc, decisions desc, name limit 500"""


async def of_everyone(db: Database, since: datetime) -> list[DecisionCounts]:
    """Return the counts of every person since then, those with most overturned decisions first."""
    return [_made(row) for row in await db.rows(_COUNTS, since, None)]


async def of_coordinator(db: Database, coordinator: int, since: datetime) -> DecisionCounts | None:
    """Return the counts of one coordinator since then, or None where there is nothing to count."""
    row = await db.row(_COUNTS, since, coordinator)
    return _made(row) if row else None


def _made(row: Row) -> DecisionCounts:
    return DecisionCounts(**row)

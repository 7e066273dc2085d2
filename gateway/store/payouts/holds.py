"""The reasons why payouts wait, and the sums released today: the rows behind the controls."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from gateway.payments.control import FLOAT_FRESH, Case, Wait
from gateway.store.db import Connection, Database, Row

_ONE_AT_A_TIME = 7_301_003

_CASE = """
select p.amount, p.currency, p.created_at, p.state, w.coordinator_id,
  exists (select from payout_pass x where x.payout_id = p.id) as passed,
  exists (select from wind_down_payout x where x.payout_id = p.id) as closing,
  (select d.backup_at from wind_down d join wind_down_payout x on x.payout_id = p.id) as lost_at,
  exists (with recursive before(id, replaces) as (select p.id, p.replaces
      union all select q.id, q.replaces from before b join payout q on q.id = b.replaces)
    select from before b join approval_item i on i.payout_id = b.id join approval_list l on l.id = i.list_id
      where l.approved_by is not null) as approved,
  not exists (select from payout g where g.worker_id = p.worker_id and g.created_at < p.created_at) as first,
  coalesce((select jsonb_object_agg(h.control, h.released_by is not null or h.ends and h.until <= $2)
    from payout_hold h where h.payout_id = p.id), '{}') as holds,
  greatest((select max(x.created_at) from answer x where x.worker_id = p.worker_id and x.created_at <= p.created_at),
    (select max(g.settled_at) from payout g where g.worker_id = p.worker_id and g.state = 'paid')) as heard,
  (select max(m.hold_until) from number_move m where m.worker_id = p.worker_id and m.state in ('done', 'objected'))
    as moved_until,
  exists (select from number_move m where m.worker_id = p.worker_id and m.state = 'objected' and m.done_at is not null)
    as objected,
  exists (select from arrival c where c.holds and c.released_at is null and c.provider = p.provider
    and p.created_at < c.answered_at + interval '24 hours' and (c.list_id is null
      or exists (select from approval_item i where i.payout_id = p.id and i.list_id = c.list_id))) as run_doubted,
  -- What the operator said it holds, less what was let go since.
  (select h.float - coalesce((select sum(q.amount) from payout_pass x join payout q on q.id = x.payout_id
      where x.at >= h.float_at and q.provider = p.provider and q.state not in ('failed', 'cancelled')), 0)
    from provider_health h where h.provider = p.provider and h.float_at > $2::timestamptz - $3::interval)::bigint as float
from payout p join worker w on w.id = p.worker_id where p.id = $1"""

_OTHERS_FIRST = """
select count(*) from worker v join payout f on f.worker_id = v.id
where v.coordinator_id = $1 and f.created_at < $2 and f.created_at > $2 - interval '24 hours'
  and not exists (select from payout g where g.worker_id = f.worker_id and g.created_at < f.created_at)"""

_PASSED = """
select coalesce(sum(q.amount) filter (where q.worker_id = p.worker_id), 0)::bigint as worker,
  coalesce(sum(q.amount) filter (where v.coordinator_id = w.coordinator_id), 0)::bigint as coordinator,
  coalesce(sum(q.amount) filter (where q.provider = p.provider), 0)::bigint as provider,
  coalesce(sum(q.amount) filter (where v.region = w.region), 0)::bigint as country,
  coalesce(sum(q.amount), 0)::bigint as all,
  coalesce(sum(q.amount) filter (where not exists (select from approval_item i join approval_list l on l.id = i.list_id
    where i.payout_id = q.id and l.approved_by is not null)), 0)::bigint as unapproved
from payout p join worker w on w.id = p.worker_id
  left join (payout_pass x join payout q on q.id = x.payout_id join worker v on v.id = q.worker_id)
    on x.at >= date_trunc('day', $2::timestamptz at time zone 'UTC') at time zone 'UTC'
    and q.currency = p.currency and q.state not in ('failed', 'cancelled')
where p.id = $1 group by p.id"""


async def read_case(
    db: Connection, payout: UUID, now: datetime
) -> tuple[Case, dict[str, bool], bool] | None:
    """Return the case of a payout for its controls, or None when it is not queued any more.

    Also return which controls have held it already, each with whether that hold is over, and
    whether the payout was released before. One payout is read at a time, so that two never use the
    same allowance.
    """
    await db.execute("select pg_advisory_xact_lock($1)", _ONE_AT_A_TIME)
    row = await db.row(_CASE, payout, now, FLOAT_FRESH)
    if row is None or row["state"] != "queued":
        return None
    others = 0
    if row["coordinator_id"] and row["first"]:
        others = await db.value(_OTHERS_FIRST, row["coordinator_id"], row["created_at"])
    passed = await db.row(_PASSED, payout, now)
    case = Case(
        amount_minor=row["amount"],
        currency=row["currency"],
        asked_at=row["created_at"],
        coordinator=row["coordinator_id"],
        first=row["first"],
        others_first=others,
        passed_minor=dict(passed) if passed else {},
        approved=row["approved"],
        heard_at=row["heard"],
        float_minor=row["float"],
        moved_until=row["moved_until"],
        objected=row["objected"],
        closing=row["closing"],
        lost_at=row["lost_at"],
        run_doubted=row["run_doubted"],
    )
    return case, row["holds"], row["passed"]


async def wants_name(db: Database, payout: UUID) -> bool:
    """Return whether this payout may still be held for its worker's name.

    It must be her first payout, and no person may have released it.
    """
    return await db.value(
        """select not exists (select from payout g where g.worker_id = p.worker_id and g.created_at < p.created_at)
             and not exists (select from payout_pass x where x.payout_id = p.id)
             and not exists (select from payout_hold h where h.payout_id = p.id and h.control = 'name'
               and h.released_by is not null) from payout p where p.id = $1""",
        payout,
    )


async def let_go(db: Connection, payout: UUID, now: datetime) -> None:
    await db.execute(
        "insert into payout_pass (payout_id, at) values ($1, $2) on conflict do nothing",
        payout,
        now,
    )


async def hold_payout(db: Connection, payout: UUID, control: str, wait: Wait) -> None:
    """Hold the payout and store the reason. It is examined again at `until`."""
    await db.execute(
        """insert into payout_hold (payout_id, control, until, ends) values ($1, $2, $3, $4)
           on conflict (payout_id, control) do update set until = excluded.until""",
        payout,
        control,
        wait.until,
        wait.ends,
    )
    await db.execute(
        "update payout set due_at = $2, reason = $3 where id = $1 and state = 'queued'",
        payout,
        wait.until,
        f"waits: {control}",
    )


async def held_before(db: Connection, payout: UUID, control: str) -> bool:
    """Return whether this control held a payout that this one replaces.

    The worker was told then.
    """
    return await db.value(
        """with recursive before(id, replaces) as (select id, replaces from payout where id = $1
             union all select q.id, q.replaces from before b join payout q on q.id = b.replaces)
           select exists (select from before b join payout_hold h on h.payout_id = b.id
             where b.id <> $1 and h.control = $2)""",
        payout,
        control,
    )


async def release_holds(
    db: Connection, ref: str, who: str, now: datetime, *, but: Sequence[str]
) -> int:
    """End the holds of this payout, except those of the controls `but`, and return how many."""
    released = await db.rows(
        """update payout_hold h set released_by = $2, released_at = $3 from payout p
           where p.id = h.payout_id and p.ref = $1 and p.state = 'queued' and h.released_by is null
             and h.control <> all($4) returning h.id""",
        ref,
        who,
        now,
        list(but),
    )
    if released:
        await db.execute(
            "update payout set due_at = $2 where ref = $1 and state = 'queued'", ref, now
        )
    return len(released)


async def held_by(db: Connection, ref: str) -> list[str]:
    """Return the controls that hold this payout now."""
    rows = await db.rows(
        """select h.control from payout_hold h join payout p on p.id = h.payout_id
           where p.ref = $1 and p.state = 'queued' and h.released_by is null order by h.id""",
        ref,
    )
    return [row["control"] for row in rows]


async def held_payouts(db: Database) -> list[Row]:
    return await db.rows(
        """select p.ref, p.amount, p.currency, h.control, h.until, h.ends, w.id as worker, w.coordinator_id
           from payout_hold h join payout p on p.id = h.payout_id join worker w on w.id = p.worker_id
           where p.state = 'queued' and h.released_by is null order by h.until"""
    )

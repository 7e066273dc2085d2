"""The batches of a client with their counts and their money, as lists and pages show them."""

from collections.abc import Mapping

from gateway.base.ids import ClientId
from gateway.payments.ledger.chart_of_accounts import Code
from gateway.store.batches import plans, tallies
from gateway.store.db import Database, Row


async def of_client(db: Database, client: ClientId, batch: str) -> Row | None:
    """Return a batch of this client with its counts, or None when it belongs to another client."""
    return await db.row(_LIST + " and b.id = $2", client, batch)


async def all_of_client(db: Database, client: ClientId) -> list[Row]:
    return await db.rows(_LIST + " order by b.created_at desc limit 200", client)


async def page_of_client(
    db: Database,
    client: ClientId,
    *,
    state: str | None,
    label: Mapping[str, str] | None,
    after: str | None,
    limit: int,
) -> list[Row]:
    """Return batches of a client with their counts, newest first, that are older than `after`."""
    return await db.rows(
        f"""{_LIST} {_FILTERED} and ($4::text is null or (b.created_at, b.id) <
              (select created_at, id from batch where id = $4 and client_id = $1))
            order by b.created_at desc, b.id desc limit $5""",
        client,
        state,
        label,
        after,
        limit,
    )


async def number_of_client(
    db: Database, client: ClientId, *, state: str | None, label: Mapping[str, str] | None
) -> int:
    """Return how many batches of a client are in this state and have this label."""
    return await db.value(
        f"select count(*) from batch b where b.client_id = $1 and {plans.NOT_CHECK} {_FILTERED}",
        client,
        state,
        label,
    )


TO_PARTNERS = f"""cross join lateral (
  select count(*) filter (where t.code = {Code.PARTNER_REINVEST:d}) as partner_answers,
    coalesce(sum(case when t.debit = b.account_id then t.amount else -t.amount end), 0)::bigint as partners_spent
  from transfer t where b.partner_price > 0 and (
    t.debit = b.account_id and t.code in ({Code.PARTNER_EARN:d}, {Code.PARTNER_REINVEST:d})
    or t.credit = b.account_id and t.code in ({Code.PARTNER_CORRECTED:d}, {Code.REINVEST_CORRECTED:d}))) y2"""
"""A join with `batch b`: the answers that earned a partner its price, and the money spent on them.
"""

_FILTERED = "and ($2::text is null or b.state = $2) and ($3::jsonb is null or b.labels @> $3)"

_LIST = f"""
select b.id, b.labels, b.name, b.kind, b.instructions, b.options, b.languages, b.price, b.partner_price, b.currency, b.policy, b.policy_options,
  b.method, b.gold_rate, b.lease_s, b.pack_max, b.breadth, b.worker_max, b.worker_day_max, b.fields, b.state, b.reserved, b.created_at, b.started_at, b.closed_at,
  b.language, b.any_language, b.open, b.deadline, b.at_deadline, b.ends_at, b.rounds,
  {tallies.EARNED} as earned,
  case when (b.upload_until < now()) is not true then b.background end as background,
  (select coalesce(jsonb_agg(jsonb_build_object('currency', m.currency, 'messages', m.messages, 'segments', m.segments,
      'micro', m.micro) order by m.currency), '[]')
    from (select currency, sum(messages)::bigint as messages, sum(segments)::bigint as segments, sum(micro)::bigint as micro
      from message_bill where batch_id = b.id group by currency) m) as bills,
  -- the top-ups, or all that is kept back for them until they are decided
  (select y.topped_before + case when y.settled_at is null then y.reserve else y.topped_up - y.topped_before end from batch_pay y where y.batch_id = b.id)
    as kept_for_pay, c.*, partner_answers, partners_spent,
  {plans.SPENT} as checks_spent
from batch b {tallies.OF_BATCH} {TO_PARTNERS}
where b.client_id = $1 and {plans.NOT_CHECK}"""

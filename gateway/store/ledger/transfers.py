"""The ledger's rows: posting, and the audit that recomputes all figures from the transfers."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.base.ids import AccountId
from gateway.payments.ledger.chart_of_accounts import Code, Posting
from gateway.store.db import Connection, Database, Row
from gateway.store.ledger import day_sums
from gateway.store.turns import turns


async def post(db: Connection, posted: Posting, debit: AccountId, credit: AccountId) -> bool:
    """Post one transfer inside the caller's transaction. Return False when it was posted before."""
    return await db.value(
        "select post(p_id => $1, p_debit => $2, p_credit => $3, p_amount => $4, p_currency => $5, p_code => $6, p_cause => $7)",
        *turns.posting(posted, debit, credit).values(),
    )


async def post_all(db: Connection, booked: Sequence[tuple[Posting, AccountId, AccountId]]) -> int:
    """Post many transfers in one statement, and return how many were new.

    Their accounts are locked in the order of their ids.
    """
    rows = [
        (p.id, debit, credit, p.amount_minor, p.currency, int(p.code), p.cause)
        for p, debit, credit in booked
    ]
    return await db.value(
        "select post_all(p_ids => $1, p_debits => $2, p_credits => $3, p_amounts => $4, p_currencies => $5, p_codes => $6, p_causes => $7)",
        *(list(c) for c in zip(*rows, strict=True)),
    )


@dataclass(frozen=True, slots=True)
class Audit:
    """The result of a recomputation of the whole ledger.

    `faults` is empty when the ledger is correct. Amounts are in minor units. The sums are over all
    currencies, since they must be zero anyway.
    """

    transfers: int
    sum_minor: int
    in_transit_minor: int
    open_payouts_minor: int
    liabilities_minor: int
    faults: tuple[str, ...]


_OWED = ("worker_payable", "client_available", "batch_hold", "partner_payable", "reinvest_due")
"""The kinds of account with what the gateway owes; none of them may be below zero."""

_TAXES = """
select coalesce(o.country, b.owner) as country, coalesce(o.currency, b.currency) as currency,
  coalesce(o.owed, 0)::bigint as owed, coalesce(b.withheld, 0)::bigint as withheld
from (
  select p.country, p.currency, sum(x.amount) as owed from payout p, unnest(p.tax_amounts) as x(amount)
    where p.state not in ('failed', 'cancelled') and not (p.state = 'reversed' and exists (
      select from transfer t where t.code = 22 and t.cause = 'reversal_back:' || p.id))
    group by p.country, p.currency
) o full join (
  select a.owner, a.currency, sum(case when t.credit = a.id then t.amount else -t.amount end) as withheld
    from account a join transfer t on a.id in (t.debit, t.credit) where a.kind = 'tax_withheld' and t.code <> 33  -- 33: paid to the authority
    group by a.owner, a.currency
) b on (b.owner, b.currency) = (o.country, o.currency)"""
"""The query for the tax accounts: per country, the tax withheld according to the payouts, and the
sum that its account ever received for them.
"""

_BALANCES = """
select a.id, a.kind, a.owner, a.currency, a.bounded, a.balance as stored, coalesce(t.balance, 0)::bigint as balance
from account a left join (
  select id, sum(amount) as balance from (
    select credit as id, amount from transfer union all select debit, -amount from transfer) s group by id
) t on t.id = a.id"""


_PARTNER_PRICES = f"""
select split_part(t.cause, ':', 2) as assignment, sum(t.amount)::bigint as paid, min(b.partner_price) as price
from transfer t join account a on a.id = t.debit and a.kind = 'batch_hold' join batch b on b.id = a.owner
where t.code in ({Code.PARTNER_EARN:d}, {Code.PARTNER_REINVEST:d}) and split_part(t.cause, ':', 2) <> 'restored'
group by 1 having sum(t.amount) <> min(b.partner_price) or count(distinct t.credit) > 2 limit 20"""
"""The query for answers that paid a partner another price than their batch has."""


async def balances(db: Database) -> list[Row]:
    """Return every account with its stored balance and the sum of its transfers."""
    return await db.rows(_BALANCES)


async def audit(db: Database) -> Audit:
    """Recompute every balance from the transfers, and compare it with the stored sums.

    The sums that payouts and batches promise are compared as well, and the sums by day.
    """
    rows = await balances(db)
    transfers = await db.value("select count(*) from transfer")
    open_payouts = await db.value(
        "select coalesce(sum(amount), 0)::bigint from payout where settled_at is null"
    )
    unpaid = await db.rows(
        """select a.id from answer a left join transfer t on t.id = a.transfer_id and t.amount = a.price
           where t.id is null limit 20"""
    )
    faults = [
        f"account {r['id']} ({r['kind']}:{r['owner']}) stores {r['stored']}, its transfers make {r['balance']}"
        for r in rows
        if r["bounded"] and r["stored"] != r["balance"]
    ]
    faults += [
        f"account {r['id']} ({r['kind']}:{r['owner']}) is below zero: {r['balance']}"
        for r in rows
        if r["kind"] in (*_OWED, "payout_in_transit") and r["balance"] < 0
    ]
    faults += [f"answer {r['id']} has no earning of its price" for r in unpaid]
    faults += [
        f"taxes of {r['country']}: the account holds {r['withheld']}, the payouts say {r['owed']} {r['currency']}"
        for r in await db.rows(_TAXES)
        if r["withheld"] != r["owed"]
    ]
    faults += [
        f"answer of assignment {r['assignment']} paid {r['paid']} to a partner, its batch's price is {r['price']}"
        for r in await db.rows(_PARTNER_PRICES)
    ]
    faults += await day_sums.faults(db)
    in_transit = sum(r["balance"] for r in rows if r["kind"] == "payout_in_transit")
    total = sum(r["balance"] for r in rows)
    if total:
        faults.append(f"the ledger sums to {total}, not to 0")
    if in_transit != open_payouts:
        faults.append(f"in transit {in_transit}, but open payouts are {open_payouts}")
    return Audit(
        transfers=transfers,
        sum_minor=total,
        in_transit_minor=in_transit,
        open_payouts_minor=open_payouts,
        liabilities_minor=sum(r["balance"] for r in rows if r["kind"] in _OWED),
        faults=tuple(faults),
    )


async def open_account(
    db: Database, kind: str, owner: str, currency: str, *, bounded: bool
) -> AccountId:
    """Return the id of a ledger account, and open the account if there is none."""
    return AccountId(
        await db.value(
            """select open_account(
                 p_kind => $1, p_owner => $2, p_currency => $3, p_bounded => $4)""",
            kind,
            owner,
            currency,
            bounded,
        )
    )


async def balance_of(db: Connection, account: AccountId) -> int:
    """Return credits minus debits of an account, in minor units, summed up from its transfers."""
    return await db.value(
        """select coalesce(sum(case when credit = $1 then amount else -amount end), 0)::bigint
           from transfer where credit = $1 or debit = $1""",
        account,
    )

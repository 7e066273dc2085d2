"""The prices of partners that are given back, because the answers were found to be wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.base.ids import AccountId, AssignmentId, BatchId, ClientId
from gateway.payments.ledger.chart_of_accounts import Code
from gateway.store.db import Connection, Database
from gateway.workers.partners.corrections import OpenCorrection


@dataclass(frozen=True, slots=True)
class StandingAdjustment:
    """An adjustment of a worker's earning that stands, and was not looked at for her partner."""

    adjustment: int
    answer: int
    assignment: AssignmentId
    batch: BatchId


@dataclass(frozen=True, slots=True)
class PaidPrice:
    """A partner's price of an answer as the ledger holds it, in minor units."""

    partner: int
    currency: str
    payable_minor: int
    kept_minor: int


@dataclass(frozen=True, slots=True)
class CorrectedBatch:
    """A correction with the accounts to which its money goes back."""

    correction: OpenCorrection
    batch: BatchId
    times: int
    hold: AccountId
    is_over: bool
    """True when the batch is done or cancelled, so that the money goes on to its client."""
    client: ClientId
    available: AccountId


DUE = """exists (select from adjustment where partner_due and state in ('standing', 'done', 'dropped', 'void'))
  or exists (select from partner_correction k where k.taken < k.amount
    and (select j.state from adjustment j where j.answer_id = k.answer_id) in ('standing', 'done'))"""
"""The condition under which a correction may have to be opened or collected."""


async def not_looked_at(db: Connection, most: int) -> list[StandingAdjustment]:
    """Return standing adjustments that were not looked at yet, locked."""
    rows = await db.rows(
        """select j.id, j.answer_id, x.id as assignment, t.batch_id
           from adjustment j join answer a on a.id = j.answer_id join task t on t.id = a.task_id
             join assignment x on x.task_id = a.task_id and x.worker_id = a.worker_id
           where j.partner_due and j.state in ('standing', 'done') order by j.id limit $1 for update of j""",
        most,
    )
    return [
        StandingAdjustment(
            row["id"], row["answer_id"], AssignmentId(row["assignment"]), BatchId(row["batch_id"])
        )
        for row in rows
    ]


async def paid_price(db: Connection, transfers: Sequence[UUID]) -> PaidPrice | None:
    """Return the price that these transfers paid to a partner, or None when there are none."""
    row = await db.row(
        f"""select min(a.owner)::bigint as partner, min(t.currency) as currency,
             coalesce(sum(t.amount) filter (where t.code = {Code.PARTNER_EARN:d}), 0)::bigint as payable,
             coalesce(sum(t.amount) filter (where t.code = {Code.PARTNER_REINVEST:d}), 0)::bigint as kept
           from transfer t join account a on a.id = t.credit where t.id = any($1::uuid[])""",
        list(transfers),
    )
    if row is None or row["partner"] is None:
        return None
    return PaidPrice(row["partner"], row["currency"], row["payable"], row["kept"])


async def open_correction(db: Connection, found: StandingAdjustment, price: PaidPrice) -> bool:
    """Record that a price is to be given back. Return False when it was recorded before."""
    made = await db.value(
        """insert into partner_correction (answer_id, partner_id, batch_id, currency, amount, reinvest)
           values ($1, $2, $3, $4, $5, $6) on conflict (answer_id) do nothing returning true""",
        found.answer,
        price.partner,
        found.batch,
        price.currency,
        price.payable_minor + price.kept_minor,
        price.kept_minor,
    )
    return bool(made)


async def looked_at(db: Connection, adjustments: Sequence[int]) -> None:
    await db.execute(
        "update adjustment set partner_due = false where id = any($1::bigint[])", list(adjustments)
    )


async def debtors(db: Database) -> list[tuple[int, str]]:
    """Return the partners, each with a currency, that have a price to give back."""
    rows = await db.rows(
        """select distinct k.partner_id, k.currency from partner_correction k join adjustment j on j.answer_id = k.answer_id
           where k.taken < k.amount and j.state in ('standing', 'done') order by 1, 2"""
    )
    return [(row["partner_id"], row["currency"]) for row in rows]


async def waiting(db: Connection, partner: int, currency: str) -> list[CorrectedBatch]:
    """Return the corrections of a partner that are not collected yet, the oldest first.

    While the worker's appeal waits, nothing is collected.
    """
    rows = await db.rows(
        """select k.id, k.amount, k.reinvest, k.taken, k.reinvest_taken, k.times, k.batch_id, b.account_id as hold,
             b.state in ('done', 'cancelled') as is_over, b.client_id, c.account_id as available
           from partner_correction k join adjustment j on j.answer_id = k.answer_id and j.state in ('standing', 'done')
             join batch b on b.id = k.batch_id join client c on c.id = b.client_id
           where k.partner_id = $1 and k.currency = $2 and k.taken < k.amount order by k.id limit 1000""",
        partner,
        currency,
    )
    return [
        CorrectedBatch(
            OpenCorrection(
                row["id"], row["amount"], row["reinvest"], row["taken"], row["reinvest_taken"]
            ),
            BatchId(row["batch_id"]),
            row["times"],
            AccountId(row["hold"]),
            row["is_over"],
            ClientId(row["client_id"]),
            AccountId(row["available"]),
        )
        for row in rows
    ]


async def took(db: Connection, correction: int, payable_minor: int, kept_minor: int) -> None:
    """Record a part that was given back."""
    await db.execute(
        """update partner_correction set taken = taken + $2, reinvest_taken = reinvest_taken + $3,
             times = times + 1 where id = $1""",
        correction,
        payable_minor + kept_minor,
        kept_minor,
    )


async def owed_back(db: Database | Connection, partner: int, currency: str) -> int:
    """Return what a partner still has to give back, in minor units."""
    return await db.value(
        """select coalesce(sum(k.amount - k.taken), 0)::bigint from partner_correction k
             join adjustment j on j.answer_id = k.answer_id and j.state in ('standing', 'done')
           where k.partner_id = $1 and k.currency = $2""",
        partner,
        currency,
    )


@dataclass(frozen=True, slots=True)
class OwedToPartner:
    """A price that was given back and turned out to be right after all, in minor units."""

    correction: int
    partner: int
    batch: BatchId
    currency: str
    amount_minor: int
    hold: AccountId
    is_over: bool
    """True when the batch is done or cancelled, so that its client has the money."""
    client: ClientId
    available: AccountId
    available_minor: int


async def to_end(db: Database, most: int) -> list[tuple[int, int | None]]:
    """Return adjustments that do not stand any more, each with the correction that it caused."""
    rows = await db.rows(
        """select j.id, (select k.id from partner_correction k where k.answer_id = j.answer_id) as correction
           from adjustment j where j.partner_due and j.state in ('dropped', 'void') order by j.id limit $1""",
        most,
    )
    return [(row["id"], row["correction"]) for row in rows]


async def owed_to_partner(db: Connection, correction: int) -> OwedToPartner | None:
    """Return what is owed for a void correction, locked with its partner and the client's account.

    Return None where there is no such correction, or the adjustment stands.
    """
    await db.execute(
        """select from partner p where p.id = (select partner_id from partner_correction where id = $1)
           for no key update""",
        correction,
    )
    row = await db.row(
        """select k.id, k.partner_id, k.batch_id, k.currency, k.taken - k.returned as amount, b.account_id as hold,
             b.state in ('done', 'cancelled') as is_over, b.client_id, x.id as available, x.balance
           from partner_correction k join adjustment j on j.answer_id = k.answer_id and j.state in ('dropped', 'void')
             join batch b on b.id = k.batch_id join client c on c.id = b.client_id join account x on x.id = c.account_id
           where k.id = $1 for no key update of k, x""",
        correction,
    )
    if row is None:
        return None
    return OwedToPartner(
        correction=row["id"],
        partner=row["partner_id"],
        batch=BatchId(row["batch_id"]),
        currency=row["currency"],
        amount_minor=row["amount"],
        hold=AccountId(row["hold"]),
        is_over=row["is_over"],
        client=ClientId(row["client_id"]),
        available=AccountId(row["available"]),
        available_minor=row["balance"],
    )


async def end(db: Connection, correction: int, returned_minor: int) -> None:
    """End a correction that took nothing more, after the partner had `returned_minor` back."""
    await db.execute("delete from partner_correction where id = $1 and taken = 0", correction)
    await db.execute(
        """update partner_correction set returned = returned + $2, amount = taken, reinvest = least(reinvest, taken)
           where id = $1""",
        correction,
        returned_minor,
    )

"""The facts that a worker may know about her last payment, or about the one that she names."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.base.ids import WorkerId
from gateway.store.db import Database, Row
from gateway.store.ledger import traces


@dataclass(frozen=True, slots=True)
class Explained:
    """A payout with the answers that it pays."""

    payout: Row
    """The row of the payout."""
    answers: Sequence[tuple[int, int]]
    """The numbers of answers that it pays, each with their price."""


async def payment_explanation(db: Database, worker: WorkerId, ref: str | None) -> Explained | None:
    """Return the worker's payout with this reference, or the last one without a reference.

    Return None when she has no such payout.
    """
    payout = await db.row(
        """select p.ref, p.amount, p.tax_amounts, p.fee, p.state, p.receipt, p.settled_at, p.created_at, p.due_at,
             payout_waits(p.state, p.reason) as waits from payout p
           where p.worker_id = $1 and ($2::text is null or p.ref = $2) order by p.created_at desc limit 1""",
        worker,
        ref,
    )
    if payout is None:
        return None
    links = await traces.of_payout(db, payout["ref"])
    prices = {link.answer["answer"]: link.answer["price"] for link in links if link.answer}
    counted = Counter(prices.values())
    return Explained(payout, [(count, price) for price, count in counted.items()])


async def withdrawn_since(db: Database, worker: WorkerId, since: datetime) -> int:
    """Return the sum that a worker's payouts since then took from her balance.

    Payouts whose money went back to her balance are left out.
    """
    return await db.value(
        """select coalesce(sum(p.amount + p.fee + (select coalesce(sum(x), 0) from unnest(p.tax_amounts) x)), 0)::bigint
           from payout p where p.worker_id = $1 and p.created_at >= $2
             and p.state not in ('failed', 'cancelled', 'reversed')""",
        worker,
        since,
    )

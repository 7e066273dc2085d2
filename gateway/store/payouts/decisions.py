"""The decisions of persons about money, and the evidence about a payout that they see."""

from uuid import UUID

from gateway.store.db import Database, Row, translated


async def record_decision(
    db: Database, payout: UUID, *, paid: bool, receipt: str | None, person: int
) -> bool:
    """Record one person's decision, and return True when two persons have decided the same.

    Raises Conflict when the payout does not wait for a decision.
    """
    with translated():
        return await db.value(
            "select resolve_payout(p_payout => $1, p_paid => $2, p_receipt => $3, p_person => $4)",
            payout,
            paid,
            receipt,
            person,
        )


async def say_twice(db: Database, subject: str, says: str, payout: UUID, person: int) -> bool:
    """Record one person's decision about any subject concerning a payout.

    Return True when two persons have decided the same on the same evidence about the payout.
    """
    with translated():
        return await db.value(
            "select say_twice($1, $2, payout_evidence($3), $4)", subject, says, payout, person
        )


async def undecided_payouts(db: Database) -> list[Row]:
    """Return the payouts that need a person's decision, the oldest first."""
    return await db.rows(
        """select p.ref, p.provider, p.amount, p.currency, p.reason, p.first_sent_at, p.receipt, s.name as said_by, r.paid
           from payout p left join resolution r on r.payout_id = p.id left join person s on s.id = r.said_by
           where p.state = 'needs_human' order by p.first_sent_at"""
    )


async def events(db: Database, payout: UUID) -> list[Row]:
    return await db.rows(
        "select at, event, was, becomes, note from payout_event where payout_id = $1 order by id",
        payout,
    )


async def findings(db: Database, payout: UUID) -> list[Row]:
    return await db.rows(
        "select id, kind, receipt, amount, expected, explanation from discrepancy where payout_id = $1 order by id",
        payout,
    )


async def transfers(db: Database, payout: UUID) -> list[Row]:
    return await db.rows(
        "select seq, at, cause, amount, currency from transfer where cause like '%:' || $1 order by seq",
        str(payout),
    )

"""What persons said about money; a payout's evidence, for their eyes."""

from uuid import UUID

from gateway.store.db import Database, Row, translated


async def resolve(
    db: Database, payout: UUID, *, paid: bool, receipt: str | None, person: int
) -> bool:
    """One person's word; True when two people have said the same.

    Raises Conflict when the payout waits for nobody.
    """
    with translated():
        return await db.value(
            "select resolve_payout($1, $2, $3, $4)", payout, paid, receipt, person
        )


async def say_twice(db: Database, subject: str, says: str, payout: UUID, person: int) -> bool:
    """One person's word about anything; True when two have said the same of what is known of this payout."""
    with translated():
        return await db.value(
            "select say_twice($1, $2, payout_evidence($3), $4)", subject, says, payout, person
        )


async def waiting(db: Database) -> list[Row]:
    """Payouts that need a person, the oldest first."""
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

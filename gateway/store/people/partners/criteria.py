"""The findings about the criteria of partners. They are only ever added."""

from gateway.store.db import Connection, Database, Row
from gateway.workers.partners.criteria import CriterionFinding


async def add(db: Connection, partner: int, found: CriterionFinding) -> None:
    """Record a finding about a criterion."""
    await db.execute(
        """insert into partner_criterion (partner_id, criterion, met, figure, method, evidence, seen_on, checked_by)
           values ($1, $2, $3, $4, $5, $6, $7, $8)""",
        partner,
        found.criterion,
        found.met,
        found.figure,
        found.method,
        found.evidence,
        found.seen_on,
        found.checked_by,
    )


async def newest(db: Database | Connection, partner: int) -> list[CriterionFinding]:
    """Return the newest finding about each criterion of a partner."""
    rows = await db.rows(
        """select distinct on (criterion) criterion, met, figure, method, evidence, seen_on, checked_by
           from partner_criterion where partner_id = $1 order by criterion, id desc""",
        partner,
    )
    return [_found(row) for row in rows]


def _found(row: Row) -> CriterionFinding:
    return CriterionFinding(
        criterion=row["criterion"],
        met=row["met"],
        figure=row["figure"],
        method=row["method"],
        evidence=row["evidence"],
        seen_on=row["seen_on"],
        checked_by=row["checked_by"],
    )

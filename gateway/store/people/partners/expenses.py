"""The expenses that partners file, and the money that checked ones release."""

from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from gateway.base.errors import Refused
from gateway.store.db import Connection, Database, Row
from gateway.workers.partners.reinvestment import CheckedExpense, ExpenseKind


@dataclass(frozen=True, slots=True)
class NewExpense:
    """An expense as a partner files it."""

    partner: int
    kind: ExpenseKind
    spent_on: date
    amount_minor: int
    currency: str
    document: str
    sha256: bytes | None
    filed_by: str


@dataclass(frozen=True, slots=True)
class Expense:
    """An expense as it is stored. Amounts are in minor units."""

    id: int
    partner: int
    code: str
    kind: ExpenseKind
    spent_on: date
    amount_minor: int
    currency: str
    document: str
    sha256: bytes | None
    state: str
    filed_by: str
    filed_at: datetime
    checked_by: str | None
    checked_at: datetime | None
    reason: str
    released_minor: int


async def add(db: Connection, new: NewExpense) -> int:
    """Add an expense and return its id. Raises Refused where the document was filed before."""
    try:
        return await db.value(
            """insert into partner_expense (partner_id, kind, spent_on, amount, currency, document, document_sha256, filed_by)
               values ($1, $2, $3, $4, $5, $6, $7, $8) returning id""",
            new.partner,
            str(new.kind),
            new.spent_on,
            new.amount_minor,
            new.currency,
            new.document,
            new.sha256,
            new.filed_by,
        )
    except asyncpg.UniqueViolationError as bad:
        which = "file" if "sha256" in str(bad) else f"document {new.document!r}"
        raise Refused(
            f"this {which} was filed before; one document counts once", field="document", status=409
        ) from bad


_SELECT = """select e.*, p.code from partner_expense e join partner p on p.id = e.partner_id"""


async def locked(db: Connection, expense: int) -> Expense:
    """Return an expense, locked with its partner. Raises Refused when there is none."""
    await db.execute(
        """select from partner p where p.id = (select partner_id from partner_expense where id = $1)
           for no key update""",
        expense,
    )
    row = await db.row(f"{_SELECT} where e.id = $1", expense)
    if row is None:
        raise Refused(
            f"no expense {expense}; list all with: gateway partner expense list",
            field="expense",
            status=404,
        )
    return _expense(row)


async def listed(
    db: Database, code: str | None, first: date | None = None, last: date | None = None
) -> list[Expense]:
    """Return the expenses of one partner or of all, in the order in which they were filed."""
    rows = await db.rows(
        f"""{_SELECT} where ($1::text is null or p.code = upper($1)) and ($2::date is null or e.spent_on >= $2)
            and ($3::date is null or e.spent_on <= $3) order by e.id limit 10000""",
        code,
        first,
        last,
    )
    return [_expense(row) for row in rows]


async def decide(db: Connection, expense: int, state: str, by: str, reason: str) -> None:
    """Record that an expense was checked or refused."""
    await db.execute(
        """update partner_expense set state = $2, checked_by = $3, checked_at = now(), reason = $4
           where id = $1""",
        expense,
        state,
        by,
        reason,
    )


async def releasable(db: Connection, partner: int, currency: str) -> list[CheckedExpense]:
    """Return the checked expenses of a partner that have not released their whole amount yet."""
    rows = await db.rows(
        """select id, amount, released, releases from partner_expense
           where partner_id = $1 and currency = $2 and state = 'checked' and released < amount order by id""",
        partner,
        currency,
    )
    return [CheckedExpense(r["id"], r["amount"], r["released"], r["releases"]) for r in rows]


async def released(db: Connection, expense: int, amount_minor: int) -> None:
    await db.execute(
        """update partner_expense set released = released + $2, releases = releases + 1
           where id = $1""",
        expense,
        amount_minor,
    )


def _expense(row: Row) -> Expense:
    return Expense(
        id=row["id"],
        partner=row["partner_id"],
        code=row["code"],
        kind=ExpenseKind(row["kind"]),
        spent_on=row["spent_on"],
        amount_minor=row["amount"],
        currency=row["currency"],
        document=row["document"],
        sha256=row["document_sha256"],
        state=row["state"],
        filed_by=row["filed_by"],
        filed_at=row["filed_at"],
        checked_by=row["checked_by"],
        checked_at=row["checked_at"],
        reason=row["reason"],
        released_minor=row["released"],
    )

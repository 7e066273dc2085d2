"""The expenses of partners: filed, checked by another person, or refused.

A checked expense for training, salaries or the community releases money that was kept from the
partner's earnings.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from gateway.base.errors import Refused
from gateway.base.money import exact_amount
from gateway.base.text.strings import line
from gateway.steps.people.partners.money import settle
from gateway.steps.people.partners.words import author, reason_given
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection
from gateway.store.people import persons
from gateway.store.people.partners import expenses, profiles
from gateway.store.people.partners.expenses import Expense, NewExpense
from gateway.store.people.partners.profiles import PartnerChange
from gateway.workers.partners.reinvestment import check_expense, same_person

_DOCUMENT_MAX = 200
_FILE_BYTES_MAX = 50_000_000


@dataclass(frozen=True, slots=True)
class FiledExpense:
    """An expense as it is filed. `file` is the document itself, of which a digest is kept."""

    kind: str
    spent_on: date
    amount: str
    currency: str
    document: str
    file: Path | None = None


async def file_expense(rt: Runtime, code: str, given: FiledExpense, *, by: str) -> int:
    """File an expense of a partner and return its number.

    Raises Refused naming the wrong field, and for a document that was filed before.
    """
    filed_by = author(by)
    document = line(given.document, "document", _DOCUMENT_MAX, least=0)
    kind = check_expense(given.kind, document, given.spent_on, filed_by, rt.clock.now().date())
    amount_minor = exact_amount(given.amount, given.currency.upper())
    sha256 = _digest(given.file) if given.file else None
    async with rt.db.transaction() as db:
        partner = await profiles.locked(db, code)
        number = await expenses.add(
            db,
            NewExpense(
                partner.id,
                kind,
                given.spent_on,
                amount_minor,
                given.currency.upper(),
                document,
                sha256,
                filed_by,
            ),
        )
        change = PartnerChange(
            "expense",
            filed_by,
            f"document {document}",
            subject=str(number),
            becomes="filed",
            details={"kind": str(kind), "amount_minor": amount_minor},
        )
        await profiles.note(db, partner.id, change)
    return number


async def check_filed(
    rt: Runtime, number: int, *, by: str, key: str, because: str
) -> tuple[Expense, int]:
    """Confirm an expense in the name of another person, and release kept money for it.

    Return the expense as it was, and the released amount in minor units. Raises Refused for the
    person who filed it, for a wrong key, and for an expense that was decided before.
    """
    async with rt.db.transaction() as db:
        expense = await _waiting(db, number)
        await persons.person_of(db, by.strip(), key)
        if same_person(by, expense.filed_by):
            raise Refused(f"{by} filed this expense; another person must check it", field="by")
        await _decided(db, expense, "checked", by, because)
        _, released_minor = await settle(rt, db, expense.partner, expense.currency)
    return expense, released_minor


async def refuse_filed(rt: Runtime, number: int, *, by: str, key: str, because: str) -> Expense:
    """Refuse an expense, which then counts nowhere. Its document may be filed again."""
    async with rt.db.transaction() as db:
        expense = await _waiting(db, number)
        await persons.person_of(db, by.strip(), key)
        await _decided(db, expense, "refused", by, because)
    return expense


async def _waiting(db: Connection, number: int) -> Expense:
    expense = await expenses.locked(db, number)
    if expense.state != "filed":
        raise Refused(
            f"expense {number} was {expense.state} by {expense.checked_by} before", status=409
        )
    return expense


async def _decided(db: Connection, expense: Expense, state: str, by: str, because: str) -> None:
    reason = reason_given(because)
    await expenses.decide(db, expense.id, state, author(by), reason)
    change = PartnerChange(
        "expense", author(by), reason, subject=str(expense.id), was="filed", becomes=state
    )
    await profiles.note(db, expense.partner, change)


def _digest(file: Path) -> bytes:
    """Return the SHA-256 of a document. Raises Refused for a file that cannot be read."""
    try:
        if file.stat().st_size > _FILE_BYTES_MAX:
            raise Refused(f"{file} is larger than {_FILE_BYTES_MAX:,} bytes", field="file")
        return hashlib.sha256(file.read_bytes()).digest()
    except OSError as bad:
        raise Refused(f"{file} cannot be read: {bad.strerror}", field="file") from bad

"""The payouts that wait for a second person: the lists, and the persons who signed them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store.db import Connection, Database, Row

CODE_LENGTH = 12
_ITEMS = """
select p.ref, p.worker_id as worker, w.name, w.coordinator_id, p.to_tail, p.amount, p.currency, p.provider, p.state, p.created_at,
  not exists (select from payout g where g.worker_id = p.worker_id and g.created_at < p.created_at) as first
from approval_item i join payout p on p.id = i.payout_id join worker w on w.id = p.worker_id
where i.list_id = $1 order by p.currency, p.amount desc, p.ref"""


@dataclass(frozen=True, slots=True)
class UnapprovedPayout:
    """A payout that waits for approval."""

    ref: str
    amount: int
    currency: str
    provider: str
    created_at: datetime
    worker: int
    coordinator_id: int | None
    list: int | None


async def unapproved_payouts(db: Database) -> list[UnapprovedPayout]:
    """Return the payouts without an approval, the oldest first, each with its newest list."""
    rows = await db.rows(
        """select p.ref, p.amount, p.currency, p.provider, p.created_at, w.id as worker, w.coordinator_id,
             (select max(i.list_id) from approval_item i where i.payout_id = p.id) as list
           from payout p join worker w on w.id = p.worker_id
           where p.state = 'awaiting_approval' order by p.created_at"""
    )
    return [UnapprovedPayout(**row) for row in rows]


async def insert_list(db: Database, refs: Sequence[str], person: int) -> int:
    return await db.value(
        "select make_approval_list(p_refs => $1, p_person => $2)", list(refs), person
    )


async def approve_prepared(db: Connection, number: int, code: str, person: int) -> str:
    """Approve a list, and return "approved" or the reason why not.

    The reasons are unknown, already, same (person) and changed.
    """
    return await db.value(
        "select approve_list(p_list => $1, p_code => $2, p_person => $3)", number, code, person
    )


async def code(db: Database, number: int) -> str:
    """Return the code that the second person types. It changes with the content of the list."""
    return await db.value(
        "select left(encode(digest, 'hex'), $2) from approval_list where id = $1",
        number,
        CODE_LENGTH,
    )


@dataclass(frozen=True, slots=True)
class ApprovalItem:
    """A payout of a list for approval."""

    ref: str
    worker: int
    name: str
    coordinator_id: int | None
    to_tail: str
    amount: int
    currency: str
    provider: str
    state: str
    created_at: datetime
    first: bool


async def list_items(db: Database | Connection, number: int) -> list[ApprovalItem]:
    return [ApprovalItem(**row) for row in await db.rows(_ITEMS, number)]


async def signatures(db: Database, payout_ref: str) -> Row | None:
    """Return the persons who approved this payout, or None when it needed no approval."""
    return await db.row(
        """select l.id, a.name as made_by, b.name as approved_by, l.approved_at
           from approval_item i join approval_list l on l.id = i.list_id join payout p on p.id = i.payout_id
             join person a on a.id = l.made_by join person b on b.id = l.approved_by
           where p.ref = $1""",
        payout_ref,
    )

"""The invoices of partners: their items, reviews and payment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import asyncpg

from gateway.base.errors import Refused
from gateway.payments.ledger.chart_of_accounts import Code
from gateway.store.db import Connection, Database, Row
from gateway.workers.partners.invoices import InvoiceState


@dataclass(frozen=True, slots=True)
class InvoiceItem:
    """A line of an invoice: the transfers of one code between the partner and one batch."""

    code: Code
    batch: str
    transfers: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class NewInvoice:
    """An invoice before it is stored."""

    number: str
    partner: int
    currency: str
    first_day: date
    last_day: date
    items: tuple[InvoiceItem, ...]
    pay_currency: str
    pay_amount_minor: int
    rate: Decimal | None
    rate_on: date | None
    rate_source: str
    drafted_by: str

    @property
    def amount_minor(self) -> int:
        return sum(item.amount_minor for item in self.items)


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice as it is stored, with its items and reviewers. Amounts are in minor units."""

    id: int
    number: str
    partner: int
    code: str
    name: str
    currency: str
    first_day: date
    last_day: date
    amount_minor: int
    state: InvoiceState
    pay_currency: str
    pay_amount_minor: int
    rate: Decimal | None
    rate_on: date | None
    rate_source: str
    drafted_by: str
    drafted_at: datetime
    paid_way: str | None
    paid_reference: str | None
    paid_on: date | None
    items: tuple[InvoiceItem, ...]
    reviewers: tuple[str, ...]


_ITEMS = f"""
with booked as (
  select t.code, case when t.code = {Code.REINVEST_RELEASED:d} then '' else coalesce(h.owner, '') end as batch_id,
    count(*) as transfers, sum(s.sign * t.amount) as amount
  from account a cross join lateral (
      select id, 1 as sign from transfer where credit = a.id union all select id, -1 from transfer where debit = a.id) s
    join transfer t on t.id = s.id
    left join account h on h.id in (t.credit, t.debit) and h.kind = 'batch_hold'
  where a.kind = 'partner_payable' and a.owner = $1::bigint::text and a.currency = $2
    and t.code in ({Code.PARTNER_EARN:d}, {Code.REINVEST_RELEASED:d}, {Code.PARTNER_CORRECTED:d})
    and t.at < ($3::date + 1)::timestamp at time zone 'UTC'
  group by 1, 2),
invoiced as (
  select i.code, i.batch_id, sum(i.transfers) as transfers, sum(i.amount) as amount
  from partner_invoice_item i join partner_invoice v on v.id = i.invoice_id
  where v.partner_id = $1 and v.currency = $2 and v.state in ('draft', 'first_review', 'ready', 'paid')
  group by 1, 2)
select code, batch_id, (coalesce(b.transfers, 0) - coalesce(v.transfers, 0))::int as transfers,
  (coalesce(b.amount, 0) - coalesce(v.amount, 0))::bigint as amount
from booked b full join invoiced v using (code, batch_id)
where coalesce(b.amount, 0) <> coalesce(v.amount, 0) order by code, batch_id"""
"""The query for what the ledger holds for a partner up to a day and no living invoice shows yet.

A transfer that is committed late, with an earlier time, therefore stands on the next invoice.
"""


async def uninvoiced(
    db: Connection | Database, partner: int, currency: str, last: date
) -> tuple[InvoiceItem, ...]:
    """Return the items of a partner up to the end of a day (UTC) that no invoice shows yet."""
    return tuple(_item(row) for row in await db.rows(_ITEMS, partner, currency, last))


async def place(db: Connection, partner: int, currency: str) -> tuple[int, date | None]:
    """Return how many invoices a partner has had, and the last day of its last living one."""
    row = await db.row(
        """select count(*) as made, max(last_day) filter (
             where currency = $2 and state in ('draft', 'first_review', 'ready', 'paid')) as last_day
           from partner_invoice where partner_id = $1""",
        partner,
        currency,
    )
    assert row is not None
    return row["made"], row["last_day"]


async def add(db: Connection, new: NewInvoice) -> int:
    """Store a draft with its items, and return its id."""
    made: int = await db.value(
        """insert into partner_invoice (number, partner_id, currency, first_day, last_day, amount, pay_currency,
             pay_amount, rate, rate_on, rate_source, drafted_by)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning id""",
        new.number,
        new.partner,
        new.currency,
        new.first_day,
        new.last_day,
        new.amount_minor,
        new.pay_currency,
        new.pay_amount_minor,
        new.rate,
        new.rate_on,
        new.rate_source,
        new.drafted_by,
    )
    await db.execute_many(
        """insert into partner_invoice_item (invoice_id, code, batch_id, transfers, amount)
           values ($1, $2, $3, $4, $5)""",
        [(made, int(i.code), i.batch, i.transfers, i.amount_minor) for i in new.items],
    )
    return made


_SELECT = """
select i.*, p.code, p.name,
  (select coalesce(array_agg(w.name order by r.at), '{}') from partner_invoice_review r join person w on w.id = r.person_id
    where r.invoice_id = i.id) as reviewers,
  (select coalesce(jsonb_agg(jsonb_build_object('code', t.code, 'batch_id', t.batch_id, 'transfers', t.transfers,
      'amount', t.amount) order by t.code, t.batch_id), '[]') from partner_invoice_item t where t.invoice_id = i.id) as items
from partner_invoice i join partner p on p.id = i.partner_id"""


async def by_number(db: Database | Connection, number: str) -> Invoice:
    """Return the invoice with this number. Raises Refused when there is none."""
    row = await db.row(f"{_SELECT} where i.number = upper($1)", number)
    if row is None:
        raise Refused(
            f"no invoice {number!r}; list all with: gateway partner invoice list",
            field="invoice",
            status=404,
        )
    return _invoice(row)


async def locked(db: Connection, number: str) -> Invoice:
    """Return the invoice with this number, locked with its partner.

    Raises Refused when there is none.
    """
    await db.execute(
        """select from partner p where p.id = (select partner_id from partner_invoice where number = upper($1))
           for no key update""",
        number,
    )
    return await by_number(db, number)


async def listed(db: Database, code: str | None, *, unpaid: bool = False) -> list[Invoice]:
    """Return the invoices of one partner or of all, the oldest first."""
    rows = await db.rows(
        f"""{_SELECT} where ($1::text is null or p.code = upper($1))
            and (not $2 or i.state in ('draft', 'first_review', 'ready')) order by i.id limit 10000""",
        code,
        unpaid,
    )
    return [_invoice(row) for row in rows]


async def set_state(db: Connection, invoice: int, state: InvoiceState) -> None:
    await db.execute("update partner_invoice set state = $2 where id = $1", invoice, str(state))


async def review(db: Connection, invoice: int, person: int) -> None:
    """Record the review of one person. Raises Refused for a second one of the same person."""
    made = await db.value(
        """insert into partner_invoice_review (invoice_id, person_id) values ($1, $2)
           on conflict do nothing returning true""",
        invoice,
        person,
    )
    if not made:
        raise Refused(
            "this person reviewed the invoice already; another person must do it", field="by"
        )


async def reviewers_count(db: Connection, invoice: int) -> int:
    """Return how many reviewers of an invoice may still decide about money."""
    return await db.value(
        """select count(*) from partner_invoice_review
           where invoice_id = $1 and person_counts(person_id)""",
        invoice,
    )


async def set_paid(db: Connection, invoice: int, way: str, reference: str, on: date) -> None:
    """Set an invoice to paid. Raises Refused when the reference paid another invoice."""
    try:
        await db.execute(
            """update partner_invoice set state = 'paid', paid_by_way = $2, paid_reference = $3, paid_on = $4, paid_at = now()
               where id = $1""",
            invoice,
            way,
            reference,
            on,
        )
    except asyncpg.UniqueViolationError as bad:
        raise Refused(
            f"the {way} reference {reference!r} paid another invoice", field="reference", status=409
        ) from bad


def _item(row: Row) -> InvoiceItem:
    return InvoiceItem(Code(row["code"]), row["batch_id"], row["transfers"], row["amount"])


def _invoice(row: Row) -> Invoice:
    items: Sequence[Row] = row["items"]
    return Invoice(
        id=row["id"],
        number=row["number"],
        partner=row["partner_id"],
        code=row["code"],
        name=row["name"],
        currency=row["currency"],
        first_day=row["first_day"],
        last_day=row["last_day"],
        amount_minor=row["amount"],
        state=InvoiceState(row["state"]),
        pay_currency=row["pay_currency"],
        pay_amount_minor=row["pay_amount"],
        rate=row["rate"],
        rate_on=row["rate_on"],
        rate_source=row["rate_source"],
        drafted_by=row["drafted_by"],
        drafted_at=row["drafted_at"],
        paid_way=row["paid_by_way"],
        paid_reference=row["paid_reference"],
        paid_on=row["paid_on"],
        items=tuple(_item(item) for item in items),
        reviewers=tuple(row["reviewers"]),
    )

"""The payment of a month's tax to the authority, from the withheld tax to the bank.

It is never more than is owed for the month.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.base.errors import Refused
from gateway.base.money import amount_text, exact_amount
from gateway.payments.ledger import postings
from gateway.payments.ledger.chart_of_accounts import Account, AccountKind
from gateway.steps.runtime import Runtime
from gateway.store.db import Row
from gateway.store.ledger import transfers
from gateway.store.payouts import taxes
from gateway.store.payouts.taxes import TaxTotal


@dataclass(frozen=True, slots=True)
class TaxPayment:
    """A payment of tax.

    `is_new` is False where this reference was booked before and counts once.
    """

    amount_minor: int
    left_minor: int
    currency: str
    is_new: bool


async def hand_over(  # each argument is one word of the command
    rt: Runtime,
    country: str,
    name: str,
    year: int,
    month: int,
    reference: str,
    amount: str | None,
) -> TaxPayment:
    """Book a payment of tax; without `amount` (in major units) it is all that is owed.

    Raises Refused where less is owed, or where the reference was booked with another amount.
    """
    if not reference or any(c.isspace() or c == ":" for c in reference):
        raise Refused("say the payment's reference, without blanks and colons", field="reference")
    currency = _of(await taxes.of_month(rt.db, year, month), country, name, year, month).currency
    withheld = await rt.accounts.get(Account(AccountKind.TAX_WITHHELD, country, currency))
    bank = await rt.accounts.get(Account(AccountKind.CLIENT_CASH, "", currency))
    async with rt.db.transaction() as db:
        await taxes.one_at_a_time(db)
        rows = await taxes.of_month(db, year, month)
        total = _of(rows, country, name, year, month)
        before = [
            -row["amount"]
            for row in rows
            if (row["what"], row["country"], row["name"], row["ref"])
            == ("handed over", country, name, reference)
        ]
        minor = _minor(total, amount, before)
        if not before:
            period = f"{year}-{month:02}"
            posting = postings.tax_paid(country, name, period, reference, minor, total.currency)
            await transfers.post(db, posting, withheld, bank)
    left = total.owed_minor - (0 if before else minor)
    return TaxPayment(minor, left, total.currency, is_new=not before)


def _of(rows: Sequence[Row], country: str, name: str, year: int, month: int) -> TaxTotal:
    for one in taxes.totals(rows):
        if (one.country, one.name) == (country, name):
            return one
    raise Refused(f"nothing was withheld as {name} in {country} in {year}-{month:02}")


def _minor(total: TaxTotal, amount: str | None, before: list[int]) -> int:
    said = exact_amount(amount, total.currency) if amount else None
    if before:
        if said not in (None, before[0]):
            booked = amount_text(before[0], total.currency)
            raise Refused(f"this reference was booked with {booked}", field="reference")
        return before[0]
    minor = total.owed_minor if said is None else said
    if not 0 < minor <= total.owed_minor:
        owed = amount_text(max(0, total.owed_minor), total.currency)
        raise Refused(f"{owed} of {total.name} are owed for this month", field="amount")
    return minor

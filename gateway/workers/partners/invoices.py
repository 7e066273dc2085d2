"""The states of a partner's invoice, and its conversion into the currency of the payment. Pure.

An invoice is drafted from the ledger. Two different persons review it, and neither drafted it. It
is then ready, and paid once, against the reference of the bank or the provider. Before that it may
be rejected by a reviewer or cancelled. Its items may then be invoiced again.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from gateway.base.errors import Refused
from gateway.base.money import minor_per_major


class InvoiceState(StrEnum):
    """The state of an invoice."""

    DRAFT = "draft"
    FIRST_REVIEW = "first_review"
    READY = "ready"
    PAID = "paid"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class InvoiceEvent(StrEnum):
    """An event that changes an invoice's state."""

    REVIEW = "review"
    PAY = "pay"
    REJECT = "reject"
    CANCEL = "cancel"


_S, _E = InvoiceState, InvoiceEvent
NEXT: Mapping[tuple[InvoiceState, InvoiceEvent], InvoiceState] = {
    (_S.DRAFT, _E.REVIEW): _S.FIRST_REVIEW,
    (_S.FIRST_REVIEW, _E.REVIEW): _S.READY,
    (_S.READY, _E.PAY): _S.PAID,
    (_S.DRAFT, _E.REJECT): _S.REJECTED,
    (_S.FIRST_REVIEW, _E.REJECT): _S.REJECTED,
    (_S.DRAFT, _E.CANCEL): _S.CANCELLED,
    (_S.FIRST_REVIEW, _E.CANCEL): _S.CANCELLED,
    (_S.READY, _E.CANCEL): _S.CANCELLED,
}
"""The state after each event; an event that is not listed is refused."""

OPEN = frozenset({_S.DRAFT, _S.FIRST_REVIEW, _S.READY})
"""The states of an invoice that is not decided yet."""
LIVE = OPEN | {_S.PAID}
"""The states in which the items of an invoice count as invoiced."""

_RATE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,10})?")


def next_state(state: InvoiceState, event: InvoiceEvent) -> InvoiceState:
    """Return the state after an event. Raises Refused for an event that is not allowed.

    >>> next_state(InvoiceState.DRAFT, InvoiceEvent.REVIEW)
    <InvoiceState.FIRST_REVIEW: 'first_review'>
    """
    found = NEXT.get((state, event))
    if found is None:
        allowed = sorted(str(e) for s, e in NEXT if s is state)
        may = f"it allows {', '.join(allowed)}" if allowed else "nothing more can happen to it"
        raise Refused(f"the invoice is {state.replace('_', ' ')}: {may}", field="invoice")
    return found


def parse_rate(text: str) -> Decimal:
    """Return an exchange rate. Raises Refused for anything but a positive decimal number.

    >>> parse_rate("0.0077")
    Decimal('0.0077')
    """
    if not _RATE.fullmatch(text.strip()) or not (rate := Decimal(text.strip())):
        raise Refused(f"{text!r} is no rate; write it like 0.0077", field="rate")
    return rate


def converted(amount_minor: int, currency: str, rate: Decimal, pay_currency: str) -> int:
    """Return an amount in another currency, in minor units, rounded half to even.

    `rate` is what one major unit of `currency` costs in major units of `pay_currency`.

    >>> converted(1_000_00, "KES", Decimal("0.0077"), "USD")
    770
    """
    major = Decimal(amount_minor) / minor_per_major(currency) * rate
    return int((major * minor_per_major(pay_currency)).to_integral_value(ROUND_HALF_EVEN))


def check_rate(
    currency: str, pay_currency: str, rate: Decimal | None, rate_on: date | None, today: date
) -> None:
    """Raise Refused unless an exchange rate with its day is given exactly where one is needed."""
    minor_per_major(pay_currency)
    if pay_currency == currency:
        if rate is not None or rate_on is not None:
            raise Refused(f"the invoice is paid in {currency} itself, without a rate", field="rate")
        return
    if rate is None or rate_on is None:
        raise Refused(
            f"an invoice in {currency} paid in {pay_currency} needs a rate, and the day of the rate",
            field="rate" if rate is None else "rate_on",
        )
    if rate_on > today:
        raise Refused(f"{rate_on} has not come yet", field="rate_on")

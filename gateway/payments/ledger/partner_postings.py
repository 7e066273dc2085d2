"""The postings of a partner's money: what it earns, reinvests, is paid and gives back.

A client may pay a partner a price for each accepted answer of the partner's workers. At least
`REINVEST_PERCENT` of each price is kept apart until the partner has shown a checked expense for
training, salaries or its community (decision 66).

>>> [(p.code.name, p.amount_minor) for p in earn(AssignmentId(7), BatchId("b_1"), 3, 101, "KES")]
[('PARTNER_EARN', 60), ('PARTNER_REINVEST', 41)]
"""

from gateway.base.ids import AssignmentId, BatchId, ClientId
from gateway.payments.ledger.chart_of_accounts import Code, Posting, posting
from gateway.workers.partners.reinvestment import split_price


def earn(
    assignment: AssignmentId, batch: BatchId, partner: int, price_minor: int, currency: str
) -> tuple[Posting, ...]:
    """Book a partner's price of an accepted answer, once per assignment."""
    payable_minor, reinvest_minor = split_price(price_minor)
    parts = ((Code.PARTNER_EARN, payable_minor), (Code.PARTNER_REINVEST, reinvest_minor))
    return tuple(
        posting(code, (assignment,), batch, str(partner), part_minor, currency)
        for code, part_minor in parts
        if part_minor
    )


def release(expense: int, nth: int, partner: int, amount_minor: int, currency: str) -> Posting:
    """Make money that was due for reinvestment payable, because an expense was checked.

    `nth` counts the parts of one expense, since later earnings may release the rest of it.
    """
    cause = (expense, nth)
    return posting(
        Code.REINVEST_RELEASED, cause, str(partner), str(partner), amount_minor, currency
    )


def paid(invoice: int, partner: int, amount_minor: int, currency: str) -> Posting:
    """Book that an invoice was paid from the bank, once per invoice."""
    return posting(Code.PARTNER_PAID, (invoice,), str(partner), "", amount_minor, currency)


def paid_out(invoice: int, partner: int, amount_minor: int, currency: str) -> Posting:
    """Book that an invoice was paid by a mobile-money provider, once per invoice.

    The provider's statement shows the same money as `unmatched_out`, which this evens out.
    """
    return posting(
        Code.PARTNER_PAID_OUT, (invoice,), str(partner), "unmatched_out", amount_minor, currency
    )


def correct(
    decision: str, batch: BatchId, partner: int, parts_minor: tuple[int, int], currency: str
) -> tuple[Posting, ...]:
    """Give a partner's price back to the batch, because its answer was found to be wrong.

    The parts are what comes from the payable money and from the money due for reinvestment.
    """
    codes = (Code.PARTNER_CORRECTED, Code.REINVEST_CORRECTED)
    return tuple(
        posting(code, (decision,), str(partner), batch, part_minor, currency)
        for code, part_minor in zip(codes, parts_minor, strict=True)
        if part_minor
    )


def corrected_to_client(
    decision: str, batch: BatchId, client: ClientId, amount_minor: int, currency: str
) -> Posting:
    """Give a corrected price of a closed batch on to its client."""
    return posting(Code.RELEASE, (batch, decision), batch, client, amount_minor, currency)


def restore(
    correction: int, batch: BatchId, partner: int, amount_minor: int, currency: str
) -> tuple[Posting, ...]:
    """Pay a partner its corrected price again, because the answer was right after all."""
    payable_minor, reinvest_minor = split_price(amount_minor)
    parts = ((Code.PARTNER_EARN, payable_minor), (Code.PARTNER_REINVEST, reinvest_minor))
    return tuple(
        posting(code, ("restored", correction), batch, str(partner), part_minor, currency)
        for code, part_minor in parts
        if part_minor
    )

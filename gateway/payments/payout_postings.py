"""The postings of one payout: its amount, its taxes and its fee, there and back."""

from gateway.payments.ledger import postings
from gateway.payments.ledger.chart_of_accounts import Code, Posting
from gateway.payments.payout import Happened, Payout, StatusAnswered


def postings_of(
    payout: Payout, code: Code | None, happened: Happened, worker_balance_minor: int
) -> tuple[Posting, ...]:
    p, amount_minor, currency = payout, payout.amount_minor, payout.currency
    fee_minor = happened.status.fee_minor if isinstance(happened, StatusAnswered) else None
    charge = (postings.charge(p.id, p.provider, fee_minor, currency),) if fee_minor else ()
    match code:
        case None:
            return ()
        case Code.HOLD:
            return held(p)
        case Code.SETTLE:
            return (postings.settle_payout(p.id, p.provider, amount_minor, currency), *charge)
        case Code.PAYOUT_FAILED:
            return (postings.payout_failed(p.id, p.worker, amount_minor, currency), *_undone(p))
        case Code.LATE_PAID:
            late = postings.late_paid(
                p.id,
                p.worker,
                p.provider,
                amount_minor,
                currency,
                balance_minor=worker_balance_minor,
            )
            return (*late, *_late_taxes(p, worker_balance_minor - amount_minor), *charge)
        case Code.REVERSED:
            return (postings.reversed_by_operator(p.id, p.provider, amount_minor, currency),)
        case _:
            raise AssertionError(f"{code.name} is no payout's posting")


def held(p: Payout) -> tuple[Posting, ...]:
    """Return the postings of all that leaves the worker's balance for the payout.

    That is the amount which is sent, its taxes, and the fee where the worker bears it.
    """
    hold = postings.hold_amount(p.id, p.worker, p.amount_minor, p.currency)
    taxes = (postings.tax(p.id, p.worker, p.country, name, m, p.currency) for name, m in p.taxes)
    if not p.fee_minor:
        return (hold, *taxes)
    return (hold, *taxes, postings.worker_fee(p.id, p.worker, p.provider, p.fee_minor, p.currency))


def reversal_undone(p: Payout) -> tuple[Posting, ...]:
    """Return the postings of taxes and fee for a reversal that was given back to the worker."""
    taxes = (
        postings.reversal_tax(p.id, p.worker, p.country, name, m, p.currency) for name, m in p.taxes
    )
    # A payout that was paid late bears no fee of the worker any more. Its fee was given back then,
    # and the same id counts once.
    return (*taxes, *_fee_undone(p))


def _undone(p: Payout) -> tuple[Posting, ...]:
    taxes = (
        postings.tax_back(p.id, p.worker, p.country, name, m, p.currency) for name, m in p.taxes
    )
    return (*taxes, *_fee_undone(p))


def _fee_undone(p: Payout) -> tuple[Posting, ...]:
    if not p.fee_minor:
        return ()
    return (postings.fee_back(p.id, p.worker, p.provider, p.fee_minor, p.currency),)


def _late_taxes(p: Payout, left_minor: int) -> tuple[Posting, ...]:
    """Return the taxes that are due on a payout which was paid after all.

    The fee was given back to the worker and stays with her.
    """
    made: list[Posting] = []
    for name, minor in p.taxes:
        made += postings.late_tax(
            p.id, p.worker, p.country, name, minor, p.currency, balance_minor=left_minor
        )
        left_minor -= minor
    return tuple(made)

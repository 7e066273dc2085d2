"""The command WHY: what a payment was for, or how one of the worker's answers came out.

It concerns only what is the worker's own. Any other reference is unknown.
"""

from gateway.base.money import amount_text
from gateway.conversation.context import Context
from gateway.conversation.facts import Turn
from gateway.conversation.money.answer_text import answer_text
from gateway.conversation.notices import less_words
from gateway.conversation.parsed_sms import ParsedSms
from gateway.conversation.situation import PaymentView, WorkerView

_PRICES_MAX = 2
REF_LENGTH = 6


def ref_said(rest: str) -> str | None:
    """Return the reference after WHY, or None when the worker asks for her last payment.

    >>> ref_said(" p7k-2qx? "), ref_said("")
    ('P7K2QX', None)
    """
    said = "".join(c for c in rest.upper() if c.isalnum())[: REF_LENGTH * 2]
    return said or None


def why(context: Context, worker: WorkerView, heard: ParsedSms) -> Turn:
    return Turn((), explain_payment(context, worker, ref_said(heard.rest)))


def explain_payment(context: Context, worker: WorkerView, ref: str | None) -> str:  # noqa: PLR0911  # one return per outcome
    """Return one segment about the payment or answer that was asked for, or the last payment."""
    payment = context.situation.payment
    if payment is None and (found := context.situation.explained):
        return answer_text(context, worker, found)
    if payment is None:
        return context.say("why.unknown", ref=ref[:REF_LENGTH]) if ref else context.say("why.none")
    told = {
        "ref": payment.ref,
        "amount": amount_text(payment.amount_minor, worker.currency),
        "day": payment.day,
    }
    less = less_words(context.book, payment.tax_minor, payment.fee_minor, worker.currency)
    match payment.fate:
        case "failed":
            return context.say("why.failed", **told)
        case "reversed":
            return context.say("why.reversed", ref=told["ref"], amount=told["amount"])
        case "waits":
            told = {"ref": told["ref"], "amount": told["amount"], "day": payment.until}
            return context.say(payment.waits, **told)
        case "on_way":
            told = context.say("why.on_way", **told, list=_list(payment, worker.currency))
            return f"{told} {less}".rstrip()
        case "paid":
            listed = _list(payment, worker.currency)
            told = context.say("why.paid", **told, receipt=payment.receipt, list=listed)
            return f"{told} {less}".rstrip()


def _list(payment: PaymentView, currency: str) -> str:
    """Return `20 x KES 5, 1 x KES 3, +4`.

    These are the most frequent prices, and the number of other answers.
    """
    groups = sorted(payment.answers, reverse=True)
    told = [f"{count} x {amount_text(price, currency)}" for count, price in groups[:_PRICES_MAX]]
    more = sum(count for count, _ in groups[_PRICES_MAX:])
    return ", ".join([*told, f"+{more}"] if more else told) or "-"

"""WHY and APPEAL: what a payment was for, and that she does not agree. Only what is hers; any other reference is unknown."""

from gateway.conversation.facts import Appealed, Turn
from gateway.conversation.heard import Heard
from gateway.conversation.notices import less_words
from gateway.conversation.situation import Payment, WorkerView
from gateway.conversation.talk import Talk
from gateway.conversation.waiting import TOLD
from gateway.money import amount_text

_PRICES_MAX = 2
REF_LENGTH = 6


def ref_said(rest: str) -> str | None:
    """The reference after WHY, None when she asks for her last payment.

    >>> ref_said(" p7k-2qx? "), ref_said("")
    ('P7K2QX', None)
    """
    said = "".join(c for c in rest.upper() if c.isalnum())[: REF_LENGTH * 2]
    return said or None


def why(talk: Talk, worker: WorkerView, heard: Heard) -> Turn:
    return Turn((), explain(talk, worker, ref_said(heard.rest)))


def explain(talk: Talk, worker: WorkerView, ref: str | None) -> str:
    """One segment about `talk.situation.payment`: the one that was asked for, or the last."""
    payment = talk.situation.payment
    if payment is None:
        return talk.say("why.unknown", ref=ref[:REF_LENGTH]) if ref else talk.say("why.none")
    told = {
        "ref": payment.ref,
        "amount": amount_text(payment.amount_minor, worker.currency),
        "day": payment.day,
    }
    less = less_words(talk.book, payment.tax_minor, payment.fee_minor, worker.currency)
    match payment.fate:
        case "failed":
            return talk.say("why.failed", **told)
        case "reversed":
            return talk.say("why.reversed", ref=told["ref"], amount=told["amount"])
        case "waits":
            told = {"ref": told["ref"], "amount": told["amount"], "day": payment.until}
            return talk.say(TOLD[payment.waits], **told)
        case "on_way":
            told = talk.say("why.on_way", **told, list=_list(payment, worker.currency))
            return f"{told} {less}".rstrip()
        case "paid":
            listed = _list(payment, worker.currency)
            told = talk.say("why.paid", **told, receipt=payment.receipt, list=listed)
            return f"{told} {less}".rstrip()


def appeal(talk: Talk, heard: Heard) -> Turn:
    """APPEAL: she does not agree with an adjustment of hers. Saying it twice is saying it once."""
    ref = ref_said(heard.rest)
    if ref is None or talk.situation.appealable != ref:
        return Turn((), talk.say("appeal.unknown"))
    return Turn((Appealed(ref),), talk.say("appeal.taken", ref=ref))


def _list(payment: Payment, currency: str) -> str:
    """`20 x KES 5, 1 x KES 3, +4`: the most frequent prices, and how many answers more."""
    groups = sorted(payment.answers, reverse=True)
    told = [f"{count} x {amount_text(price, currency)}" for count, price in groups[:_PRICES_MAX]]
    more = sum(count for count, _ in groups[_PRICES_MAX:])
    return ", ".join([*told, f"+{more}"] if more else told) or "-"

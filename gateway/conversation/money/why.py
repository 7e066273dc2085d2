"""The commands WHY and APPEAL: what a payment was for, and that the worker disputes an adjustment.

They concern only what is the worker's own. Any other reference is unknown.
"""

from gateway.base.money import amount_text
from gateway.conversation.context import Context
from gateway.conversation.facts import Appealed, Turn
from gateway.conversation.notices import less_words
from gateway.conversation.parsed_sms import ParsedSms
from gateway.conversation.situation import PaymentView, WorkerView, WrongAnswer
from gateway.gsm.septets import segments

_PRICES_MAX = 2
_CASES_SHOWN_MAX = 4
# The least and the most characters of a question that are repeated.
_WORDS_MIN, _WORDS_MAX = 16, 70
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
    """Return one segment about the payment that was asked for, or about the last one."""
    payment = context.situation.payment
    if payment is None and (wrong := context.situation.wrong_answer):
        return _wrong_answer(context, worker, wrong)
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


def appeal(context: Context, heard: ParsedSms) -> Turn:
    """Answer APPEAL: the worker disputes an adjustment of hers.

    Saying it twice has the effect of saying it once.
    """
    ref, open_refs = ref_said(heard.rest), context.situation.appeals_open
    if ref is None and len(open_refs) > 1:
        return Turn((), context.say("appeal.which", list=", ".join(open_refs[:_CASES_SHOWN_MAX])))
    if ref is None and open_refs:
        (ref,) = open_refs  # There is only one that the worker can mean.
    elif ref is None or context.situation.appealable != ref:
        return Turn((), context.say("appeal.unknown"))
    office = context.situation.appeal_goes_to_office
    return Turn(
        (Appealed(ref),), context.say("appeal.taken_office" if office else "appeal.taken", ref=ref)
    )


def _wrong_answer(context: Context, worker: WorkerView, wrong: WrongAnswer) -> str:
    """Return the text about the answer of a case.

    It shows as much of question and answer as fits one SMS.
    """
    told = {"ref": wrong.ref, "amount": amount_text(wrong.amount_minor, worker.currency)}
    text = ""
    for length in range(_WORDS_MAX, _WORDS_MIN, -1):
        text = context.say(
            "why.answer",
            question=_shortened(wrong.question, length),
            answer=_shortened(wrong.answer, length // 2),
            **told,
        )
        if segments(text) == 1:
            return text
    return text


def _shortened(text: str, length: int) -> str:
    """Return a text of at most `length` characters, whose end shows that it goes on."""
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[: length - 2].rstrip()}.."


def _list(payment: PaymentView, currency: str) -> str:
    """Return `20 x KES 5, 1 x KES 3, +4`.

    These are the most frequent prices, and the number of other answers.
    """
    groups = sorted(payment.answers, reverse=True)
    told = [f"{count} x {amount_text(price, currency)}" for count, price in groups[:_PRICES_MAX]]
    more = sum(count for count, _ in groups[_PRICES_MAX:])
    return ", ".join([*told, f"+{more}"] if more else told) or "-"

"""The balance and the cash-out: what can be paid now, and the reply when it cannot.

SMS and USSD share it.
"""

import re
from dataclasses import dataclass, replace

from gateway.base.errors import Refused
from gateway.base.money import amount_text, parse_amount, read_amount, typed_amount, whole_units
from gateway.conversation.context import Context, money, open_question
from gateway.conversation.facts import PayAsked, Turn
from gateway.conversation.notices import less_words
from gateway.conversation.parsed_sms import ParsedSms
from gateway.conversation.situation import Cash, WorkerView
from gateway.conversation.work.multi_question import current_questions
from gateway.gsm.segments import segments
from gateway.phrases import Phrasebook

# In an SMS, 1,000 is a thousand. The gateway asks about 1.000.
_THOUSANDS = re.compile(r"\d,\d{3}(?!\d)")


@dataclass(frozen=True, slots=True)
class CashOutRefusal:
    """The reason why nothing is paid: a phrase and its values."""

    key: str
    """The key of the phrase."""
    values: dict[str, str]
    """The values that the phrase names."""
    instead: PayAsked | None = None
    """The payout that the reply advises, where the reason is a fee: a little less, for a smaller
    fee.
    """


def decide_cash_out(  # noqa: C901, PLR0911, PLR0912  # a list of reasons, in the order they are told
    context: Context, worker: WorkerView, asked_minor: int | None, *, airtime: bool = False
) -> PayAsked | CashOutRefusal:
    """Return the payout to ask for, or the reason why there is none.

    It is a payout of all that is payable, or of `asked_minor`.
    """
    cash = context.situation.cash
    if airtime and cash:
        cash = replace(
            cash,
            payable_minor=cash.airtime_minor,
            minimum_minor=cash.airtime_minimum_minor,
            deductions=cash.airtime_deductions,
            new_ref=cash.new_ref if cash.airtime_minimum_minor else "",
        )

    def text(minor: int) -> str:
        return amount_text(minor, worker.currency)

    have = text(worker.balance_minor)
    if cash and cash.open_ref:
        told = {"amount": text(cash.open_minor), "ref": cash.open_ref}
        if cash.open_waits:
            return CashOutRefusal(cash.open_waits, {**told, "day": cash.open_day})
        return CashOutRefusal("pay.open", told)
    if worker.balance_minor <= 0:
        return CashOutRefusal("pay.nothing", {})
    if cash is None or not cash.new_ref:
        return CashOutRefusal("pay.unavailable", {"amount": have})
    if cash.payable_minor <= 0:
        if worker.balance_minor < cash.minimum_minor and cash.airtime_minor and not airtime:
            values = {"amount": have, "minimum": text(cash.minimum_minor)}
            return CashOutRefusal("pay.minimum_airtime", values)
        if worker.balance_minor < cash.minimum_minor:
            return CashOutRefusal(
                "pay.minimum", {"amount": have, "minimum": text(cash.minimum_minor)}
            )
        return CashOutRefusal("pay.unavailable", {"amount": have})
    if cash.deductions:
        return _less(cash, worker, asked_minor, airtime=airtime)
    if asked_minor is None:
        return PayAsked(cash.payable_minor, cash.new_ref, airtime)
    if asked_minor > cash.payable_minor:
        return CashOutRefusal("pay.too_much", {"asked": text(asked_minor), "amount": text(cash.payable_minor)})  # fmt: skip
    if asked_minor < cash.minimum_minor:
        return CashOutRefusal("pay.below", {"asked": text(asked_minor), "minimum": text(cash.minimum_minor)})  # fmt: skip
    if asked_minor != whole_units(asked_minor, worker.currency):
        return CashOutRefusal("pay.bad_amount", {})
    return PayAsked(asked_minor, cash.new_ref, airtime)


def _less(
    cash: Cash, worker: WorkerView, asked_minor: int | None, *, airtime: bool
) -> PayAsked | CashOutRefusal:
    """Return the payout of a withdrawal with deductions, or the reason why there is none.

    The requested amount leaves the worker's balance. The sent amount is smaller by its taxes and by
    the fee that the worker bears.
    """
    assert cash.deductions is not None

    def text(minor: int) -> str:
        return amount_text(minor, worker.currency)

    most_minor = min(worker.balance_minor, cash.maximum_minor)
    most_minor = cash.payable_minor if airtime else most_minor
    wanted_minor = most_minor if asked_minor is None else asked_minor
    if wanted_minor > most_minor:
        return CashOutRefusal(
            "pay.too_much", {"asked": text(wanted_minor), "amount": text(most_minor)}
        )
    found = cash.deductions.withdrawal(wanted_minor)
    least = text(cash.minimum_minor)
    if found.amount_minor < cash.minimum_minor and asked_minor is None:
        return CashOutRefusal("pay.minimum", {"amount": text(found.amount_minor), "minimum": least})
    if found.amount_minor < cash.minimum_minor:
        return CashOutRefusal("pay.below", {"asked": text(wanted_minor), "minimum": least})
    asked = PayAsked(found.amount_minor, cash.new_ref, airtime, found)
    less = cash.deductions.cheaper(found) if asked_minor is None and not airtime else None
    if less is None or less.amount_minor < cash.minimum_minor:
        return asked
    told = {
        "low": typed_amount(less.taken_minor, worker.currency),
        "less": text(less.amount_minor),
        "low_fee": text(less.fee_minor),
        "high": typed_amount(found.taken_minor, worker.currency),
        "more": text(found.amount_minor),
        "high_fee": text(found.fee_minor),
    }
    return CashOutRefusal(
        "pay.cliff", told, PayAsked(less.amount_minor, cash.new_ref, airtime, less)
    )


def amount_said(text: str, currency: str) -> int | None:
    """Return the minor units of an amount as workers type it, or None when it is not plainly one.

    >>> amount_said("Ksh 1,000/=", "KES"), amount_said("100 bob please", "KES")
    (100000, None)
    """
    try:
        return parse_amount(text, currency)
    except Refused:
        pass
    try:
        minor = read_amount(text, currency, ".") if _THOUSANDS.search(text) else 0
    except Refused:
        return None
    return minor if minor > 0 else None


def pay(context: Context, worker: WorkerView, heard: ParsedSms) -> Turn:
    """Answer PAY or AIRTIME, alone or with an amount."""
    everything = heard.alone
    asked = None if everything else amount_said(heard.rest, worker.currency)
    if not everything and asked is None:
        return Turn((), context.say("pay.bad_amount"))
    decided = by_sms(context, worker, asked, airtime=heard.command == "airtime")
    if isinstance(decided, CashOutRefusal):
        return Turn((), context.say(decided.key, **decided.values))
    return Turn((decided,), promise(context, worker, decided))


def by_sms(
    context: Context, worker: WorkerView, asked_minor: int | None, *, airtime: bool = False
) -> PayAsked | CashOutRefusal:
    """Decide as `decide` does, for an SMS, in which no PIN can be typed.

    For more than what may be paid without a PIN, the worker must dial.
    """
    decided = decide_cash_out(context, worker, asked_minor, airtime=airtime)
    pin, dial = context.situation.pin, context.situation.service_code
    if isinstance(decided, CashOutRefusal) or not pin or not pin.known or not dial:
        return decided
    if decided.amount_minor <= pin.free_minor:
        return decided
    free = amount_text(pin.free_minor, worker.currency)
    return CashOutRefusal("pay.dial_for_pin", {"amount": free, "service_code": dial})


def promise(context: Context, worker: WorkerView, asked: PayAsked) -> str:
    """Return the words that the worker's money goes out now.

    They are the last line of their message, because the outcome may later take its place.
    """
    amount = amount_text(asked.amount_minor, worker.currency)
    told = context.say("pay.asked", amount=amount, ref=asked.ref)
    return f"{told} {less}" if (less := withheld(context.book, asked, worker.currency)) else told


def withheld(book: Phrasebook, asked: PayAsked, currency: str) -> str:
    taken = asked.withdrawal
    return less_words(book, taken.tax_minor, taken.fee_minor, currency) if taken else ""


def _answer_example(context: Context) -> str:
    """Return an example of a clear answer to the open question.

    It is a number, or a number and a letter.
    """
    items = [
        item.number for item in current_questions(context.situation) if item.last and item.held.open
    ]
    return f"{items[0]}A" if items else "2"


def balance(context: Context, worker: WorkerView, *, by_sms: bool) -> str:
    """Return the balance, whether it can be paid, and the payout that is on its way.

    `by_sms` is True when the reply names the word to text.
    """
    cash = context.situation.cash
    have = money(worker)
    if cash and cash.payable_minor > 0 and not cash.open_ref and by_sms:
        text = context.say("balance.has", amount=have)
        held = open_question(context.situation)
        if worker.state == "active" and held and held.question.options:
            text = f"{text} {context.say('balance.with_answer', example=_answer_example(context))}"
    elif cash and worker.balance_minor < cash.minimum_minor:
        minimum = amount_text(cash.minimum_minor, worker.currency)
        text = context.say("balance.small", amount=have, minimum=minimum)
    else:
        text = context.say("balance.only", amount=have)
    if cash and cash.open_ref:
        on_way = amount_text(cash.open_minor, worker.currency)
        fate = "balance.waits" if cash.open_waits else "balance.on_way"
        text = f"{text} {context.say(fate, amount=on_way, ref=cash.open_ref)}"
    if context.situation.refunded_minor:
        refunded = amount_text(context.situation.refunded_minor, worker.currency)
        longer = f"{text} {context.say('balance.refunded', amount=refunded)}"
        text = longer if segments(longer) == segments(text) else text
    return text

"""Messages that steps send on their own account, each one SMS."""

from datetime import datetime

from gateway.conversation.talk import NAME_MAX, short_name
from gateway.money import amount_text
from gateway.phrases import Phrasebook


def invitation(book: Phrasebook, name: str, coordinator: str) -> str:
    """The first SMS to somebody whom `coordinator` enrolled, in the language of `book` (hers)."""
    return book.say("invite.sms", name=short_name(name), coordinator=coordinator[:NAME_MAX].strip())


def paid_notice(book: Phrasebook, amount: str, receipt: str, ref: str, balance: str) -> str:
    """The operator has confirmed: `receipt` is its own number for the payment."""
    return book.say("pay.paid", amount=amount, receipt=receipt, ref=ref, total=balance)


def less_words(book: Phrasebook, tax_minor: int, fee_minor: int, currency: str) -> str:
    """What left her balance beside what was sent: `Tax KES 5. Fee KES 5.`, or nothing. It stands behind other words."""
    taken = (("pay.tax", tax_minor), ("pay.fee", fee_minor))
    return " ".join(book.say(key, amount=amount_text(m, currency)) for key, m in taken if m)


def pay_failed_notice(book: Phrasebook, amount: str, ref: str) -> str:
    """Certainly not paid; the money is back in her balance."""
    return book.say("pay.failed", amount=amount, ref=ref)


def pay_unknown_notice(book: Phrasebook, amount: str, ref: str) -> str:
    """Nobody knows yet: her money is reserved, and we go on asking."""
    return book.say("pay.unknown", amount=amount, ref=ref)


def work_waiting_notice(book: Phrasebook, service_code: str = "") -> str:
    if service_code:
        return book.say("work.waiting", service_code=service_code)
    return book.say("work.waiting_sms")


def paused_notice(book: Phrasebook, until: datetime) -> str:
    """Her gold stayed under the bar: no questions of that kind until that day, and her money is hers."""
    return book.say("standing.paused", date=day_text(until))


def back_notice(book: Phrasebook) -> str:
    """A pause that was our mistake is over."""
    return book.say("standing.back")


def day_text(day: datetime) -> str:
    """A day as it is written in all our languages: `24/11`."""
    return f"{day:%d/%m}"

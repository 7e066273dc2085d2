"""Messages that steps send on their own account, each one SMS."""

from gateway.conversation.talk import NAME_MAX, short_name
from gateway.phrases import Phrasebook


def invitation(book: Phrasebook, name: str, coordinator: str) -> str:
    """The first SMS to somebody whom `coordinator` enrolled, in the language of `book` (hers)."""
    return book.say("invite.sms", name=short_name(name), coordinator=coordinator[:NAME_MAX].strip())


def paid_notice(book: Phrasebook, amount: str, receipt: str, ref: str, balance: str) -> str:
    """The operator has confirmed: `receipt` is its own number for the payment."""
    return book.say("pay.paid", amount=amount, receipt=receipt, ref=ref, total=balance)


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

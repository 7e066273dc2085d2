"""The messages that steps send without an event of the worker, each as one SMS."""

from datetime import datetime

from gateway.base.money import amount_text
from gateway.conversation.context import NAME_MAX, short_name
from gateway.phrases import Phrasebook
from gateway.tasks.lessons.lesson import Mistake


def invitation(book: Phrasebook, name: str, coordinator: str) -> str:
    """Return the first SMS to a worker that `coordinator` enrolled.

    `book` is in the worker's language.
    """
    return book.say("invite.sms", name=short_name(name), coordinator=coordinator[:NAME_MAX].strip())


def paid_notice(book: Phrasebook, amount: str, receipt: str, ref: str, balance: str) -> str:
    """Return the SMS about a payout that the provider has confirmed.

    `receipt` is the provider's own number of the payment.
    """
    return book.say("pay.paid", amount=amount, receipt=receipt, ref=ref, total=balance)


def closing_notice(book: Phrasebook, amount: str, day: str, code: str) -> str:
    """Return the SMS about a payment by a gateway that winds down, with the proof of the payment.

    The proof begins with the payout's reference. With the amount and the day it can be checked
    where no database is left.
    """
    return book.say("closing.paid", amount=amount, day=day, code=code)


def less_words(book: Phrasebook, tax_minor: int, fee_minor: int, currency: str) -> str:
    """Return the words for what left the balance beside the sent amount, or "".

    They read `Tax KES 5. Fee KES 5.` and stand behind other words.
    """
    taken = (("pay.tax", tax_minor), ("pay.fee", fee_minor))
    return " ".join(book.say(key, amount=amount_text(m, currency)) for key, m in taken if m)


def pay_failed_notice(book: Phrasebook, amount: str, ref: str) -> str:
    """Return the SMS about a payout that was certainly not paid.

    The money is back in the worker's balance.
    """
    return book.say("pay.failed", amount=amount, ref=ref)


def pay_unknown_notice(book: Phrasebook, amount: str, ref: str) -> str:
    """Return the SMS about a payout with an unknown outcome.

    The worker's money is reserved, and the gateway goes on asking.
    """
    return book.say("pay.unknown", amount=amount, ref=ref)


def work_waiting_notice(book: Phrasebook, service_code: str = "") -> str:
    if service_code:
        return book.say("work.waiting", service_code=service_code)
    return book.say("work.waiting_sms")


def paused_notice(book: Phrasebook, until: datetime) -> str:
    """Return the SMS about a pause, because the worker's answers to gold stayed under the bar.

    She receives no questions of that kind until that day, and her money stays hers.
    """
    return book.say("standing.paused", date=day_text(until))


def lesson_assigned_notice(book: Phrasebook, mistake: Mistake) -> str:
    """Return the SMS about a lesson, because the worker's answers to gold stayed under the bar."""
    return book.say("relearn.assigned", wrong=mistake.wrong, seen=mistake.seen)


def back_notice(book: Phrasebook) -> str:
    """Return the SMS that ends a pause which was the gateway's mistake."""
    return book.say("standing.back")


def day_text(day: datetime) -> str:
    """Return a day as it is written in all languages: `24/11`."""
    return f"{day:%d/%m}"

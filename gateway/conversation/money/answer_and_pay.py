"""The reading of `2 PAY`: an answer and the wish to be paid in one SMS.

It is for a worker who stops after this answer, and saves the worker and the gateway an SMS. PAY
counts only behind an answer that is clear without it, and never where an option has the word in its
name.
"""

import re
from dataclasses import replace

from gateway.base.money import whole_units
from gateway.conversation.context import Context
from gateway.conversation.facts import Answered, Turn
from gateway.conversation.money.cash_out import CashOutRefusal, by_sms, promise
from gateway.conversation.parsed_sms import ParsedSms
from gateway.conversation.situation import Situation, WorkerView
from gateway.conversation.work import answering, multi_answer
from gateway.conversation.work.multi_question import current_questions, go_on
from gateway.phrases.hearing import clean, fold
from gateway.tasks.question import Question

_LAST_WORD = re.compile(r"[\s,;.:+&-]+[^\W\d_]+[\s.!]*$")


def answer_and_pay(context: Context, worker: WorkerView, heard: ParsedSms) -> Turn | None:
    """Take the answer and ask for the payout, or return None when the SMS does not contain both.

    The SMS has at least two words. The worker's next question comes after the money. It comes by
    itself, or with the answer's receipt where nothing can be paid now.
    """
    held = context.situation.held
    if held is None or context.book.command(heard.words[-1]) != "pay":
        return None
    before, several = _LAST_WORD.sub("", heard.typed), bool(current_questions(context.situation))
    # "yes pay" may be a whole answer in words. Behind a number, the word is PAY.
    if not (several or fold(before).isdecimal()) or _is_named(held.question, heard.words[-1]):
        return None
    answer = replace(
        heard,
        said=clean(before),
        words=tuple(fold(before).split()),
        command=None,
        rest="",
        typed=before,
    )
    taken = multi_answer.accept_packed_answers if several else answering.accept_answer
    found = taken(context, worker, answer)
    if found is None or not any(isinstance(fact, Answered) for fact in found.facts):
        return None
    after = _earned(context, worker, found.facts)
    assert after.situation.worker is not None
    decided = by_sms(after, after.situation.worker, None)
    if isinstance(decided, CashOutRefusal):
        lead = f"{found.lead} {context.say(decided.key, **decided.values)}"
        return go_on(context, lead, found.facts, found.left)
    promised = promise(after, worker, decided)
    if found.left:
        asked = go_on(context, found.lead, found.facts, found.left)
        return Turn((*asked.facts, decided), f"{asked.reply}\n{promised}")
    return Turn((*found.facts, decided), f"{found.lead}\n{promised}")


def _is_named(question: Question, word: str) -> bool:
    names = (name for option in question.options for name in (option.id, *option.labels.values()))
    return any(word in fold(name).split() for name in names)


def _earned(context: Context, worker: WorkerView, facts: tuple[object, ...]) -> Context:
    """Return the context after these answers have earned what they earn at once."""
    situation = context.situation
    of = {
        held.assignment: held
        for held in (situation.held, *(i.held for i in situation.pack))
        if held
    }
    earned_minor = sum(
        of[fact.assignment].question.price_minor
        for fact in facts
        if isinstance(fact, Answered)
        and of[fact.assignment].paid_at_once
        and of[fact.assignment].question.currency == worker.currency
    )
    richer = replace(worker, balance_minor=worker.balance_minor + earned_minor)
    return replace(context, situation=_payable(situation.changed(worker=richer), richer))


def _payable(situation: Situation, worker: WorkerView) -> Situation:
    cash = situation.cash
    if cash is None or not cash.new_ref:
        return situation
    most_minor = whole_units(min(worker.balance_minor, cash.maximum_minor), worker.currency)
    payable_minor = most_minor if most_minor >= cash.minimum_minor else 0
    return situation.changed(cash=replace(cash, payable_minor=payable_minor))

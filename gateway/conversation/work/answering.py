"""A worker at work: her answers, and the next question in the same message."""

from dataclasses import replace

from gateway.base.money import amount_text
from gateway.conversation.context import Context, no_work, open_question, question_to_show
from gateway.conversation.facts import Answered, Asked, Fact, Skipped, Turn
from gateway.conversation.parsed_sms import ParsedSms
from gateway.conversation.situation import HeldQuestion, WorkerView
from gateway.conversation.work import multi_answer
from gateway.conversation.work.asking import options_text, with_question
from gateway.conversation.work.keying import ask_back, said_so_far
from gateway.conversation.work.multi_answer import taught_by
from gateway.conversation.work.multi_question import (
    ask_again,
    ask_questions,
    go_on,
    put_question,
    waiting_questions,
)
from gateway.conversation.work.typed import echo
from gateway.gsm.segments import segments
from gateway.tasks.port import Reading
from gateway.tasks.question import Question

_WITH_OPTIONS = frozenset({"unclear.choice", "unclear.two"})


def read_answer(context: Context, question: Question, said: str) -> Reading:
    return context.kind(question).read(said, question, context.language, context.book.answers)


def words_of(question: Question, heard: ParsedSms) -> str:
    """Return the words of an SMS that answer a question: for a record, with their line ends."""
    return heard.typed if question.fields else heard.said


def answered_fact(held: HeldQuestion, value: str, said: str) -> Answered:
    return Answered(held.assignment, held.question.task, value, said)


def receipt(context: Context, worker: WorkerView, held: HeldQuestion, value: str, said: str) -> str:
    """Return the acknowledgement of an answer, behind the repeated answer where it is repeated."""
    # An option is not repeated, because the worker sent its number.
    heard = "" if held.question.options else echo(context, held.question, value, said)
    told = f"{heard} {saved(context, worker, held)}".strip()
    return f"{told} {taught_by(context, held, value)}" if held.teaching else told


def saved(context: Context, worker: WorkerView, held: HeldQuestion) -> str:
    """Return the text that acknowledges an answer, with its price and the worker's balance.

    The balance includes the price only if the answer is paid at once. The text names no amounts
    when the price is 0 or in another currency than the worker's.
    """
    price, currency = held.question.price_minor, held.question.currency
    if price == 0 or currency != worker.currency:
        return context.say("answer.saved_plain")
    key = "answer.saved" if held.paid_at_once else "answer.saved_pending"
    total = worker.balance_minor + (price if held.paid_at_once else 0)
    return context.say(key, amount=amount_text(price, currency), total=amount_text(total, currency))


def take_answer(context: Context, worker: WorkerView, heard: ParsedSms) -> Turn | None:
    """Take an SMS as the answer to the held question.

    Return None when it is not one that can be understood.
    """
    if before := _dialled_before(context, heard):
        return before
    found = accept_answer(context, worker, heard)
    return _briefest(context, worker, found, heard) if found else None


def _briefest(
    context: Context, worker: WorkerView, found: multi_answer.AcceptedReply, heard: ParsedSms
) -> Turn:
    """Return the reply to an answer.

    Where repeating the answer costs a segment, the balance is left out if that saves it.
    """
    whole, held = go_on(context, found.lead, found.facts), context.situation.held
    if held is None or not found.facts or whole.reply is None or segments(whole.reply) == 1:
        return whole
    fact = found.facts[0]
    assert isinstance(fact, Answered)
    heard_line = echo(context, held.question, fact.value, heard.said)
    if not heard_line:
        return whole
    taught = taught_by(context, held, fact.value) if held.teaching else ""
    lead = f"{heard_line} {context.say('answer.saved_plain')} {taught}".strip()
    brief = go_on(context, lead, found.facts)
    assert brief.reply is not None
    return brief if segments(brief.reply) < segments(whole.reply) else whole


def accept_answer(
    context: Context, worker: WorkerView, heard: ParsedSms
) -> multi_answer.AcceptedReply | None:
    """Return the result of an SMS as the answer to the one held question.

    Return None when it is not a clear one.
    """
    held = context.situation.held
    reading = read_answer(context, held.question, words_of(held.question, heard)) if held else None
    if held is None or reading is None or reading.value is None:
        return None
    if not held.open:
        return multi_answer.AcceptedReply(context.say("answer.late"), ())
    said = said_so_far(held.question, heard.said) if held.question.fields else heard.said
    fact = answered_fact(held, reading.value, said)
    return multi_answer.AcceptedReply(
        receipt(context, worker, held, reading.value, heard.said), (fact,)
    )


def _dialled_before(context: Context, heard: ParsedSms) -> Turn | None:
    """Answer an SMS that answers the last SMS, after the worker has answered by dialling.

    It is not taken as an answer to what the screen shows now. The worker receives that question by
    SMS too, so that the next SMS may answer it. Return None for any other SMS.
    """
    situation = context.situation
    if (
        situation.dialled is None
        or read_answer(context, situation.dialled, words_of(situation.dialled, heard)).value is None
    ):
        return None
    lead, question = context.say("answer.dialled"), question_to_show(situation)
    if question is None or question is situation.upcoming:
        return go_on(context, lead, ())
    return Turn((Asked(question.task),), put_question(context, lead, question, is_next=True))


def which(context: Context, heard: ParsedSms) -> Turn | None:
    """Ask again where an SMS could answer two questions, or return None.

    The worker's last SMS asked one question, and since then a screen showed another. A text that
    can answer the second is never taken for either of the two by guess. Nothing counts, and the
    second comes by SMS. The first is asked again later.
    """
    now = context.situation.upcoming
    if context.situation.earlier != "unsure" or now is None or heard.command:
        return None
    if read_answer(context, now, words_of(now, heard)).value is None:
        return None
    return Turn(
        (Asked(now.task),), put_question(context, context.say("answer.which"), now, is_next=False)
    )


def skip(context: Context) -> Turn:
    if several := multi_answer.skip_all(context):
        return several
    held = open_question(context.situation)
    if held is None:
        return work(context)
    return go_on(
        context, context.say("answer.skipped"), (Skipped(held.assignment, held.question.task),)
    )


def work(
    context: Context, lead: str = "", facts: tuple[Fact, ...] = (), none: str = "work.none"
) -> Turn:
    """Ask the question that the worker holds once more, or the next one.

    `none` is the phrase for the case without a question.
    """
    question = question_to_show(context.situation)
    if question is None:
        return Turn(facts, f"{lead} {no_work(context, none)}".strip())
    if question is context.situation.upcoming:
        if several := ask_questions(context, lead, facts, (), is_next=False):
            return several
        facts = (*facts, Asked(question.task))
    elif items := waiting_questions(context.situation):
        return ask_again(context, lead, facts, items)
    elif context.situation.dialled:
        # The question is asked by SMS too: an SMS may answer it from now on.
        facts = (*facts, Asked(question.task))
    return Turn(facts, put_question(context, lead, question, is_next=False))


def not_understood(context: Context, worker: WorkerView, heard: ParsedSms) -> Turn:
    """Say how to answer the open question, or that there is none."""
    if record := _rest_of_record(context, heard, new_only=True):
        return record
    several = multi_answer.earlier(context, worker, heard) or multi_answer.not_understood(context)
    if several:
        return several
    held = open_question(context.situation)
    if held is None:
        return Turn((), context.say("unclear.no_question"), unclear=True)
    if record := _rest_of_record(context, heard, new_only=False):
        return record
    reading = read_answer(context, held.question, heard.said)
    why = reading.why
    if why is None or (held.question.options and why not in _WITH_OPTIONS):
        why = "unclear.choice"  # The options say more than that the reply was empty.
    text = context.say(why, **reading.told)
    options = options_text(held.question, context.language)
    # A date, number or name that cannot be read is asked back once.
    if context.kind(held.question).VALUE not in ("", "text"):
        return Turn((), text, asks_back=True)
    return Turn((), f"{text}\n{options}" if options else text, unclear=True)


def _rest_of_record(context: Context, heard: ParsedSms, *, new_only: bool) -> Turn | None:
    """Ask for the fields of a record that are not certain, or return None for another question.

    With `new_only` return None also where the SMS holds no new field.
    """
    held = open_question(context.situation)
    if held is None or not held.question.fields:
        return None
    reading = read_answer(context, held.question, words_of(held.question, heard))
    asked = ask_back(context, held, reading, heard.said)
    return None if new_only and not asked.facts else asked


def simplest(context: Context) -> str | None:
    """Return the open question once more, in its simplest form, or None when no question is open.

    It takes the place of a reply that only says how to answer, once that has not helped. The worker
    may have deleted the question.
    """
    held = open_question(context.situation)
    if held is None:
        return None
    return with_question(
        context.say("unclear.simplest"),
        replace(held.question, price_minor=0),
        context.book,
        hint_key=context.kind(held.question).hint_key(),
        is_next=False,
        must_hint=True,
    )

"""The reading of one reply to several questions.

Clear answers are counted. The answer of the gateway asks for the others again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gateway.base.money import amount_text
from gateway.conversation.context import Context, open_question
from gateway.conversation.facts import Answered, AskedAlone, Fact, Skipped, Turn
from gateway.conversation.parsed_sms import ParsedSms
from gateway.conversation.situation import HeldQuestion, PackItem, WorkerView
from gateway.conversation.work.asking import with_question
from gateway.conversation.work.keying import wrong_fields
from gateway.conversation.work.multi_question import (
    current_questions,
    go_on,
    put_question,
    waiting_questions,
)
from gateway.tasks.packed import Packed, PackReading, read_packed


@dataclass(frozen=True, slots=True)
class AcceptedReply:
    """The result of a reply."""

    lead: str
    """The words that report it to the worker."""
    facts: tuple[Fact, ...]
    """The facts to write."""
    left: Sequence[PackItem] = ()
    """The asked questions that still need an answer."""


def taught_by(context: Context, held: HeldQuestion, value: str) -> str:
    """Return what an answer to entry gold teaches: what was right and why; "" for other questions.

    The answer counts and is paid in the same commit, so it cannot be changed any more.
    """
    teaching = held.teaching
    if teaching is None:
        return ""
    given = teaching.same.get(value, value)
    if context.kind(held.question).ANSWERS.same(given, teaching.truth, teaching.compared):
        told = context.say("taught.right")
    else:
        labels = {o.id: o.label(context.language) for o in held.question.options}
        truth = labels.get(teaching.truth, teaching.truth)
        if held.question.fields:
            truth = wrong_fields(context, held.question, given, teaching.truth, teaching.compared)
        told = context.say("taught.wrong", answer=truth)
    return f"{told} {teaching.reason}".strip()


def take_packed_answers(context: Context, worker: WorkerView, heard: ParsedSms) -> Turn | None:
    """Take an SMS as answers to the numbered questions.

    Return None when nothing in it is a clear answer to one.
    """
    found = accept_packed_answers(context, worker, heard)
    if found is None:
        return None
    if found.left and not found.facts:
        # An old reply came once more: the worker has the open questions already.
        return Turn((), found.lead)
    return go_on(context, found.lead, found.facts, found.left)


def accept_packed_answers(
    context: Context, worker: WorkerView, heard: ParsedSms
) -> AcceptedReply | None:
    """Return the result of a reply to several questions.

    Return None when nothing in it is a clear answer to one.
    """
    pack = current_questions(context.situation)
    if not pack:
        return None
    reading = _read(context, pack, heard)
    if reading.empty:
        return None
    items = {item.number: item for item in pack}
    counted = [items[n] for n in reading.values if items[n].held.open]
    skipped = [items[n] for n in reading.skipped if items[n].held.open]
    facts: list[Fact] = [
        Answered(i.held.assignment, i.held.question.task, reading.values[i.number], heard.said)
        for i in counted
    ]
    facts += [Skipped(i.held.assignment, i.held.question.task) for i in skipped]
    lead = _lead(context, worker, counted, skipped, items, reading)
    done = {item.number for item in (*counted, *skipped)}
    left = [item for item in waiting_questions(context.situation) if item.number not in done]
    return AcceptedReply(lead, tuple(facts), left)


def earlier(context: Context, worker: WorkerView, heard: ParsedSms) -> Turn | None:
    """Answer a reply to earlier numbered questions, or return None for another message.

    The worker holds another question now, or none. The numbers make it plain which questions the
    reply names. Answers that still count are counted. For the others the reply of the gateway says
    that their question is over.
    """
    pack = context.situation.pack
    if current_questions(context.situation) or not pack:
        return None
    reading = _read(context, pack, heard, only_named=True)
    named = [item for item in pack if item.number in reading.values]
    if not named or len(named) < len(reading.values):
        return None
    counted = [item for item in named if item.held.open]
    over = [item for item in named if not item.held.open]
    facts = tuple(
        Answered(i.held.assignment, i.held.question.task, reading.values[i.number], heard.said)
        for i in counted
    )
    parts = (
        _saved(context, worker, counted) if counted else "",
        _closed(context, over) if over else "",
    )
    lead, asked = " ".join(filter(None, parts)), open_question(context.situation)
    if asked is None:
        return Turn(facts, lead)
    # The reply seems to answer all, so the question that still waits must not be forgotten.
    return Turn(facts, put_question(context, lead, asked.question, is_next=False))


def skip_all(context: Context) -> Turn | None:
    """Answer SKIP alone, which leaves out all questions that are asked."""
    items = waiting_questions(context.situation)
    if not items:
        return None
    facts = tuple(Skipped(i.held.assignment, i.held.question.task) for i in items)
    return go_on(context, context.say("answer.skipped"), facts)


def not_understood(context: Context) -> Turn | None:
    """Ask the first of the questions by itself.

    Every worker can answer one question with numbered options.
    """
    items = waiting_questions(context.situation)
    if not items:
        return None
    held = items[0].held
    reply = with_question(
        context.say("unclear.pack"),
        replace(held.question, price_minor=0),
        context.book,
        hint_key=context.kind(held.question).hint_key(),
        is_next=False,
        must_hint=True,
    )
    return Turn((AskedAlone(held.assignment, held.question.task),), reply, unclear=True)


def _read(
    context: Context, pack: Sequence[PackItem], heard: ParsedSms, *, only_named: bool = False
) -> PackReading:
    question = pack[0].held.question
    asked = Packed(
        numbers=[] if only_named else [item.number for item in pack if item.last],
        known=frozenset(item.number for item in pack),
        options=question.options,
        names=context.kind(question).names(
            question.options, context.language, context.book.answers
        ),
        skips=context.book.words.skip,
        fillers=context.book.fillers,
    )
    return read_packed(heard.typed, asked)


def _lead(
    context: Context,
    worker: WorkerView,
    counted: Sequence[PackItem],
    skipped: Sequence[PackItem],
    items: dict[int, PackItem],
    reading: PackReading,
) -> str:
    over = [i for n in (*reading.values, *reading.skipped) if not (i := items[n]).held.open]
    unclear = [items[n] for n in reading.unclear if items[n].held.open]
    taught = [
        f"{item.number}: {told}"
        for item in counted
        if (told := taught_by(context, item.held, reading.values[item.number]))
    ]
    parts = (
        _saved(context, worker, counted) if counted else "",
        *taught,
        context.say("answer.skipped") if skipped else "",
        _closed(context, over) if over else "",
        context.say("pack.unclear", items=_numbers(unclear)) if unclear else "",
    )
    return " ".join(filter(None, parts))


def _saved(context: Context, worker: WorkerView, counted: Sequence[PackItem]) -> str:
    question, count = counted[0].held.question, len(counted)
    if question.price_minor == 0 or question.currency != worker.currency:
        return context.say("pack.saved_plain", count=count)
    now = sum(i.held.question.price_minor for i in counted if i.held.paid_at_once)
    later = sum(i.held.question.price_minor for i in counted if not i.held.paid_at_once)
    return context.say(
        "pack.saved_pending" if later else "pack.saved",
        count=count,
        amount=amount_text(later or now, question.currency),
        total=amount_text(worker.balance_minor + now, question.currency),
    )


def _closed(context: Context, over: Sequence[PackItem]) -> str:
    before = [item for item in over if item.answered]
    late = [item for item in over if not item.answered]
    parts = (
        context.say("pack.before", items=_numbers(before)) if before else "",
        context.say("pack.late", items=_numbers(late)) if late else "",
    )
    return " ".join(filter(None, parts))


def _numbers(items: Iterable[PackItem]) -> str:
    return " ".join(str(number) for number in sorted(item.number for item in items))

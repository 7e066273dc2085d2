"""The views of a worker at work: the home menu and the question."""

from gateway.base.money import amount_text
from gateway.conversation.context import (
    Context,
    blank_name,
    money,
    no_work,
    open_question,
    question_to_show,
)
from gateway.conversation.facts import Asked, Fact, NameGiven, Skipped
from gateway.conversation.parsed_sms import says_stop
from gateway.conversation.people.own_name import name_said
from gateway.conversation.situation import HeldQuestion, Need
from gateway.conversation.views import record
from gateway.conversation.views.view import (
    BACK,
    BEHIND_LESSON,
    MENU,
    EndSession,
    Key,
    Memory,
    ShowView,
    View,
    ViewContent,
    choices,
    chosen,
    menu_line,
    require,
    wrong_key,
)
from gateway.conversation.work.answering import answered_fact, read_answer, receipt, saved
from gateway.conversation.work.asking import option_lines
from gateway.conversation.work.typed import PAGING, is_doubtful, shortened_words
from gateway.phrases.hearing import fold
from gateway.tasks.entry.values import record_value
from gateway.tasks.port import Reading

_HOME = ("work", "balance", "cash", "language", "help", "stop")
_NOTICES = {
    "unclear.choice": "notice.choice",
    "unclear.two": "notice.two",
    "unclear.empty": "notice.empty",
    "unclear.too_long": "notice.too_long",
}


def to_work(context: Context, facts: tuple[Fact, ...] = (), notice: str = "") -> ShowView:
    """Go to the question that the worker holds or to the next one, else to the menu.

    Without a notice the price is shown.
    """
    question = question_to_show(context.situation)
    if question is None:
        if not notice:
            require(context.situation, frozenset({Need.NO_WORK}))
            why = context.situation.no_work
            if why and why.key == BEHIND_LESSON:
                return ShowView("learn", facts)
        return ShowView("home", facts, notice or no_work(context))
    if question is context.situation.upcoming:
        facts = (*facts, Asked(question.task))
    if not notice and question.price_minor:
        price = amount_text(question.price_minor, question.currency)
        notice = context.say("ask.price", amount=price)
    return ShowView(record.view_of(question), facts, notice)


def _show_home(context: Context, _memory: Memory) -> ViewContent:
    situation = context.situation
    held = open_question(situation)
    work = "continue" if held and not held.lapsed else "work"
    lines = choices(context, *(work if line == "work" else line for line in _HOME))
    if situation.worker is None:  # The worker joined with this very key.
        return ViewContent(f"{context.say('menu.joined')}\n{context.say('menu.say_name')}", lines)
    name = blank_name(situation.worker.name)
    body = context.say("menu.home", name=name, amount=money(situation.worker))
    if not situation.worker.name:
        body = f"{body}\n{context.say('menu.say_name')}"
    if situation.resuming:
        number, total = situation.resuming
        body = f"{body}\n{context.say('menu.resume', number=number, total=total)}"
    return ViewContent(body, lines)


def _press_home(context: Context, memory: Memory, key: Key) -> ShowView:
    line = chosen(_HOME, key)
    if line is not None:
        return to_work(context) if line == "work" else ShowView(line)
    worker = context.situation.worker
    if worker and not worker.name and (name := name_said(context, key.said)):
        return ShowView("home", (NameGiven(name),))
    return wrong_key(context, "home", memory)


def _show_question(context: Context, memory: Memory) -> ViewContent:
    held = context.situation.held
    assert held is not None
    question = held.question
    if question.fields:
        return record.show_field(context, memory, held)
    key = context.kind(question).SCREEN_HINT
    hint = context.say(key) if key else ""
    parts = (question.instructions.strip(), question.text.strip(), hint)
    ways_out = f"{BACK} {context.say('key.skip')} {menu_line(context)}"
    return ViewContent(
        "\n".join(filter(None, parts)),
        (*option_lines(question, context.language), ways_out),
        {"task": str(question.task), **({"said": memory["said"]} if "said" in memory else {})},
    )


def _press_question(context: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    """Take an answer only for the question that was on the screen.

    It may have changed behind the screen.
    """
    held = context.situation.held
    if held is None or str(held.question.task) != memory.get("task"):
        return (
            ShowView("home")
            if key.name == MENU
            else to_work(context, (), context.say("notice.changed"))
        )
    reading = read_answer(context, held.question, key.said)
    name = _way_out(context, held, key, reading)
    if name == MENU:
        return ShowView("home")
    if says_stop(key.said, context.book, context.books):
        return ShowView("stop", memory={"task": str(held.question.task), "said": key.said})
    if not held.open:
        return _go_on(context, (), context.say("answer.late"))
    if name == BACK:
        return _left_out(context, held, memory)
    return _press_answer(context, held, memory, key, reading)


def _left_out(context: Context, held: HeldQuestion, memory: Memory) -> ShowView | EndSession:
    question, here = held.question, {"task": str(held.question.task)}
    if question.fields:
        field = record.field_on_screen(question, memory)
        if field.type in record.NUMBERS:
            return ShowView("zero", memory={**here, "field": field.name})
    elif context.kind(question).KEYS_ARE_ANSWERS:
        return ShowView("zero", memory=here)
    return _skip(context, held)


def _skip(context: Context, held: HeldQuestion) -> ShowView | EndSession:
    skipped = Skipped(held.assignment, held.question.task)
    return _go_on(context, (skipped,), context.say("answer.skipped"))


def _show_zero(context: Context, memory: Memory) -> ViewContent:
    """Ask whether 0 is the number asked for, or leaves the question out as on other screens."""
    return ViewContent(context.say("menu.zero"), choices(context, "yes", "skip"), dict(memory))


def _press_zero(context: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    held = context.situation.held
    if held is None or str(held.question.task) != memory.get("task") or not held.open:
        return to_work(context, (), context.say("notice.changed"))
    match key.name:
        case "1" if held.question.fields:
            return record.press_field(context, held, memory, Key("0", "0"))
        case "1":
            return _take(context, held, "0", "0")
        case "2":
            return _skip(context, held)
        case _:
            return wrong_key(context, "zero", memory)


def _take(context: Context, held: HeldQuestion, value: str, said: str) -> ShowView | EndSession:
    assert context.situation.worker is not None
    told = receipt(context, context.situation.worker, held, value, said)
    return _go_on(context, (answered_fact(held, value, said),), told)


def _way_out(context: Context, held: HeldQuestion, key: Key, reading: Reading) -> str:
    """Return the key to compare with 0 and 00.

    A typed text means them only when it is just that. An O may be an option.
    """
    if context.kind(held.question).TAKES_WORDS:
        return key.said
    return "" if reading.value else key.name


def _press_answer(
    context: Context, held: HeldQuestion, memory: Memory, key: Key, reading: Reading
) -> ShowView | EndSession:
    if held.question.fields:
        return record.press_field(context, held, memory, key)
    limit = context.situation.input_characters
    if limit and len(key.said) >= limit and context.kind(held.question).TAKES_WORDS:
        # Half an answer is none. The worker is informed, instead of being judged by what the
        # network left of the answer.
        return ShowView("question", notice=context.say("notice.cut", limit=limit))
    takes_words = context.kind(held.question).TAKES_WORDS
    if takes_words and key.said in PAGING and not context.kind(held.question).KEYS_ARE_ANSWERS:
        return ShowView("question", notice=context.say("notice.no_pages"))
    doubtful = is_doubtful(context, held.question, key.said) or (takes_words and key.said in PAGING)
    if doubtful and key.said != memory.get("said"):
        again = context.say("notice.again", said=shortened_words(key.said))
        return ShowView("question", notice=again, memory={"said": key.said})
    if reading.value is None:
        why = _NOTICES.get(reading.why or "unclear.choice", reading.why or "")
        if held.question.options and why == "notice.empty":
            why = "notice.choice"
        told = context.say(why, **reading.told)
        return ShowView("question", notice=told, wrong=bool(held.question.options))
    return _take(context, held, reading.value, key.said)


def typed_after_all(context: Context, memory: Memory) -> ShowView | EndSession:
    """Take a command word as the answer to the question for which it was typed."""
    held = context.situation.held
    if held is None or not held.open or str(held.question.task) != memory["task"]:
        return to_work(context, (), context.say("notice.changed"))
    said = memory["said"]
    reading = read_answer(context, held.question, said)
    return _press_answer(context, held, memory, Key(fold(said), said), reading)


def _go_on(context: Context, facts: tuple[Fact, ...], notice: str) -> ShowView | EndSession:
    """Show the notice and the next question on one screen, or the menu when there is none.

    Where the network is about to end the session, it ends here with everything saved, and not in
    the middle of a question.
    """
    upcoming = context.situation.upcoming
    if upcoming is not None and context.situation.closing:
        again = context.say("ussd.time_up", service_code=context.situation.service_code)
        return EndSession(f"{notice} {again}", facts)
    if upcoming is None:
        return ShowView("home", facts, f"{notice} {context.say('notice.no_more')}")
    return ShowView("question", (*facts, Asked(upcoming.task)), notice)


def _press_check(context: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    """Save the record that stands on the screen, or change a field of it."""
    done = record.press_check(context, memory, key)
    if isinstance(done, ShowView):
        return done
    assert context.situation.worker is not None
    question = done.question
    answered = answered_fact(done, record_value(question.typed, question.fields), question.said)
    # The record stood on the screen a moment ago, so it is not repeated.
    return _go_on(context, (answered,), saved(context, context.situation.worker, done))


VIEWS = {
    **record.VIEWS,
    record.CHECK: View(record.show_check, _press_check),
    "home": View(_show_home, _press_home),
    "question": View(_show_question, _press_question),
    "zero": View(_show_zero, _press_zero),
}

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
from gateway.conversation.parsed_sms import is_stop, parse_text
from gateway.conversation.people.own_name import name_said
from gateway.conversation.situation import HeldQuestion
from gateway.conversation.views.view import (
    BACK,
    MENU,
    EndSession,
    Key,
    Memory,
    ShowView,
    View,
    ViewContent,
    choices,
    menu_line,
    wrong_key,
)
from gateway.conversation.work.answering import answered_fact, read_answer, receipt
from gateway.conversation.work.asking import option_lines
from gateway.conversation.work.typed import PAGING, is_doubtful, shortened_words
from gateway.phrases.hearing import fold

_HOME = {"2": "balance", "3": "cash", "4": "language", "5": "help", "6": "stop"}
_NOTICES = {
    "unclear.choice": "notice.choice",
    "unclear.two": "notice.two",
    "unclear.empty": "notice.empty",
    "unclear.too_long": "notice.too_long",
}


def to_work(talk: Context, facts: tuple[Fact, ...] = (), notice: str = "") -> ShowView:
    """Go to the question that the worker holds or to the next one, else to the menu.

    Without a notice the price is shown.
    """
    question = question_to_show(talk.situation)
    if question is None:
        return ShowView("home", facts, notice or no_work(talk))
    if question is talk.situation.upcoming:
        facts = (*facts, Asked(question.task))
    if not notice and question.price_minor:
        price = amount_text(question.price_minor, question.currency)
        notice = talk.say("ask.price", amount=price)
    return ShowView("question", facts, notice)


def _show_home(talk: Context, _memory: Memory) -> ViewContent:
    situation = talk.situation
    held = open_question(situation)
    first = "continue" if held and not held.lapsed else "work"
    lines = choices(talk, first, "balance", "cash", "language", "help", "stop")
    if situation.worker is None:  # The worker joined with this very key.
        return ViewContent(f"{talk.say('menu.joined')}\n{talk.say('menu.say_name')}", lines)
    name = blank_name(situation.worker.name)
    body = talk.say("menu.home", name=name, amount=money(situation.worker))
    if not situation.worker.name:
        body = f"{body}\n{talk.say('menu.say_name')}"
    if situation.resuming:
        number, total = situation.resuming
        body = f"{body}\n{talk.say('menu.resume', number=number, total=total)}"
    return ViewContent(body, lines)


def _press_home(talk: Context, memory: Memory, key: Key) -> ShowView:
    if key.name == "1":
        return to_work(talk)
    if view := _HOME.get(key.name):
        return ShowView(view)
    worker = talk.situation.worker
    if worker and not worker.name and (name := name_said(talk, key.said)):
        return ShowView("home", (NameGiven(name),))
    return wrong_key(talk, "home", memory)


def _show_question(talk: Context, memory: Memory) -> ViewContent:
    held = talk.situation.held
    assert held is not None
    question = held.question
    key = talk.kind(question).SCREEN_HINT
    hint = talk.say(key) if key else ""
    parts = (question.instructions.strip(), question.text.strip(), hint)
    ways_out = f"{BACK} {talk.say('key.skip')} {menu_line(talk)}"
    return ViewContent(
        "\n".join(filter(None, parts)),
        (*option_lines(question, talk.language), ways_out),
        {"task": str(question.task), **({"said": memory["said"]} if "said" in memory else {})},
    )


def _press_question(talk: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    """Take an answer only for the question that was on the screen.

    It may have changed behind the screen.
    """
    held = talk.situation.held
    if held is None or str(held.question.task) != memory.get("task"):
        return (
            ShowView("home") if key.name == MENU else to_work(talk, (), talk.say("notice.changed"))
        )
    name = _way_out(talk, held, key)
    if name == MENU:
        return ShowView("home")
    if is_stop(parse_text(key.said, talk.book, talk.books), talk.books):
        return ShowView("stop", memory={"task": str(held.question.task), "said": key.said})
    if not held.open:
        return _go_on(talk, (), talk.say("answer.late"))
    if name == BACK:
        return _left_out(talk, held)
    return _press_answer(talk, held, memory, key)


def _left_out(talk: Context, held: HeldQuestion) -> ShowView | EndSession:
    if talk.kind(held.question).KEYS_ARE_ANSWERS:
        return ShowView("zero", memory={"task": str(held.question.task)})
    return _skip(talk, held)


def _skip(talk: Context, held: HeldQuestion) -> ShowView | EndSession:
    skipped = Skipped(held.assignment, held.question.task)
    return _go_on(talk, (skipped,), talk.say("answer.skipped"))


def _show_zero(talk: Context, memory: Memory) -> ViewContent:
    """Ask whether 0 is the number asked for, or leaves the question out as on other screens."""
    return ViewContent(talk.say("menu.zero"), choices(talk, "yes", "skip"), dict(memory))


def _press_zero(talk: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    held = talk.situation.held
    if held is None or str(held.question.task) != memory.get("task") or not held.open:
        return to_work(talk, (), talk.say("notice.changed"))
    match key.name:
        case "1":
            return _take(talk, held, "0", "0")
        case "2":
            return _skip(talk, held)
        case _:
            return wrong_key(talk, "zero", memory)


def _take(talk: Context, held: HeldQuestion, value: str, said: str) -> ShowView | EndSession:
    assert talk.situation.worker is not None
    told = receipt(talk, talk.situation.worker, held, value, said)
    return _go_on(talk, (answered_fact(held, value, said),), told)


def _way_out(talk: Context, held: HeldQuestion, key: Key) -> str:
    """Return the key to compare with 0 and 00.

    A typed text means them only when it is just that. An O may be an option.
    """
    if talk.kind(held.question).IS_TEXT:
        return key.said
    return "" if read_answer(talk, held.question, key.said).value else key.name


def _press_answer(
    talk: Context, held: HeldQuestion, memory: Memory, key: Key
) -> ShowView | EndSession:
    limit = talk.situation.input_characters
    if limit and len(key.said) >= limit and talk.kind(held.question).IS_TEXT:
        # Half an answer is none. The worker is informed, instead of being judged by what the
        # network left of the answer.
        return ShowView("question", notice=talk.say("notice.cut", limit=limit))
    is_text = talk.kind(held.question).IS_TEXT
    if is_text and key.said in PAGING and not talk.kind(held.question).KEYS_ARE_ANSWERS:
        return ShowView("question", notice=talk.say("notice.no_pages"))
    doubtful = is_doubtful(talk, held.question, key.said) or (is_text and key.said in PAGING)
    if doubtful and key.said != memory.get("said"):
        again = talk.say("notice.again", said=shortened_words(key.said))
        return ShowView("question", notice=again, memory={"said": key.said})
    reading = read_answer(talk, held.question, key.said)
    if reading.value is None:
        why = _NOTICES.get(reading.why or "unclear.choice", reading.why or "")
        if held.question.options and why == "notice.empty":
            why = "notice.choice"
        told = talk.say(why, **reading.told)
        return ShowView("question", notice=told, wrong=bool(held.question.options))
    return _take(talk, held, reading.value, key.said)


def typed_after_all(talk: Context, memory: Memory) -> ShowView | EndSession:
    """Take a command word as the answer to the question for which it was typed."""
    held = talk.situation.held
    if held is None or not held.open or str(held.question.task) != memory["task"]:
        return to_work(talk, (), talk.say("notice.changed"))
    return _press_answer(talk, held, memory, Key(fold(memory["said"]), memory["said"]))


def _go_on(talk: Context, facts: tuple[Fact, ...], notice: str) -> ShowView | EndSession:
    """Show the notice and the next question on one screen, or the menu when there is none.

    Where the network is about to end the session, it ends here with everything saved, and not in
    the middle of a question.
    """
    upcoming = talk.situation.upcoming
    if upcoming is not None and talk.situation.closing:
        again = talk.say("ussd.time_up", service_code=talk.situation.service_code)
        return EndSession(f"{notice} {again}", facts)
    if upcoming is None:
        return ShowView("home", facts, f"{notice} {talk.say('notice.no_more')}")
    return ShowView("question", (*facts, Asked(upcoming.task)), notice)


VIEWS = {
    "home": View(_show_home, _press_home),
    "question": View(_show_question, _press_question),
    "zero": View(_show_zero, _press_zero),
}

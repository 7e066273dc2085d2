"""The reading of one SMS: its meaning for its sender now, and the one reply.

STOP alone always stops. Then follow a coordinator's commands, the words of a sender who has not
joined yet, a worker's answer, and a worker's commands, in this order. An answer wins over a command
word only when the held question has that very word as an option. While a text is asked for, only
whole commands count as commands.
"""

from dataclasses import replace

from gateway.base.ids import answer_of_ref
from gateway.conversation.context import Context, KindOf, Phrasebooks, open_question
from gateway.conversation.facts import LanguageChosen, Turn
from gateway.conversation.money.answer_and_pay import answer_and_pay
from gateway.conversation.money.arrival import arrival_said
from gateway.conversation.money.cash_out import amount_said
from gateway.conversation.money.week_text import is_week_command
from gateway.conversation.parsed_sms import (
    ParsedSms,
    is_stop,
    language_named,
    parse_text,
    says_not_me,
)
from gateway.conversation.people import coordinators, joining, number_change, referral
from gateway.conversation.people.about import about, statement_said
from gateway.conversation.people.closing import closing
from gateway.conversation.people.joining import money_words
from gateway.conversation.people.own_name import answer_name, name_said
from gateway.conversation.people.quiet_hours import hours_said, quiet
from gateway.conversation.shortening import shortened_turn
from gateway.conversation.situation import Situation, WorkerView
from gateway.conversation.work import answering, cards, lessons, multi_answer, typed
from gateway.conversation.work.multi_question import current_questions
from gateway.conversation.work.skill import skill
from gateway.gsm.segments import segments
from gateway.phrases.hearing import fold
from gateway.qa.skills.card import bare

_REF = frozenset("23456789BCDFGHJKMNPQRSTVWXZ")  # This is the alphabet of references, see `ids`.
_REF_LENGTH = 6


def interpret_sms(situation: Situation, said: str, books: Phrasebooks, kind_of: KindOf) -> Turn:
    """Parse an SMS and return the facts and the reply, as `interpret_parsed` does."""
    heard = parse_text(said, Context(situation, books, kind_of).book, books)
    return interpret_parsed(situation, heard, books, kind_of)


def interpret_parsed(
    situation: Situation, heard: ParsedSms, books: Phrasebooks, kind_of: KindOf
) -> Turn:
    """Return the facts and the reply of one SMS, a reply that the channel can carry.

    The reply is None only where silence is the right answer.
    """
    found = _turn(situation, heard, books, kind_of)
    if found.reply is None or situation.capacity.carries(found.reply):
        return found
    context = Context(situation, books, kind_of)
    return shortened_turn(context, lambda other: _turn(other, heard, books, kind_of))


def answer_pay(situation: Situation, books: Phrasebooks, kind_of: KindOf) -> Turn:
    """Return the facts and the reply of the command PAY alone."""
    return interpret_sms(situation, "PAY", books, kind_of)


def _turn(  # noqa: PLR0911  # one return per kind of sender
    situation: Situation, heard: ParsedSms, books: Phrasebooks, kind_of: KindOf
) -> Turn:
    context = Context(situation, books, kind_of)
    if is_stop(heard, books):
        return number_change.answer_stop(context) or joining.stop(context)
    if situation.moving and (found := number_change.at_an_end(context, situation.moving, heard)):
        return found
    if situation.winding_down and (found := closing(context, heard)):
        return found
    coordinator, worker = situation.coordinator, situation.worker
    if coordinator and not (_typing_text(context) and coordinators.is_for_work(heard)):
        mine = coordinators.coordinator_turn(context, coordinator, heard)
        if mine:
            return mine
    if worker and says_not_me(heard, books) and (found := number_change.not_me(context, heard)):
        return found
    if worker is None:
        if coordinator and heard.command != "join":
            return Turn((), context.say("help.coordinator"), unclear=heard.command is None)
        return joining.stranger(context, heard)
    if worker.state == "active":
        return _active(context, worker, heard)
    return _not_active(context, worker, heard)


def _not_active(  # noqa: PLR0911  # one return per word or state
    context: Context, worker: WorkerView, heard: ParsedSms
) -> Turn:
    """Answer an invited, stopped or removed worker: no work, but her money and her language."""
    found = money_words(context, worker, heard)
    if found:
        return found
    if heard.command == "language":
        return _language(context, heard)
    if heard.command == "about":
        return about(context, heard)
    if heard.command == "stop":
        return Turn((), context.say("stop.only"))
    if heard.command == "move" and worker.state != "invited":
        return number_change.answer_move(context, heard)
    if heard.command == "join" and context.situation.quiet_number and worker.state != "invited":
        return Turn((), context.say("join.known"))
    match worker.state:
        case "invited":
            return joining.invited(context, worker, heard)
        case "stopped":
            return joining.stopped(context, worker, heard)
        case _:
            return joining.removed(context, heard)


def _active(context: Context, worker: WorkerView, heard: ParsedSms) -> Turn:
    if context.situation.arrival and (found := arrival_said(context, heard)):
        return found
    held, dialled = context.situation.held, context.situation.dialled
    asked = (held.question if held else None, dialled)
    takes_words = any(question and context.kind(question).TAKES_WORDS for question in asked)
    if context.situation.lesson and (lesson := _in_lesson(context, worker, heard)):
        return lesson
    if heard.command == "answer" and not heard.alone:
        found = _answer_said(context, worker, heard)
    elif which := answering.which(context, heard):
        found = which
    elif (
        not takes_words
        and len(heard.words) > 1
        and (both := answer_and_pay(context, worker, heard))
    ):
        found = both
    elif current_questions(context.situation):
        found = multi_answer.take_packed_answers(context, worker, heard) or _command(
            context, worker, heard
        )
    elif not takes_words:
        found = answering.take_answer(context, worker, heard) or _command(context, worker, heard)
    elif _whole_command(context, worker, heard):
        found = _command_or_answer(context, worker, heard)
    elif held and held.open and typed.is_doubtful(context, held.question, heard.said):
        found = multi_answer.earlier(context, worker, heard) or Turn(
            (), typed.ask_back(context, heard.said), asks_back=True
        )
    else:
        found = answering.take_answer(context, worker, heard)
    return found or answering.not_understood(context, worker, heard)


def _in_lesson(context: Context, worker: WorkerView, heard: ParsedSms) -> Turn | None:
    """Answer an SMS of a worker in a lesson; None where her next SMS answers something else.

    It is either the reply to the lesson or a command. It is never taken for the answer to a paid
    question that was put off.
    """
    lesson = context.situation.lesson
    if lesson is None or not lesson.by_sms:
        return None
    is_command = _whole_command(context, worker, heard) or lessons.asks_for_list(heard)
    if is_command and not lessons.is_leaving(heard):
        found = _command(context, worker, heard)
        if found and heard.command == "work":
            # Her next SMS answers the question that she reads now.
            return replace(found, facts=(*found.facts, lessons.left(lesson)))
        if found:
            return found
    return lessons.in_lesson(context, lesson, heard)


def _answer_said(context: Context, worker: WorkerView, heard: ParsedSms) -> Turn | None:
    """Take the text behind ANSWER as the answer.

    It is the answer even where it is a command word or looks like a key.
    """
    words = tuple(fold(heard.rest).split())
    bare = replace(heard, said=heard.rest, words=words, command=None, rest="", typed=heard.rest)
    if current_questions(context.situation):
        return multi_answer.take_packed_answers(context, worker, bare)
    return answering.take_answer(context, worker, bare)


def _command_or_answer(context: Context, worker: WorkerView, heard: ParsedSms) -> Turn | None:
    """Obey a command word while a typed answer is asked for.

    The reply also says how to give the word as the answer.
    """
    found = _command(context, worker, heard)
    held = open_question(context.situation)
    if found is None or found.reply is None or found.facts or held is None:
        return found
    words = answering.words_of(held.question, heard)
    if answering.read_answer(context, held.question, words).value is None:
        return found  # It could be no answer to this question.
    reply = f"{found.reply}\n{typed.command_or_answer(context, heard.said)}"
    return replace(found, reply=reply)


def _command(context: Context, worker: WorkerView, heard: ParsedSms) -> Turn | None:  # noqa: C901, PLR0911, PLR0912  # one return per word
    found = money_words(context, worker, heard)
    if found:
        return found
    match heard.command:
        case "work" if heard.alone:
            return answering.work(context)
        case "skip" if heard.alone:
            return answering.skip(context)
        case "help":
            return Turn((), _help(context))
        case "language":
            return _language(context, heard)
        case "quiet":
            return quiet(context, heard)
        case "join":
            known = "join.known" if context.situation.quiet_number else "join.already"
            return Turn((), context.say(known))
        case "start" if heard.alone:
            return Turn((), context.say("start.already"))
        case "stop":
            return Turn((), context.say("stop.only"))
        case "skill":
            return skill(context)
        case "learn":
            return lessons.learn(context, "" if heard.alone else heard.rest.strip())
        case "card":
            return cards.card(context)
        case "about":
            return about(context, heard)
        case "refer" if heard.alone:
            return referral.refer(context)
        case "name":
            return answer_name(context, heard)
        case "move":
            return number_change.answer_move(context, heard)
        case _:
            return None


def _whole_command(  # noqa: C901, PLR0911, PLR0912  # one return per word
    context: Context, worker: WorkerView, heard: ParsedSms
) -> bool:
    """Return True when the SMS is a command and nothing else.

    A typed answer may well begin with "pay" or "help".
    """
    if heard.language != context.language:
        return False  # A command of another language is an everyday word of this one.
    match heard.command:
        case "name":
            return bool(heard.alone or (not worker.name and name_said(context, heard.rest)))
        case "move":
            return heard.alone or number_change.names_a_number(heard, context.situation.region)
        case (
            None
            | "yes"
            | "no"
            | "not_me"
            | "stop"
            | "add"
            | "remove"
            | "status"
            | "unlock"
            | "zone"
            | "decide"
        ):
            return False
        case "pay" | "airtime":
            return heard.alone or amount_said(heard.rest, worker.currency) is not None
        case "about":
            return heard.alone or statement_said(heard.rest, context.book) is not None
        case "language":
            return heard.alone or language_named(heard.rest, context.books) is not None
        case "quiet":
            return heard.alone or hours_said(heard.rest, context.book) is not None
        case "learn":
            return heard.alone or heard.rest.strip().isdecimal()
        case "card":
            return heard.alone or bool(bare(heard.rest))
        case "why" | "appeal":
            rest = heard.rest.upper()
            of_payment = len(rest) == _REF_LENGTH and _REF.issuperset(rest)
            return heard.alone or of_payment or answer_of_ref(rest) is not None
        case "week":
            return is_week_command(heard)
        case _:
            return heard.alone


def _typing_text(context: Context) -> bool:
    """Return True when an active worker holds a question that needs typed words."""
    worker, held = context.situation.worker, open_question(context.situation)
    active = worker is not None and worker.state == "active"
    return active and held is not None and context.kind(held.question).TAKES_WORDS


def _language(context: Context, heard: ParsedSms) -> Turn:
    chosen = language_named(heard.rest, context.books) if heard.rest else None
    if chosen is None:
        names = ", ".join(
            context.books[code].say("language.name") for code in sorted(context.books)
        )
        return Turn((), context.say("language.which", list=names))
    return Turn((LanguageChosen(chosen),), context.in_language(chosen).say("language.set"))


def _help(context: Context) -> str:
    text = context.say("help.worker")
    if context.situation.service_code:
        longer = f"{text} {context.say('help.dial', service_code=context.situation.service_code)}"
        text = longer if segments(longer) == 1 else text
    if context.situation.coordinator:
        text = f"{text}\n{context.say('help.coordinator')}"
    return text

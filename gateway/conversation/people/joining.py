"""The joining and leaving of strangers, and of invited, stopped and removed workers."""

from dataclasses import replace

from gateway.conversation.context import Context, blank_name, question_to_show
from gateway.conversation.facts import Agreed, Joined, Restarted, Stopped, Turn
from gateway.conversation.money import cash_out
from gateway.conversation.money.appeal import appeal
from gateway.conversation.money.week_text import is_week_command, week
from gateway.conversation.money.why import why
from gateway.conversation.parsed_sms import ParsedSms, code_known, language_named
from gateway.conversation.people.own_name import name_said
from gateway.conversation.situation import WorkerView
from gateway.conversation.work import answering
from gateway.gsm.segments import segments
from gateway.gsm.septets import gsm_only

_CODE_MAX = 12  # The most characters of an unknown code that the reply repeats.


ASKS_TO_JOIN = "JOIN"
"""The words of a sender who asks to join on another way than by an SMS."""


def stop(context: Context) -> Turn:
    """Answer STOP from any state.

    A stranger receives no messages anyway, and no answer either.
    """
    worker = context.situation.worker
    if worker is None:
        return Turn((), context.say("help.coordinator") if context.situation.coordinator else None)
    never_agreed = worker.state == "invited"
    return Turn((Stopped(),), context.say("invite.declined" if never_agreed else "stop.done"))


def stranger(context: Context, heard: ParsedSms) -> Turn:
    """Answer a number that belongs to no worker: JOIN, or how to join."""
    if context.situation.foreign:
        text = context.in_language(heard.language).say("join.other_country")
        return Turn((), text, unclear=True)
    if heard.command == "join":
        return join(context, heard)
    if heard.command == "language" and (chosen := language_named(heard.rest, context.books)):
        return Turn((), context.in_language(chosen).say("join.how"))
    return Turn((), context.in_language(heard.language).say("join.how"), unclear=True)


def join(context: Context, heard: ParsedSms) -> Turn:
    """Answer JOIN with the consent text.

    Only a YES to that text joins a worker. `JOIN KIBERA sw` names a partner and a language. The
    partner is kept with the invitation.
    """
    arguments = heard.arguments
    named = language_named(arguments[-1], context.books) if arguments else None
    language = named or heard.language
    context = context.in_language(language)
    if named and (
        len(arguments) > 1 or not code_known(arguments[0], context.situation.partner_codes)
    ):
        arguments = arguments[:-1]
    code = code_known(arguments[0], context.situation.partner_codes) if arguments else None
    if arguments and code is None:
        unknown = gsm_only(arguments[0].upper(), _CODE_MAX)
        return Turn((), context.say("join.unknown_code", code=unknown))
    return Turn((Joined(code, language, agreed=False),), context.say("join.consent"))


def invited(context: Context, worker: WorkerView, heard: ParsedSms) -> Turn:
    """Read what an invited worker texts.

    Nothing starts before a YES, and a NO counts as STOP. A worker without a name may put it behind
    the YES, as the consent text says: `YES Amina`.
    """
    if heard.command == "yes":
        name = "" if heard.alone or worker.name else name_said(context, heard.rest)
        if heard.alone or name:
            return _welcome(context, worker, name)
    if heard.command == "no" and heard.alone:
        return Turn((Stopped(),), context.say("invite.declined"))
    if heard.command == "join" and heard.rest:
        return join(context, heard)
    return Turn((), context.say("invite.again", name=blank_name(worker.name)))


def _welcome(context: Context, worker: WorkerView, name: str = "") -> Turn:
    """Welcome a worker who agreed, with the first question in the same message.

    Where no work waits, she is offered to say something about herself, if that costs no segment.
    """
    welcome = context.say("agreed.welcome", name=blank_name(name or worker.name))
    turn = answering.work(context, welcome, (Agreed(name),), none="agreed.waiting")
    if question_to_show(context.situation) is None and turn.reply:
        longer = f"{turn.reply} {context.say('about.offer')}"
        if segments(longer) == segments(turn.reply):
            return replace(turn, reply=longer)
    return turn


def stopped(context: Context, worker: WorkerView, heard: ParsedSms) -> Turn:
    """Answer a stopped worker: only START brings her back to work.

    A worker who never agreed is asked as an invited one is.
    """
    if not worker.agreed:
        return _declined(context, worker, heard)
    if heard.command in ("start", "join") and (heard.alone or heard.command == "join"):
        back = context.say("start.back", name=blank_name(worker.name))
        return answering.work(context, back, (Restarted(),))
    return Turn((), context.say("stopped.how"))


def _declined(context: Context, worker: WorkerView, heard: ParsedSms) -> Turn:
    """Answer a worker who said NO before.

    START, JOIN or YES is her first consent, so the reply does not welcome her back.
    """
    if heard.command == "join" and heard.rest:
        return join(context, heard)
    if heard.command in ("start", "join", "yes") and heard.alone:
        return _welcome(context, worker)
    return Turn((), context.say("invite.declined"))


def removed(context: Context, heard: ParsedSms) -> Turn:
    if heard.command == "join" or (heard.command == "start" and heard.alone):
        return join(context, heard)
    return Turn((), context.say("removed.how"))


def money_words(context: Context, worker: WorkerView, heard: ParsedSms) -> Turn | None:
    """Answer BAL, PAY, WHY, APPEAL and WEEK, which work in every state.

    Earned money stays the worker's.
    """
    if heard.command == "balance":
        return Turn((), cash_out.balance(context, worker, by_sms=True))
    if heard.command in ("pay", "airtime"):
        return cash_out.pay(context, worker, heard)
    if heard.command == "why":
        return why(context, worker, heard)
    if heard.command == "appeal":
        return appeal(context, heard)
    if heard.command == "week" and is_week_command(heard):
        return week(context, heard)
    return None

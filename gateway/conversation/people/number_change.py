"""The change of a worker's number.

It takes MOVE, the YES or NO of the new number, and the NO of the old one. Nothing moves before the
new number's own YES. A number that is asked, or that was a worker's before, learns nothing of the
worker: neither name nor money.
"""

import re

from gateway.base.errors import Refused
from gateway.base.msisdn import normalise
from gateway.conversation.context import Context, open_question
from gateway.conversation.facts import (
    MoveAgreed,
    MoveAsked,
    MoveDeclined,
    MoveObjected,
    NumberDoubted,
    NumberReleased,
    NumberStopped,
    PinRight,
    PinWrong,
    Turn,
)
from gateway.conversation.parsed_sms import ParsedSms, says_not_me
from gateway.conversation.situation import MoveTo, NumberMoveView, WorkerView

PIN_BEHIND = re.compile(r"^(.*?)[\s,;]+(?:PIN[\s:=]*)?(\d{4,6})[\s.!]*$", re.IGNORECASE | re.DOTALL)
_TAIL_DIGITS = 2


def number_end(msisdn: str) -> str:
    """Return the end of a number, as texts show it."""
    return msisdn[-_TAIL_DIGITS:]


def number_and_pin(rest: str, region: str) -> tuple[str | None, str | None]:
    """Return the number (E.164) behind MOVE and the PIN behind it, with None for a missing one.

    A text that reads as one whole number is one. A PIN is only split off where a number stands
    before it.

    >>> number_and_pin("0712 345 678 PIN 4821", "KE"), number_and_pin("0712345678 4821", "KE")
    (('+254712345678', '4821'), ('+254712345678', '4821'))
    >>> number_and_pin("+254 712 345678", "KE"), number_and_pin("0712 PIN 4821", "KE")
    (('+254712345678', None), (None, '4821'))
    """
    behind = PIN_BEHIND.match(rest.strip())
    if behind:
        number = _number(behind[1], region)
        if number or "pin" in rest.casefold():
            return number, behind[2]
    return _number(rest, region), None


def two_numbers(rest: str, region: str) -> tuple[str, str] | None:
    """Return the old and the new number behind a coordinator's MOVE.

    Return None where the text is not surely two numbers.

    >>> two_numbers("0711 000 002 0799000003", "KE")
    ('+254711000002', '+254799000003')
    >>> two_numbers("0711000002, +254799000003", "KE")
    ('+254711000002', '+254799000003')
    >>> two_numbers("0711000002", "KE"), two_numbers("0711000002 0799", "KE")
    (None, None)
    """
    words = [word for word in re.split(r"[\s,;]+", rest) if any(ch.isdecimal() for ch in word)]
    found: list[tuple[str, str]] = []
    for at in range(1, len(words)):
        old, new = _number(" ".join(words[:at]), region), _number(" ".join(words[at:]), region)
        if old and new:
            found.append((old, new))
    return found[0] if len(found) == 1 else None


def names_a_number(heard: ParsedSms, region: str) -> bool:
    """Return True when the SMS is MOVE with a number (and a PIN) and nothing else."""
    return number_and_pin(heard.rest, region)[0] is not None


def answer_move(context: Context, heard: ParsedSms) -> Turn:  # noqa: PLR0911  # one return per reason
    """Answer `MOVE 0712345678 PIN 4821` from the old number."""
    to, pin = context.situation.move_to, context.situation.pin
    if heard.alone or to is None or pin is None:
        return Turn((), how(context))
    if not pin.known:
        return Turn((), context.say("move.no_pin"))
    if pin.locked:
        return Turn((), context.say("pin.locked"))
    if to.problem:
        return Turn((), context.say(to.problem, **_day(to)))
    if not pin.typed:
        return Turn((), how(context))
    if not pin.typed_right:
        left = pin.tries_left - 1
        text = context.say("pin.wrong", left=left) if left > 0 else context.say("pin.locked")
        return Turn((PinWrong(),), text)
    return Turn(
        (PinRight(), start_move(context, to)), context.say("move.asked", tail=number_end(to.msisdn))
    )


def start_move(context: Context, to: MoveTo) -> MoveAsked:
    """Return the fact of a change that begins, with the question to the new number."""
    return MoveAsked(to.msisdn, context.say("move.invitation"))


def how(context: Context) -> str:
    """Return the words that say how to change a number."""
    code = context.situation.service_code
    return context.say("move.dial", service_code=code) if code else context.say("move.how")


def at_an_end(context: Context, moving: NumberMoveView, heard: ParsedSms) -> Turn | None:
    """Return the turn of a number that is one end of a change, or None for another message."""
    context = in_her_language(context, moving)
    if moving.is_new:
        return _new_number(context, moving, heard)
    if context.situation.worker is not None:
        return _old_number_before(context, moving, heard)
    return _old_number_after(context, moving, heard)


def answer_stop(context: Context) -> Turn | None:
    """Return the turn of STOP from a number that is no worker's, or None.

    The number is asked for its YES, or was a worker's before.
    """
    moving = context.situation.moving
    if moving is None:
        return None
    context = in_her_language(context, moving)
    if moving.is_new:
        return Turn((MoveDeclined(moving.id, stop=True),), context.say("move.declined"))
    if context.situation.worker is None and moving.is_done:
        return Turn((NumberStopped(),), None)
    return None


def in_her_language(context: Context, moving: NumberMoveView) -> Context:
    """Return the context in the language of the worker whose number changes."""
    hers = context.situation.worker is not None and not moving.is_new
    return context if hers else context.in_language(moving.language)


def agree_to_move(context: Context, moving: NumberMoveView) -> MoveAgreed:
    """Return the fact of a YES, with the SMS to the old number and the end of its open sessions."""
    return MoveAgreed(
        moving.id, context.say("move.notice", day=moving.until), context.say("move.old")
    )


def cannot(context: Context, moving: NumberMoveView) -> str | None:
    """Return the reason why a YES cannot be done now, or None where it can."""
    match moving.can:
        case "payout":
            return context.say("move.wait")
        case "taken":
            return context.say("move.taken")
        case _:
            return None


def old_number_text(context: Context, moving: NumberMoveView) -> str:
    """Return the text for a number that was a worker's: true, and nothing about the worker."""
    if moving.objected:
        return context.say("move.objected")
    return (
        context.say("move.old_hold", day=moving.until)
        if moving.may_object
        else context.say("move.old")
    )


def _new_number(context: Context, moving: NumberMoveView, heard: ParsedSms) -> Turn:
    if heard.command == "yes" and heard.alone:
        no = cannot(context, moving)
        if no:
            return Turn((), no)
        return Turn((agree_to_move(context, moving),), context.say("move.done", day=moving.until))
    if says_not_me(heard, context.books) or (heard.command == "no" and heard.alone):
        return Turn((MoveDeclined(moving.id),), context.say("move.declined"))
    return Turn((), context.say("move.invitation"), unclear=heard.command is None)


def _old_number_before(context: Context, moving: NumberMoveView, heard: ParsedSms) -> Turn | None:
    """Answer the old number while it is still the worker's.

    NO alone may be the answer to a question. Then only NOTME objects. While operators have not
    decided a request, the number knows nothing of it, so a NO cannot be about it.
    """
    told = moving.state != "requested"
    no = told and heard.command == "no" and heard.alone and open_question(context.situation) is None
    if moving.objected and says_not_me(heard, context.books):
        return Turn((), context.say("move.objected"))
    if not moving.may_object or not (no or _not_me(context, heard)):
        return None
    key = "move.kept" if moving.kind == "pin" else "move.objected"
    return Turn((MoveObjected(moving.id),), context.say(key))


def _old_number_after(context: Context, moving: NumberMoveView, heard: ParsedSms) -> Turn | None:
    """Answer the old number when it is the worker's no more.

    While it may object, it cannot join. Afterwards its holder may.
    """
    objects = says_not_me(heard, context.books) or (heard.command == "no" and heard.alone)
    if objects and moving.may_object and not moving.objected:
        return Turn((MoveObjected(moving.id),), context.say("move.objected"))
    if not moving.may_object and not moving.objected and heard.command == "join":
        return None
    return Turn((), old_number_text(context, moving), unclear=heard.command is None)


def not_me(context: Context, heard: ParsedSms) -> Turn | None:
    """Answer NOTME from a worker's number, or return None.

    Its SIM may be a stranger's now. The gateway asks back, and then the number is released.
    """
    if not _not_me(context, heard):
        return None
    moving = context.situation.moving
    if moving and moving.state == "asked":
        return Turn((NumberReleased(context.say("not_me.done")),), context.say("not_me.done"))
    return Turn((NumberDoubted(),), context.say("not_me.ask"))


def may_disown(context: Context) -> bool:
    """Return True when the number may be released.

    It may not be while a change of it is under way, because then it can object.
    """
    moving = context.situation.moving
    return moving is None or moving.state not in ("requested", "invited", "objected")


def _not_me(context: Context, heard: ParsedSms) -> bool:
    """Return True when the SMS says NOTME.

    Where words are asked for, only the one word does, because "not me" may be the answer.
    """
    held = open_question(context.situation)
    typing = held is not None and context.kind(held.question).TAKES_WORDS
    return says_not_me(heard, context.books) and (not typing or len(heard.words) == 1)


def _number(text: str, region: str) -> str | None:
    try:
        return normalise(text.strip(" ,;:"), region) if text.strip() else None
    except Refused:
        return None


def _day(to: MoveTo) -> dict[str, str]:
    return {"day": to.day} if to.day else {}


def take_typed_number(context: Context, worker: WorkerView) -> tuple[tuple[MoveAsked, ...], str]:
    """Return the facts and the notice of a number typed on the menu, behind the PIN."""
    to = context.situation.move_to
    if to is None or to.problem:
        problem = to.problem if to else "move.bad_number"
        return (), context.say(problem, **(_day(to) if to else {}))
    return (start_move(context, to),), context.say("move.asked", tail=number_end(to.msisdn))

"""A coordinator's request for another number of a worker.

It is for a worker who has no PIN, or no SIM any more. Two operators of the gateway decide about
it.
"""

from gateway.base.msisdn import mask
from gateway.conversation.context import Context, short_name
from gateway.conversation.facts import MoveRequested, Turn
from gateway.conversation.parsed_sms import ParsedSms
from gateway.conversation.people.enrolment import pin_checked
from gateway.conversation.people.number_change import two_numbers
from gateway.conversation.situation import CoordinatorView


def is_request(context: Context, heard: ParsedSms) -> bool:
    """Return True when MOVE names two numbers, or comes from a coordinator who is no worker."""
    return (
        context.situation.worker is None
        or two_numbers(heard.rest, context.situation.region) is not None
    )


def answer_move_request(context: Context, coordinator: CoordinatorView, heard: ParsedSms) -> Turn:
    """Answer `MOVE 0711000002 0799000003 PIN 4821`.

    Nothing moves before two operators of the gateway have said so.
    """
    asked = context.situation.move_request
    if asked is None:
        return Turn((), context.say("move.request_how"))
    if asked.worker is None and not asked.problem:
        return Turn((), context.say("unlock.unknown", number=mask(asked.old)))
    tried = pin_checked(context, coordinator)
    if tried.reply:
        return tried
    if asked.problem or asked.worker is None:
        day = {"day": asked.day} if asked.day else {}
        return Turn(tried.facts, context.say(asked.problem, **day))
    fact = MoveRequested(asked.worker, asked.name, asked.old, asked.msisdn)
    told = context.say(
        "move.requested",
        first=short_name(asked.name) or "?",
        number=mask(asked.old),
        other=mask(asked.msisdn),
    )
    return Turn((*tried.facts, fact), told)

"""The words that a gateway which winds down does not follow any more, and its answer to them.

Money can still be asked for with every word, and STOP still stops.
"""

from gateway.conversation.context import Context
from gateway.conversation.facts import Turn
from gateway.conversation.parsed_sms import ParsedSms
from gateway.conversation.situation import Situation

_BEGINS = frozenset({"join", "start", "yes"})


def begins_work(heard: ParsedSms, situation: Situation) -> bool:
    """Return True when an SMS would begin the work of its sender, or of a worker whom she adds."""
    if situation.coordinator and heard.command == "add":
        return True
    at_work = situation.worker is not None and situation.worker.state == "active"
    return heard.command in _BEGINS and not at_work


def closing(context: Context, heard: ParsedSms) -> Turn | None:
    """Tell the sender that the gateway winds down, or return None for all other words."""
    situation = context.situation
    if not situation.winding_down or not begins_work(heard, situation):
        return None
    if situation.worker is None and situation.coordinator is None:
        context = context.in_language(heard.language)
    return Turn((), context.say("closing.no_join"))

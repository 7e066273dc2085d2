"""The command APPEAL: the worker does not agree with what was found about an answer of hers."""

from gateway.conversation.context import Context
from gateway.conversation.explained import AppealView
from gateway.conversation.facts import Appealed, Turn
from gateway.conversation.money.answer_text import looker_key
from gateway.conversation.money.why import ref_said
from gateway.conversation.parsed_sms import ParsedSms

_CASES_SHOWN_MAX = 4
_REPLIES = {
    "may": "appeal.taken",
    "waiting": "appeal.taken",
    "upheld": "appeal.upheld",
    "stands": "appeal.stands",
    "lapsed": "appeal.lapsed",
    "late": "appeal.late",
    "many": "appeal.many",
}


def appeal(context: Context, heard: ParsedSms) -> Turn:
    """Answer APPEAL. Saying it twice has the effect of saying it once."""
    open_refs = context.situation.appeals_open
    if ref_said(heard.rest) is None and len(open_refs) > 1:
        return Turn((), context.say("appeal.which", list=", ".join(open_refs[:_CASES_SHOWN_MAX])))
    view = context.situation.appeal
    if view is None or view.state == "none":
        return Turn((), context.say("appeal.unknown"))
    return Turn(appeal_facts(view), appeal_reply(context, view))


def appeal_facts(view: AppealView) -> tuple[Appealed, ...]:
    """Return the fact that the worker appeals, where she may."""
    return (Appealed(view.ref, view.answer, view.handler),) if view.state == "may" else ()


def appeal_reply(context: Context, view: AppealView) -> str:
    """Return the reply: who looks until when, or how it came out."""
    who = context.say(looker_key(view.looker))
    return context.say(_REPLIES[view.state], ref=view.ref, who=who, day=view.day)

"""The command DECIDE: a coordinator decides an appeal that is with her, by SMS and with her PIN."""

from dataclasses import dataclass

from gateway.conversation.context import Context
from gateway.conversation.facts import AppealDecided, Turn
from gateway.conversation.parsed_sms import ParsedSms
from gateway.conversation.people.enrolment import pin_checked
from gateway.conversation.situation import CoordinatorView
from gateway.phrases.hearing import fold

_REF_MAX = 8
_REASON_MAX = 500


@dataclass(frozen=True, slots=True)
class SaidDecision:
    """The words behind DECIDE: the reference, the word that may be a yes or a no, the reason."""

    ref: str
    verdict: str
    reason: str


def decision_said(rest: str) -> SaidDecision:
    """Return what a coordinator said about an appeal.

    >>> decision_said("a22222: YES, I went there")
    SaidDecision(ref='A22222', verdict='yes', reason='I went there')
    """
    words = [*rest.split(maxsplit=2), "", "", ""]
    ref = "".join(c for c in words[0].upper() if c.isalnum())[: _REF_MAX * 2]
    return SaidDecision(ref, fold(words[1]), words[2].strip()[:_REASON_MAX])


def decide(context: Context, coordinator: CoordinatorView, heard: ParsedSms) -> Turn:
    """Answer DECIDE: the verdict with its reason, or why it cannot be taken."""
    said, found = decision_said(heard.rest), context.situation.appeal_decision
    verdicts = context.book.answers
    is_right, is_wrong = said.verdict in verdicts.yes, said.verdict in verdicts.no
    if not said.ref or not (is_right or is_wrong) or not fold(said.reason):
        ref = said.ref if found and found.state == "may" else "A2K2QX7"
        return Turn((), context.say("appeal.decide_how", ref=ref[:_REF_MAX]))
    if found is None or found.state != "may":
        key = "appeal.decide_other" if found and found.state == "had_part" else "appeal.decide_none"
        return Turn((), context.say(key, ref=said.ref[:_REF_MAX]))
    tried = pin_checked(context, coordinator)
    if tried.reply:
        return tried
    decided = AppealDecided(found.appeal, coordinator.id, is_right, said.reason)
    key = "appeal.decided_right" if is_right else "appeal.decided_stays"
    return Turn((*tried.facts, decided), context.say(key, ref=found.ref))

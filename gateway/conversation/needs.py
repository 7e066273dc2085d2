"""The look-ups that one event requires beyond the situation of every event.

The conversation knows its command words and its menu, so it says what it needs; the step looks that
up. An SMS says it by its words. A key says it by the views that it meets: see `View`.
"""

import re

from gateway.conversation.money.arrival import may_answer
from gateway.conversation.parsed_sms import ParsedSms
from gateway.conversation.people.closing import begins_work
from gateway.conversation.people.coordinators import numbers_said
from gateway.conversation.people.number_change import two_numbers
from gateway.conversation.situation import Need, Situation
from gateway.phrases import Phrasebook

_NOTHING = frozenset[Need]()
_MONEY = frozenset({Need.CASH, Need.PIN})
_OF_WORKER = {
    "balance": _MONEY | {Need.REFUNDED},
    "pay": _MONEY,
    "airtime": _MONEY,
    "why": frozenset({Need.PAYMENT}),
    "appeal": frozenset({Need.APPEAL}),
    "skill": frozenset({Need.SKILL}),
    "week": frozenset({Need.WEEK}),
    "work": frozenset({Need.NO_WORK}),
    "learn": frozenset({Need.LESSON}),
    "card": frozenset({Need.CARD}),
    "refer": frozenset({Need.REFERRAL}),
    "join": frozenset({Need.QUIET_NUMBER}),
    "move": frozenset({Need.MOVE, Need.PIN}),
}


def sms_needs(heard: ParsedSms, situation: Situation, own: Phrasebook) -> frozenset[Need]:
    """Return the look-ups that an SMS requires. A worker's answer requires none.

    `own` is the phrasebook of the sender, in whose language PAY may stand behind an answer.
    """
    needs = _of_worker(heard, situation, own)
    if heard.command is not None and begins_work(heard, situation):
        needs |= {Need.CLOSING}
    held = situation.held  # An answer to a paid question enters no further file.
    if (held is None or held.lapsed) and may_answer(heard, situation, own):
        needs |= {Need.ARRIVAL}
    if code_words(heard, situation):
        needs |= {Need.CODES}
    if heard.command == "learn" and not heard.alone and situation.worker:
        needs |= {Need.LESSONS}
    if situation.coordinator:
        if numbers_said(heard, situation):
            needs |= {Need.NAMED}
        if heard.command == "decide":
            needs |= {Need.APPEAL_DECISION}
        if heard.command == "move" and two_numbers(heard.rest, situation.region):
            return needs - {Need.MOVE, Need.PIN} | {Need.MOVE_REQUEST}
    return needs


def _of_worker(heard: ParsedSms, situation: Situation, own: Phrasebook) -> frozenset[Need]:
    if situation.worker is None:
        return _NOTHING
    if heard.words and own.command(heard.words[-1]) == "pay":
        return _OF_WORKER.get(heard.command or "", _NOTHING) | _MONEY
    if heard.command == "move" and heard.alone:
        return _NOTHING
    return _OF_WORKER.get(heard.command or "", _NOTHING)


def code_words(heard: ParsedSms, situation: Situation) -> list[str]:
    """Return the words of an SMS that may be a partner's code.

    A worker at work joins no partner, unless she is a coordinator too.
    """
    said = heard.typed.upper()
    if situation.coordinator:
        return re.findall(r"\w+", said)
    words = said.split()
    at_work = situation.worker is not None and situation.worker.state == "active"
    return words if len(words) > 1 and not at_work else []

"""The worker's answer to the question whether her payout arrived."""

from gateway.conversation.context import Context
from gateway.conversation.facts import ArrivalSaid, Turn
from gateway.conversation.parsed_sms import ParsedSms
from gateway.conversation.situation import ArrivalView, Situation
from gateway.phrases import Phrasebook

_KEYS = {"1": True, "2": False}


def may_answer(heard: ParsedSms, situation: Situation, own: Phrasebook) -> bool:
    """Return True for a bare yes or no of a worker whom no paid question waits for.

    Only then it is looked up whether she was asked about a payout.
    """
    worker, held = situation.worker, situation.held
    if worker is None or worker.state != "active" or (held is not None and not held.lapsed):
        return False
    if situation.lesson is not None:  # The yes or no belongs to the lesson.
        return False
    return _meaning(heard, own) is not None


def _meaning(heard: ParsedSms, own: Phrasebook) -> bool | None:
    """Return True for yes, False for no, and None for anything else."""
    if not heard.words or len(set(heard.words)) != 1:
        return None
    word = heard.words[0]
    if word in _KEYS:
        return _KEYS[word]
    if heard.command in ("yes", "no"):
        return heard.command == "yes"
    return True if word in own.words.yes else False if word in own.words.no else None


def arrival_said(context: Context, heard: ParsedSms) -> Turn | None:
    """Take a bare yes or no as the answer, where the worker was asked about a payout by SMS."""
    asked = context.situation.arrival
    if asked is None or not may_answer(heard, context.situation, context.book):
        return None
    arrived = _meaning(heard, context.book)
    assert arrived is not None
    return Turn((said(asked, arrived=arrived),), thanks(context, asked, arrived=arrived))


def said(asked: ArrivalView, *, arrived: bool) -> ArrivalSaid:
    """Return the fact that the worker said whether her payout arrived."""
    return ArrivalSaid(asked.payout, asked.ref, asked.amount, arrived)


def thanks(context: Context, asked: ArrivalView, *, arrived: bool) -> str:
    """Return the reply to a worker who said whether her payout arrived."""
    return context.say("arrival.yes") if arrived else context.say("arrival.no", ref=asked.ref)

"""The commands of a coordinator: ADD, REMOVE, UNLOCK, ZONE, NAME, MOVE, DECIDE and STATUS.

No other role can use them.
"""

from gateway.base.errors import Refused
from gateway.base.ids import answer_of_ref
from gateway.base.msisdn import mask, normalise
from gateway.base.text.strings import numbers_masked
from gateway.conversation.context import Context, short_name
from gateway.conversation.facts import (
    Fact,
    PinReset,
    RemovedByCoordinator,
    Turn,
    WorkerNamed,
    ZoneChosen,
)
from gateway.conversation.parsed_sms import ParsedSms
from gateway.conversation.people import number_requests
from gateway.conversation.people.appeal_decision import decide, decision_said
from gateway.conversation.people.enrolment import entries, invite_workers, pin_checked, rest_typed
from gateway.conversation.situation import CoordinatorView, NamedWorker, Situation
from gateway.gsm.septets import gsm_only
from gateway.workers.names import as_name, is_name
from gateway.workers.quiet import zone_named

_SAID_MAX = 13  # The most characters of a wrong number that are shown again.
_NUMBER_DIGITS_MIN = 7
_NAMING = ("add", "remove", "unlock", "zone", "name")


def numbers_said(heard: ParsedSms, situation: Situation) -> tuple[str, ...]:
    """Return the numbers (E.164) that a coordinator's command names.

    The step looks them up for `Situation.named`.
    """
    if situation.coordinator is None or heard.command not in _NAMING:
        return ()
    found: list[str] = []
    for entry in entries(rest_typed(heard)):
        try:
            found.append(normalise(entry.number, situation.region))
        except Refused:
            continue
    return tuple(dict.fromkeys(found))


def coordinator_turn(  # noqa: PLR0911  # one return per word
    context: Context, coordinator: CoordinatorView, heard: ParsedSms
) -> Turn | None:
    """Return the turn of a coordinator's command, or None when the SMS is none.

    The coordinator may be a worker too.
    """
    context = context if context.situation.worker else context.in_language(coordinator.language)
    match heard.command:
        case "add":
            return invite_workers(context, coordinator, heard)
        case "remove":
            return _remove(context, heard)
        case "unlock":
            return _unlock(context, coordinator, heard)
        case "zone":
            return _zone(context, heard)
        case "name" if _names_a_number(heard) or context.situation.worker is None:
            return _name(context, heard)
        case "status":
            return Turn((), status(context, coordinator))
        case "decide":
            return decide(context, coordinator, heard)
        case "move" if number_requests.is_request(context, heard):
            return number_requests.answer_move_request(context, coordinator, heard)
        case _:
            return None


def is_for_work(heard: ParsedSms) -> bool:
    """Return True for ADD or REMOVE without a number, and for STATUS with more words.

    DECIDE is for work too unless a reference follows.

    While a worker types a text, these are part of that text.
    """
    if heard.command == "status":
        return not heard.alone
    if heard.command == "decide":
        return answer_of_ref(decision_said(heard.rest).ref) is None
    return not _names_a_number(heard)


def status(context: Context, coordinator: CoordinatorView) -> str:
    book = context.book
    counts = (
        book.plural("status.workers", coordinator.workers_active),
        book.plural("status.invited", coordinator.workers_invited),
        book.plural("status.answers", coordinator.answers_today),
        *_not_reached(context, coordinator),
    )
    return " ".join(counts)


def _not_reached(context: Context, coordinator: CoordinatorView) -> list[str]:
    """Return the counts of workers who receive nothing now, and of findings to look at.

    These workers have stopped, or their phone is off.
    """
    counts = {
        "status.stopped": coordinator.workers_stopped,
        "status.away": coordinator.workers_away,
        "status.findings": coordinator.findings,
    }
    return [context.book.plural(key, count) for key, count in counts.items() if count]


def _remove(context: Context, heard: ParsedSms) -> Turn:
    msisdn, wrong, _ = _worker_named(context, heard)
    if msisdn is None:
        key = "remove.bad_number" if wrong else "remove.how"
        return Turn((), context.say(key, said=wrong))
    known = _known(context, msisdn)
    if not known.mine or known.state == "removed":
        return Turn((), context.say("remove.unknown", number=mask(msisdn)))
    return Turn((RemovedByCoordinator(msisdn),), context.say("remove.done", number=mask(msisdn)))


def _unlock(context: Context, coordinator: CoordinatorView, heard: ParsedSms) -> Turn:
    """Answer UNLOCK with a number and the coordinator's own PIN.

    It is for a worker who forgot her PIN, or whose PIN was tried three times.
    """
    msisdn, _, _ = _worker_named(context, heard)
    if msisdn is None:
        return Turn((), context.say("unlock.how"))
    known = _known(context, msisdn)
    if not known.mine:
        return Turn((), context.say("unlock.unknown", number=mask(msisdn)))
    if not known.has_pin:
        return Turn((), context.say("unlock.no_pin", number=mask(msisdn)))
    tried = pin_checked(context, coordinator)
    if tried.reply:
        return tried
    facts: tuple[Fact, ...] = (*tried.facts, PinReset(msisdn))
    return Turn(facts, context.say("unlock.done", number=mask(msisdn)))


def _name(context: Context, heard: ParsedSms) -> Turn:
    """Answer `NAME 0712345678 Amina`.

    It names a worker who joined without a name, or spells a name anew.
    """
    msisdn, _, words = _worker_named(context, heard)
    name = as_name(" ".join(words))
    if msisdn is None or not is_name(name):
        return Turn((), context.say("rename.how"))
    if not _known(context, msisdn).mine:
        return Turn((), context.say("unlock.unknown", number=mask(msisdn)))
    done = context.say("rename.done", name=short_name(name), number=mask(msisdn))
    return Turn((WorkerNamed(msisdn, name),), done)


def _zone(context: Context, heard: ParsedSms) -> Turn:
    """Answer `ZONE +243812345678 Lubumbashi`.

    It says where the worker lives, so that the gateway respects her nights there.
    """
    msisdn, _, words = _worker_named(context, heard)
    zone = zone_named(" ".join(words))
    if msisdn is None or zone is None:
        return Turn((), context.say("zone.how"))
    if not _known(context, msisdn).mine:
        return Turn((), context.say("unlock.unknown", number=mask(msisdn)))
    city = zone.rpartition("/")[2].replace("_", " ")
    return Turn(
        (ZoneChosen(msisdn, zone),), context.say("zone.done", number=mask(msisdn), city=city)
    )


def _known(context: Context, msisdn: str) -> NamedWorker:
    return context.situation.named.get(msisdn, NamedWorker("nobody"))


def _shown(number: str) -> str:
    """Return a typed number as the reply shows it.

    Its digits are masked, because a reply is stored and other roles may read it.
    """
    return gsm_only(numbers_masked(number), _SAID_MAX)


def _worker_named(context: Context, heard: ParsedSms) -> tuple[str | None, str, tuple[str, ...]]:
    """Return the number that a command names, the wrong number as shown, and the other words.

    The number is None when the typed one is no phone number.
    """
    named = entries(rest_typed(heard))
    if not named or not named[0].number:
        return None, "", named[0].words if named else ()
    try:
        return normalise(named[0].number, context.situation.region), "", named[0].words
    except Refused:
        return None, _shown(named[0].number), named[0].words


def _names_a_number(heard: ParsedSms) -> bool:
    return sum(ch.isdecimal() for ch in heard.rest) >= _NUMBER_DIGITS_MIN

"""A coordinator's words: ADD, REMOVE, UNLOCK, ZONE, STATUS. Who is not a coordinator cannot say them."""

from dataclasses import dataclass

from gateway.conversation.facts import Enrolled, PinReset, RemovedByCoordinator, Turn, ZoneChosen
from gateway.conversation.heard import Heard, code_known, hear, language_named
from gateway.conversation.notices import invitation
from gateway.conversation.situation import CoordinatorView, Situation
from gateway.conversation.talk import Books, Talk, short_name
from gateway.errors import Refused
from gateway.msisdn import mask, normalise, region_of, split_number
from gateway.phrases import book_in
from gateway.phrases.hearing import fold
from gateway.phrases.septets import gsm_only
from gateway.texts import holds_number, is_line, numbers_masked
from gateway.workers.quiet import zone_named

NAME_KEPT_MAX = 60  # characters of a name we keep
_SAID_MAX = 13  # characters of a wrong number that are shown again
_NUMBER_DIGITS_MIN = 7


@dataclass(frozen=True, slots=True)
class _Named:
    """What follows ADD or REMOVE: the number as typed, and the words after it."""

    number: str
    others: list[str]


def number_said(said: str, situation: Situation, books: Books) -> str | None:
    """The number (E.164) that a coordinator's ADD or REMOVE names, for looking up `Situation.named`."""
    if situation.coordinator is None:
        return None
    heard = hear(said, book_in(situation.coordinator.language, books), books)
    if heard.command not in ("add", "remove", "unlock", "zone"):
        return None
    try:
        return normalise(_named(heard).number, situation.region)
    except Refused:
        return None


def coordinator_turn(talk: Talk, coordinator: CoordinatorView, heard: Heard) -> Turn | None:
    """The turn of a coordinator's word; None when it is none (she may be a worker too)."""
    talk = talk if talk.situation.worker else talk.in_language(coordinator.language)
    match heard.command:
        case "add":
            return _add(talk, coordinator, heard)
        case "remove":
            return _remove(talk, heard)
        case "unlock":
            return _unlock(talk, heard)
        case "zone":
            return _zone(talk, heard)
        case "status":
            return Turn((), status(talk, coordinator))
        case _:
            return None


def is_for_work(heard: Heard) -> bool:
    """ADD or REMOVE without a number, or STATUS with more words: while she types a text, it is part of that text."""
    if heard.command == "status":
        return not heard.alone
    return not _looks_like_number(_named(heard).number)


def status(talk: Talk, coordinator: CoordinatorView) -> str:
    book = talk.book
    counts = (
        book.plural("status.workers", coordinator.workers_active),
        book.plural("status.invited", coordinator.workers_invited),
        book.plural("status.answers", coordinator.answers_today),
        *_not_reached(talk, coordinator),
    )
    return " ".join(counts)


def _not_reached(talk: Talk, coordinator: CoordinatorView) -> list[str]:
    """Who gets nothing now (those who stopped, and those whose phone is off), and about whom there is something to see."""
    counts = {
        "status.stopped": coordinator.workers_stopped,
        "status.away": coordinator.workers_away,
        "status.findings": coordinator.findings,
    }
    return [talk.book.plural(key, count) for key, count in counts.items() if count]


def _add(talk: Talk, coordinator: CoordinatorView, heard: Heard) -> Turn:
    """`ADD +254712345678 Amina Wanjiku sw KIBERA`: the number first, language and partner may be left out."""
    named = _named(heard)
    situation = talk.situation
    if not named.number:
        return Turn((), talk.say("add.how"))
    try:
        msisdn = normalise(named.number, situation.region)
    except Refused:
        return Turn((), talk.say("add.bad_number", said=_shown(named.number)))
    if situation.regions and region_of(msisdn) not in {None, situation.region, *situation.regions}:
        return Turn((), talk.say("add.other_country", number=mask(msisdn)))
    words, language, partner = _name_language_partner(talk, coordinator, named.others)
    name = " ".join(words)[:NAME_KEPT_MAX]
    if not fold(name) or not is_line(name, NAME_KEPT_MAX) or holds_number(name):
        return Turn((), talk.say("add.no_name"))
    wrong = _wrong_partner(talk, coordinator, partner) or _known_already(talk, msisdn)
    if wrong:
        return Turn((), wrong)
    code = code_known(partner, situation.partner_codes) if partner else None
    fact = Enrolled(
        msisdn=msisdn,
        name=name,
        language=language,
        partner=code or coordinator.partner,
        invitation=invitation(book_in(language, talk.books), name, coordinator.name),
    )
    in_language = book_in(language, talk.books).say("language.name")
    reply = talk.say("add.done", name=short_name(name), number=mask(msisdn), language=in_language)
    return Turn((fact,), reply)


def _remove(talk: Talk, heard: Heard) -> Turn:
    named = _named(heard)
    if not named.number:
        return Turn((), talk.say("remove.how"))
    try:
        msisdn = normalise(named.number, talk.situation.region)
    except Refused:
        return Turn((), talk.say("remove.bad_number", said=_shown(named.number)))
    if talk.situation.named in ("nobody", "removed"):
        return Turn((), talk.say("remove.unknown", number=mask(msisdn)))
    return Turn((RemovedByCoordinator(msisdn),), talk.say("remove.done", number=mask(msisdn)))


def _unlock(talk: Talk, heard: Heard) -> Turn:
    """UNLOCK and a number: her worker forgot the PIN, or somebody tried three times."""
    try:
        msisdn = normalise(_named(heard).number, talk.situation.region)
    except Refused:
        return Turn((), talk.say("unlock.how"))
    if talk.situation.named == "nobody":
        return Turn((), talk.say("unlock.unknown", number=mask(msisdn)))
    return Turn((PinReset(msisdn),), talk.say("unlock.done", number=mask(msisdn)))


def _zone(talk: Talk, heard: Heard) -> Turn:
    """`ZONE +243812345678 Lubumbashi`: where her worker lives, so that her nights are respected there."""
    named = _named(heard)
    try:
        msisdn = normalise(named.number, talk.situation.region)
    except Refused:
        return Turn((), talk.say("zone.how"))
    zone = zone_named(" ".join(named.others))
    if zone is None:
        return Turn((), talk.say("zone.how"))
    if talk.situation.named == "nobody":
        return Turn((), talk.say("unlock.unknown", number=mask(msisdn)))
    city = zone.rpartition("/")[2].replace("_", " ")
    return Turn((ZoneChosen(msisdn, zone),), talk.say("zone.done", number=mask(msisdn), city=city))


def _named(heard: Heard) -> _Named:
    """Return the number, which may be typed with blanks (`ADD 0712 345 678 Amina`), and the words after it."""
    return _Named(*split_number(heard.rest))


def _shown(number: str) -> str:
    """Return what was typed for a number as the reply names it: a reply is stored, and may be read by others."""
    return gsm_only(numbers_masked(number), _SAID_MAX)


def _looks_like_number(text: str) -> bool:
    return sum(ch.isdecimal() for ch in text) >= _NUMBER_DIGITS_MIN


def _name_language_partner(
    talk: Talk, coordinator: CoordinatorView, words: list[str]
) -> tuple[list[str], str, str | None]:
    """Language and partner stand last; a partner without a language is known by its code."""
    if len(words) > 2 and (language := language_named(words[-2], talk.books)):  # noqa: PLR2004  name, language, partner
        return words[:-2], language, words[-1]
    if len(words) > 1 and (language := language_named(words[-1], talk.books)):
        return words[:-1], language, None
    if len(words) > 1 and code_known(words[-1], talk.situation.partner_codes):
        return words[:-1], coordinator.language, words[-1]
    return words, coordinator.language, None


def _wrong_partner(talk: Talk, coordinator: CoordinatorView, partner: str | None) -> str | None:
    if partner is None:
        return None
    if coordinator.partner and fold(partner) != fold(coordinator.partner):
        return talk.say("add.not_your_partner", partner=coordinator.partner)
    if not coordinator.partner and not code_known(partner, talk.situation.partner_codes):
        return talk.say("add.unknown_partner", partner=gsm_only(partner, _SAID_MAX))
    return None


def _known_already(talk: Talk, msisdn: str) -> str | None:
    """Nobody is invited twice, and who said STOP only comes back herself."""
    if talk.situation.named in ("active", "invited", "stopped"):
        return talk.say(f"add.{talk.situation.named}", number=mask(msisdn))
    return None

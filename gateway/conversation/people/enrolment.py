"""The command ADD: a coordinator invites workers, and corrects or repeats an invitation.

`ADD 0712345678 Amina Wanjiku sw KIBERA` has number and name in either order, and language and
partner last. Several workers stand on one line each, or with `;` or `,` between them. A worker who
is invited already gets the invitation again, with the new name and language.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import cast

from babel import Locale, localedata

from gateway.base.errors import Refused
from gateway.base.msisdn import is_number_word, mask, normalise, region_of, split_number
from gateway.base.text.strings import numbers_masked
from gateway.conversation.context import Context, short_name
from gateway.conversation.facts import CoordinatorPinTried, Enrolled, Fact, Turn
from gateway.conversation.notices import invitation
from gateway.conversation.parsed_sms import ParsedSms, code_known, language_named
from gateway.conversation.situation import CoordinatorView, NamedWorker
from gateway.gsm.septets import gsm_only
from gateway.phrases import book_in
from gateway.phrases.hearing import clean, fold
from gateway.workers.names import as_name, is_name

WORKERS_MAX = 50
"""The most workers that are read from one SMS. The ten parts of a phone's SMS hold no more."""
_SAID_MAX = 13  # The most characters of a wrong number that are shown again.
_OR = frozenset(map(fold, ("or", "au", "ama", "ou", "ko", "\u12c8\u12ed\u121d", "\u12c8\u12ed")))

_NUMBER_DIGITS_MIN = 7
_TAIL_DIGITS = 2
_LANGUAGE_NAME_MIN = 5  # Shorter names of languages are surnames as often.
_LINES = re.compile(r"[\r\n]+|;(?!\s*[a-z-]+=)")
_COMMAND = re.compile(r"^[\W_]*[^\W_]+[\s:=.,-]*")
_NEW = NamedWorker("nobody")


@dataclass(frozen=True, slots=True)
class EnrolmentEntry:
    """One worker as typed.

    `words` holds the words of name, language and partner, and the words behind a comma.
    """

    number: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The outcome of one entry: the fact of an invitation, or the phrase that refuses it."""

    label: str
    fact: Enrolled | None = None
    again: bool = False
    sends_at: str = ""
    refusal: str = ""
    reason: str = ""


def entries(typed: str) -> list[EnrolmentEntry]:
    """Return the workers that an SMS names, in order.

    `typed` is the SMS without the command word.

    >>> [(e.number, e.words) for e in entries("0712345678 Amina sw; Peter 0722000001")]
    [('0712345678', ('Amina', 'sw')), ('0722000001', ('Peter',))]
    >>> [e.number for e in entries("0712345678 Amina, 0722000001 Peter")]
    ['0712345678', '0722000001']
    """
    found = [_entry(part) for line in _LINES.split(typed) for part in _parts(line)]
    return [entry for entry in found if entry.number or entry.words][: WORKERS_MAX + 1]


def rest_typed(heard: ParsedSms) -> str:
    """Return the text behind the command word, with its line ends."""
    return _COMMAND.sub("", heard.typed, count=1)


def invite_workers(context: Context, coordinator: CoordinatorView, heard: ParsedSms) -> Turn:
    """Invite the workers that an ADD names."""
    named = entries(rest_typed(heard))
    if not named or not any(entry.number for entry in named):
        return Turn((), context.say("add.how"))
    outcomes = _within_limit(_outcomes(context, coordinator, named), coordinator)
    new = sum(one.fact is not None for one in outcomes)
    tried = pin_checked(context, coordinator) if new and _needs_pin(coordinator, new) else None
    if tried and tried.reply:
        return tried
    facts: tuple[Fact, ...] = tried.facts if tried else ()
    facts += tuple(one.fact for one in outcomes if one.fact)
    if len(outcomes) == 1:
        return Turn(facts, _one(context, coordinator, outcomes[0]))
    return Turn(facts, _several(context, outcomes))


def pin_checked(context: Context, coordinator: CoordinatorView) -> Turn:
    """Return the fact of a right PIN with no reply, or the reply that ends the command."""
    match coordinator.pin:
        case "right":
            return Turn((CoordinatorPinTried(right=True),), None)
        case "wrong":
            left = str(max(coordinator.pin_tries_left - 1, 0))
            tried = (CoordinatorPinTried(right=False),)
            return Turn(tried, context.say("pin.sms_wrong", count=left))
        case "locked":
            return Turn((), context.say("pin.sms_locked"))
        case _:
            return Turn((), context.say("pin.sms_needed"))


def last_digits(msisdn: str) -> str:
    """Return the last digits of a number, as they stand beside a name.

    >>> last_digits("+254712345678")
    '..78'
    """
    return f"..{msisdn[-_TAIL_DIGITS:]}"


def _shown(said: str) -> str:
    """Return typed text as a reply shows it.

    Its numbers are masked, because a reply is stored and other roles may read it.
    """
    return gsm_only(numbers_masked(said), _SAID_MAX)


def _needs_pin(coordinator: CoordinatorView, new: int) -> bool:
    return (
        new > coordinator.adds_per_sms_free
        or coordinator.invited_today + new > coordinator.adds_free
    )


def _parts(line: str) -> list[str]:
    """Split a line where it names several workers."""
    if _numbers_in(line.split()) < 2 and _numbers_in(re.sub("[,،]", " ", line).split()) < 2:  # noqa: PLR2004
        return [line]
    if _has_alternatives(line.split()):
        return [line]  # Which of the numbers is hers is not said, so the line is refused as one.
    pieces = [piece.strip() for piece in re.split("[,،]", line) if piece.strip()]
    if all(_numbers_in(piece.split()) == 1 for piece in pieces):
        return pieces
    return _by_numbers(re.sub("[,،]", " ", line).split())


def _has_alternatives(words: Sequence[str]) -> bool:
    """Return whether two numbers have nothing but an "or" between them, in any language."""
    runs = _runs(words)
    return any(
        begin == end + 1 and fold(words[end]) in _OR for (_, end), (begin, _) in pairwise(runs)
    )


def _by_numbers(words: Sequence[str]) -> list[str]:
    """Split words at their numbers.

    Each worker begins with her number, or ends with it where a name stands first.
    """
    runs = _runs(words)
    if runs[0][0] == 0:
        cuts = [first for first, _ in runs]
    else:
        cuts = [0, *(last for _, last in runs[:-1])]
    ends = [*cuts[1:], len(words)]
    return [" ".join(words[a:b]) for a, b in zip(cuts, ends, strict=True)]


def _runs(words: Sequence[str]) -> list[tuple[int, int]]:
    """Return the positions of the phone numbers among words, each as first and last + 1."""
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and is_number_word(words[end]):
            end += 1
        digits = sum(ch.isdecimal() for word in words[at:end] for ch in word)
        if digits >= _NUMBER_DIGITS_MIN:
            found.append((at, end))
        at = max(end, at + 1)
    return found


def _numbers_in(words: Sequence[str]) -> int:
    return len(_runs(words))


def _entry(text: str) -> EnrolmentEntry:
    words = text.split()
    for first, _ in _runs(words):
        number, after = split_number(" ".join(words[first:]))
        return EnrolmentEntry(number, (*_plain(words[:first]), *_plain(after)))
    # It is too short for a number, but stands where a number should stand.
    number, after = split_number(text)
    return EnrolmentEntry(number, tuple(_plain(after)))


def _plain(words: Sequence[str]) -> list[str]:
    return clean(" ".join(words).replace(",", " ")).split()


def _outcomes(
    context: Context, coordinator: CoordinatorView, named: Sequence[EnrolmentEntry]
) -> list[_Outcome]:
    found: list[_Outcome] = []
    seen: set[str] = set()
    for entry in named[:WORKERS_MAX]:
        one = _outcome(context, coordinator, entry)
        if one.fact and one.fact.msisdn in seen:
            continue  # The same number twice in one SMS is one worker.
        if one.fact:
            seen.add(one.fact.msisdn)
        found.append(one)
    return found


def _outcome(context: Context, coordinator: CoordinatorView, entry: EnrolmentEntry) -> _Outcome:  # noqa: PLR0911  # one return per reason
    situation = context.situation
    called = short_name(numbers_masked(" ".join(entry.words)))
    label = called or _shown(entry.number)
    try:
        msisdn = normalise(entry.number, situation.region)
    except Refused:
        said = _shown(entry.number)
        return _refused(
            label, context.say("add.bad_number", said=said), context.say("reason.number")
        )
    label = f"{called} {last_digits(msisdn)}".strip()
    number = mask(msisdn)
    if situation.regions and region_of(msisdn) not in {situation.region, *situation.regions}:
        return _refused(
            label, context.say("add.other_country", number=number), context.say("reason.country")
        )
    words, language, partner = _name_language_partner(context, coordinator, list(entry.words))
    unknown = _unknown_last(words) if language is None and partner is None else None
    if unknown:
        word = _shown(unknown)
        return _refused(
            label, context.say("add.which", word=word), context.say("reason.word", word=word)
        )
    wrong = _wrong_partner(context, coordinator, partner)
    if wrong:
        return _refused(label, wrong, context.say("reason.partner"))
    name = as_name(" ".join(words))
    known = situation.named.get(msisdn, _NEW)
    if not fold(name) and not (known.state == "invited" and known.mine):
        return _refused(label, context.say("add.no_name"), context.say("reason.name"))
    if name and not is_name(name):
        return _refused(label, context.say("add.bad_name"), context.say("reason.name"))
    refusal = _known_already(context, known, number)
    if refusal:
        return _refused(label, *refusal)
    language = language or (known.language if known.state == "invited" else coordinator.language)
    return _invited(context, coordinator, msisdn, known, name or known.name, language, partner)


def _invited(
    context: Context,
    coordinator: CoordinatorView,
    msisdn: str,
    known: NamedWorker,
    name: str,
    language: str,
    partner: str | None,
) -> _Outcome:
    code = code_known(partner, context.situation.partner_codes) if partner else None
    fact = Enrolled(
        msisdn=msisdn,
        name=name,
        language=language,
        partner=code or coordinator.partner,
        invitation=invitation(book_in(language, context.books), name, coordinator.name),
    )
    again = known.state == "invited"
    label = f"{short_name(name)} {last_digits(msisdn)}".strip()
    return _Outcome(label, fact, again=again, sends_at=known.sends_at)


def _refused(label: str, refusal: str, reason: str) -> _Outcome:
    return _Outcome(label, refusal=refusal, reason=reason)


def _within_limit(outcomes: list[_Outcome], coordinator: CoordinatorView) -> list[_Outcome]:
    """Leave out the invitations that pass the coordinator's own limit per 24 hours."""
    left = coordinator.invitations_left
    kept: list[_Outcome] = []
    for one in outcomes:
        if one.fact is None or left > 0:
            left -= one.fact is not None
            kept.append(one)
        else:
            kept.append(replace(one, fact=None, reason="limit"))
    return kept


def _one(context: Context, coordinator: CoordinatorView, one: _Outcome) -> str:
    if one.reason == "limit":
        return _limit(context, coordinator)
    if one.fact is None:
        return one.refusal
    told = {
        "name": short_name(one.fact.name),
        "number": mask(one.fact.msisdn),
        "language": book_in(one.fact.language, context.books).say("language.name"),
    }
    if one.sends_at:
        return context.say("add.done_later", **told, time=one.sends_at)
    return context.say("add.again" if one.again else "add.done", **told)


def _several(context: Context, outcomes: Sequence[_Outcome]) -> str:
    """Return one text about all workers: the invited ones, and the others, each with the reason."""
    invited = [one for one in outcomes if one.fact]
    lines: list[str] = []
    later = next((one.sends_at for one in invited if one.sends_at), "")
    now = [one.label for one in invited if not one.sends_at]
    night = [one.label for one in invited if one.sends_at]
    if now:
        lines.append(context.say("add.several", list=", ".join(now)))
    if night:
        lines.append(context.say("add.several_later", list=", ".join(night), time=later))
    left_out = [
        f"{one.label} ({context.say('reason.limit') if one.reason == 'limit' else one.reason})"
        for one in outcomes
        if not one.fact
    ]
    if left_out:
        lines.append(context.say("add.left_out", list=", ".join(left_out)))
    return "\n".join(lines)


def _limit(context: Context, coordinator: CoordinatorView) -> str:
    return context.say(
        "add.limit", count=str(coordinator.invitations_most), time=coordinator.invitations_again
    )


def _known_already(context: Context, known: NamedWorker, number: str) -> tuple[str, str] | None:
    """Return the refusal and its reason for a number that cannot be invited, or None.

    A worker who has joined is not invited. A worker who said STOP only comes back herself. No
    number is flooded. A number that a worker gave up may return to her, so it cannot join before
    that is over.
    """
    if known.in_hold:
        return context.say("add.moving", number=number), context.say("reason.moving")
    if known.state in ("active", "stopped"):
        text = context.say(f"add.{known.state}", number=number)
        return text, context.say(f"reason.{known.state}")
    if known.state == "invited" and not known.mine:
        return context.say("add.invited", number=number), context.say("reason.invited")
    if known.invitations >= known.invitations_most:
        count = str(known.invitations_most)
        return context.say("add.enough", number=number, count=count), context.say("reason.enough")
    return None


def _name_language_partner(
    context: Context, coordinator: CoordinatorView, words: list[str]
) -> tuple[list[str], str | None, str | None]:
    """Split the words into name, language and partner.

    Language and partner stand last. A partner without a language is known by its code.
    """
    if len(words) > 2 and (language := language_named(words[-2], context.books)):  # noqa: PLR2004  name, language, partner
        return words[:-2], language, words[-1]
    if len(words) > 1 and (language := language_named(words[-1], context.books)):
        return words[:-1], language, None
    if len(words) > 1 and code_known(words[-1], context.situation.partner_codes):
        return words[:-1], coordinator.language, words[-1]
    return words, None, None


def _unknown_last(words: Sequence[str]) -> str | None:
    """Return the last word where it looks like a language or a partner, else None.

    Examples are `Wafula xx`, `Wafula NAIROBI` and `Wafula luganda`.
    """
    if len(words) < 2:  # noqa: PLR2004  # a single word is the name
        return None
    last, before = words[-1], " ".join(words[:-1])
    is_code = len(last) == 2 and last.isalpha() and last.islower()  # noqa: PLR2004  # ISO 639-1
    is_partner = last.isupper() and len(last) > 1 and not before.isupper()
    is_language = last.casefold() in _language_names()
    return last if is_code or is_partner or is_language else None


@lru_cache(maxsize=1)
def _language_names() -> frozenset[str]:
    """Return the names of the world's languages in English, and each in itself: Ganda, Luganda."""
    english = _languages_in("en")
    own = (_languages_in(code).get(code, "") for code in english if localedata.exists(code))
    names = (name.casefold() for name in (*english.values(), *own))
    return frozenset(name for name in names if len(name) >= _LANGUAGE_NAME_MIN)


def _languages_in(code: str) -> Mapping[str, str]:
    """Return the names of languages in one of them, by code."""
    return cast("Mapping[str, str]", Locale(code).languages)


def _wrong_partner(
    context: Context, coordinator: CoordinatorView, partner: str | None
) -> str | None:
    if partner is None:
        return None
    if coordinator.partner and fold(partner) != fold(coordinator.partner):
        return context.say("add.not_your_partner", partner=coordinator.partner)
    if not coordinator.partner and not code_known(partner, context.situation.partner_codes):
        return context.say("add.unknown_partner", partner=_shown(partner))
    return None

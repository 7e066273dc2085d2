"""The shared part of kinds with numbered options: checking options and understanding replies.

Reading is tolerant of the way workers type and strict about the meaning: every word of a reply must
point to the same option. Any other reply is not understood, and the worker is asked again. No
answer is ever guessed.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from gateway.base.errors import Refused
from gateway.base.text.strings import prose
from gateway.phrases import books
from gateway.phrases.hearing import clean, fold
from gateway.qa.answers import choice
from gateway.qa.answers.port import AnswerForm
from gateway.tasks.packed import Meanings
from gateway.tasks.port import Reading
from gateway.tasks.question import FALLBACK_LANGUAGE, Option

ANSWERS: AnswerForm = choice
OPTIONS_MAX = 9  # one key of a phone per option
ID_MAX, LABEL_MAX = 64, 40
TEXT_MAX = 1_200  # eight SMS parts; a longer text is a document, not a question on a phone

UNCLEAR, EMPTY, TWO = "unclear.choice", "unclear.empty", "unclear.two"
# On handsets without clear shapes a lone l or I was meant as 1.
_LOOKS_LIKE_ONE = frozenset({"l", "i"})

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def check_text(text: str) -> None:
    """Raise Refused if a question's text is empty, cannot be sent, or is too long for a phone."""
    if not clean(text):
        raise Refused("the text is empty", field="text")
    if _CONTROL.search(text):
        raise Refused("the text has a control character in it", field="text")
    prose(text, "text")
    if len(text) > TEXT_MAX:
        raise Refused(
            f"the text has {len(text):,} characters; at most {TEXT_MAX:,} can be asked on a phone",
            field="text",
        )


def check_options(options: Sequence[Option]) -> None:
    """Raise Refused for options that a worker could not tell apart or could not name."""
    stop_words = frozenset[str]().union(*(book.words.stop for book in books().values()))
    ids = [option.id for option in options]
    if len(set(ids)) != len(ids):
        raise Refused("two options have the same id", field="options")
    for place, option in enumerate(options, start=1):
        where = f"option {place}"
        if not clean(option.id) or option.id != clean(option.id) or len(option.id) > ID_MAX:
            raise Refused(
                f"{where}: the id must be 1 to {ID_MAX} plain characters", field="options"
            )
        for label in option.labels.values() if option.labels else (option.id,):
            _check_label(where, place, label, len(options))
            if fold(label) in stop_words:
                raise Refused(
                    f"{where}: {label!r} is a word that stops all messages; a worker must always be able to "
                    "leave, so choose another label",
                    field="options",
                )
    for language in {FALLBACK_LANGUAGE}.union(*(option.labels for option in options)):
        shown = [clean(option.label(language)).casefold() for option in options]
        read = [fold(option.label(language)) or shown[i] for i, option in enumerate(options)]
        if len(set(shown)) != len(shown) or len(set(read)) != len(read):
            raise Refused(f"two options read the same in {language!r}", field="options")


def _check_label(where: str, place: int, label: str, count: int) -> None:
    if not clean(label) or label != clean(label) or len(label) > LABEL_MAX:
        raise Refused(
            f"{where}: a label must be 1 to {LABEL_MAX} characters without line breaks",
            field="options",
        )
    first = next(iter(fold(label).split()), "")
    if first.isdecimal() and int(first) != place and 1 <= int(first) <= count:
        raise Refused(
            f"{where}: the label {label!r} begins with {first}, which is the key of another option; "
            "begin it with a word",
            field="options",
        )


def option_named(said: str, options: Sequence[Option], also: Meanings) -> str | None:
    """Return the id of the one option that a client's text names, or None.

    The text may be the option's id, a label in any language, or a word of `also`.
    """
    if said in {option.id for option in options}:
        return said
    languages = {FALLBACK_LANGUAGE}.union(*(option.labels for option in options))
    named = meanings(options, languages, also).get(tuple(fold(said).split()), frozenset())
    return next(iter(named)) if len(named) == 1 else None


def read_choice(
    said: str, options: Sequence[Option], language: str, also: Callable[[], Meanings]
) -> Reading:
    """Return the option that a worker's reply names by number, label, id or a word of `also`."""
    words = tuple(fold(said).split())
    if not words:
        return Reading(None, EMPTY)
    if len(words) == 1 and (keyed := _numbered(words[0], options)):
        # Numbers are never names, so no other option can be meant.
        return Reading(next(iter(keyed)))
    names = meanings(options, (language, FALLBACK_LANGUAGE), also())
    whole = names.get(words)
    if whole is not None:
        return Reading(next(iter(whole))) if len(whole) == 1 else Reading(None, UNCLEAR)
    if len(words) == 1 and words[0] in _LOOKS_LIKE_ONE:
        words = ("1",)
    mentions = _mentions(words, options, names)
    if mentions is None:
        return Reading(None, UNCLEAR)
    ids = frozenset[str]().union(*mentions)
    if len(ids) == 1:
        return Reading(next(iter(ids)))
    return Reading(None, TWO if len(mentions) > 1 else UNCLEAR)


def meanings(options: Sequence[Option], languages: Iterable[str], also: Meanings) -> Meanings:
    """Return all folded word sequences that name an option.

    Bare numbers are left out, because they are keys and never names.
    """
    found: dict[tuple[str, ...], frozenset[str]] = {}
    named = [(option.label(language), option.id) for language in languages for option in options]
    named += [(option.id, option.id) for option in options]
    for name, option_id in named:
        words = tuple(fold(name).split())
        if words and not (len(words) == 1 and words[0].isdecimal()):
            found[words] = found.get(words, frozenset()) | {option_id}
    known = {option.id for option in options}
    for words, ids in also.items():
        if ids & known:
            found[words] = found.get(words, frozenset()) | (ids & known)
    return found


def _mentions(
    words: tuple[str, ...], options: Sequence[Option], names: Meanings
) -> list[frozenset[str]] | None:
    """Return the options that each part of a reply names, with the longest names first.

    Return None as soon as one word names no option.
    """
    longest = max((len(name) for name in names), default=1)
    found: list[frozenset[str]] = []
    at = 0
    while at < len(words):
        for size in range(min(longest, len(words) - at), 0, -1):
            part = words[at : at + size]
            named = names.get(part) or (_numbered(part[0], options) if size == 1 else None)
            if named:
                found.append(named)
                at += size
                break
        else:
            return None
    return found


def _numbered(word: str, options: Sequence[Option]) -> frozenset[str] | None:
    """Return the option of a key; some handsets write `01` for 1."""
    key = word.lstrip("0")
    if len(key) == 1 and key.isascii() and key.isdecimal() and int(key) <= len(options):
        return frozenset({options[int(key) - 1].id})
    return None

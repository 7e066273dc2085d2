"""The check that every text fits, with the longest values that its catalogue names.

Each text is measured in the alphabet in which its language is sent. In the SMS alphabet a text has
the septets of its `budget`. In UCS-2 an SMS holds 70 characters and a screen 80, so a text has its
budget, but at most 70. `parts: 2` in the catalogue allows two parts where the values alone are too
long.
"""

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.gsm.septets import SMS_PART_UNITS, SMS_UNITS, septets
from gateway.phrases.book import Phrasebook

# These texts take a name with its blank in front, or nothing.
NAME_WITH_BLANK = frozenset({"agreed.welcome", "start.back", "invite.again", "menu.home"})
_EXAMPLE = re.compile(r"^\{(\w+)\}: (.+)$")
_BUDGET = re.compile(r"^budget: (\d+)$")
_PARTS = re.compile(r"^parts: (\d)$")


@dataclass(frozen=True, slots=True)
class PhraseLength:
    """One form of a phrase at its longest.

    `units` counts septets in the SMS alphabet, and UCS-2 characters otherwise.
    """

    language: str
    key: str
    text: str
    encoding: str
    units: int
    budget: int

    @property
    def fits(self) -> bool:
        """Return True if the form is within its budget."""
        return self.units <= self.budget


def is_words(key: str) -> bool:
    """Return True for a phrase that holds words to understand, which are never sent."""
    return key.startswith(("word.", "answer_word.", "date_word.", "hours."))


def forms(book: Phrasebook, key: str) -> list[str]:
    """Return the text of `key`, or all its plural forms."""
    said = book.message(key).string
    return [said] if isinstance(said, str) else list(said or ())


def longest(book: Phrasebook, key: str) -> dict[str, str]:
    """Return the longest value of each placeholder, as the catalogue lists them."""
    notes = book.message(key).auto_comments
    found = {m[1]: m[2] for line in notes if (m := _EXAMPLE.match(line))}
    if key in NAME_WITH_BLANK:
        found["name"] = f" {found['name']}"
    return found


def budget(book: Phrasebook, key: str) -> int | None:
    """Return the budget that the catalogue gives `key`, in septets; None where it gives none."""
    return _noted(book, key, _BUDGET)


def placeholders(text: str) -> set[str]:
    """Return the names in braces.

    >>> placeholders("{amount} sent, ref {ref}") == {"amount", "ref"}
    True
    """
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def longest_texts(book: Phrasebook) -> Iterator[PhraseLength]:
    """Yield every text of a language at its longest. A phrase without a budget has the budget 0."""
    for key in sorted(book.keys):
        if is_words(key):
            continue
        for text in forms(book, key):
            yield _weighed(book, key, text.format(**longest(book, key)))


def _weighed(book: Phrasebook, key: str, full: str) -> PhraseLength:
    allowed = budget(book, key) or 0
    length = septets(full)
    if length is not None:
        return PhraseLength(book.language, key, full, "GSM7", length, allowed)
    parts = _noted(book, key, _PARTS) or 1
    units = len(full.encode("utf-16-le")) // 2
    room = SMS_UNITS if parts == 1 else SMS_PART_UNITS * parts
    return PhraseLength(book.language, key, full, "UCS2", units, min(allowed, room))


def _noted(book: Phrasebook, key: str, what: re.Pattern[str]) -> int | None:
    notes = book.message(key).auto_comments
    return next((int(m[1]) for note in notes if (m := what.match(note))), None)

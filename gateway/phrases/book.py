"""A phrasebook: all texts that the gateway says in one language, and the words it understands.

Texts live in `languages/<code>/gateway.po` (gettext). Its keys are names such as `answer.saved` and
not English sentences, so that English is a language like the others. A new folder is a new
language; nothing else is edited. Words to understand are phrases too (`word.*`, separated by
commas). A missing key or value is a programming error and raises.
"""

import gettext
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from gateway.base.errors import SettingsError
from gateway.phrases import languages
from gateway.phrases.hearing import fold

ENGLISH = "en"
CATALOGUE = "gateway.po"
# The beginning of a translator's comment on a text that no native speaker has read.
UNCHECKED = "unchecked"


class UnknownPhrase(LookupError):
    """An error: the catalogue has no such key, or a value that its text needs was not given."""


@dataclass(frozen=True, slots=True)
class CommandWords:
    """The command words of one language, always with the English ones.

    They are folded (see `hearing.fold`), and each is one word.
    """

    join: frozenset[str]
    yes: frozenset[str]
    no: frozenset[str]
    stop: frozenset[str]
    start: frozenset[str]
    help: frozenset[str]
    work: frozenset[str]
    skip: frozenset[str]
    balance: frozenset[str]
    pay: frozenset[str]
    airtime: frozenset[str]
    language: frozenset[str]
    quiet: frozenset[str]
    skill: frozenset[str]
    why: frozenset[str]
    appeal: frozenset[str]
    week: frozenset[str]
    add: frozenset[str]
    remove: frozenset[str]
    status: frozenset[str]
    unlock: frozenset[str]
    zone: frozenset[str]
    name: frozenset[str]
    answer: frozenset[str]
    move: frozenset[str]
    not_me: frozenset[str]
    learn: frozenset[str]
    card: frozenset[str]
    about: frozenset[str]
    refer: frozenset[str]
    decide: frozenset[str]


@dataclass(slots=True)
class PhrasebookWords:
    """The words for yes, no and not sure, with the English ones.

    They are folded. The class fulfils `tasks.port.AnswerWords`.
    """

    yes: frozenset[str]
    no: frozenset[str]
    unsure: frozenset[str]


class Phrasebook:
    """The texts and words of one language.

    `words` and `answers` are the words that the gateway understands, and `fillers` those without a
    meaning. `say` and `plural` give the texts.
    """

    def __init__(self, language: str, catalogue: Catalog, english: Catalog) -> None:
        self.language = language
        self._catalogue = catalogue
        compiled = io.BytesIO()
        write_mo(compiled, catalogue, use_fuzzy=True)
        compiled.seek(0)
        self._texts = gettext.GNUTranslations(compiled)
        self.keys = frozenset(str(m.id if isinstance(m.id, str) else m.id[0]) for m in catalogue) - {""}  # fmt: skip
        self.words = CommandWords(
            **{
                f.name: self._said(f"word.{f.name}") | _listed(english, f"word.{f.name}")
                for f in fields(CommandWords)
            }
        )
        self.answers = PhrasebookWords(
            **{
                name: self._said(f"answer_word.{name}") | _listed(english, f"answer_word.{name}")
                for name in ("yes", "no", "unsure")
            }
        )
        self.fillers = self._said("answer_word.filler") | _listed(english, "answer_word.filler")
        self._commands = {
            w: f.name for f in fields(CommandWords) for w in getattr(self.words, f.name)
        }
        self.names = self._said("word.this_language") | {fold(language)}

    def say(self, key: str, **values: object) -> str:
        """Return the text of `key`, its `{placeholders}` filled with `values` (amounts as text)."""
        return self._fill(key, self._text(key), values)

    def listed(self, key: str) -> tuple[str, ...]:
        """Return the texts of `key`, which stand in one entry, separated by commas."""
        return tuple(one.strip() for one in self._text(key).split(","))

    def plural(self, key: str, count: int, **values: object) -> str:
        """Return the form of `key` that suits `count`, which also fills `{count}`."""
        self._text(key)
        return self._fill(key, self._texts.ngettext(key, key, count), {"count": count, **values})

    def command(self, word: str) -> str | None:
        """Return the command that a folded word names, e.g. `balance` for "bal"."""
        return self._commands.get(word)

    def unchecked(self) -> frozenset[str]:
        """Return the keys whose text no native speaker has read yet.

        A comment in the catalogue marks such a text.
        """
        return frozenset(
            key for key in self.keys
            if any(c.startswith(UNCHECKED) for c in self.message(key).user_comments)
        )  # fmt: skip

    def message(self, key: str) -> Message:
        """Return the catalogue's entry: translators' comments and all forms."""
        found = self._catalogue.get(key)
        if found is None or not found.string:
            raise UnknownPhrase(f"no phrase {key!r} in {self.language}")
        return found

    def _text(self, key: str) -> str:
        if key not in self.keys:
            raise UnknownPhrase(f"no phrase {key!r} in {self.language}")
        return self._texts.gettext(key)

    def _fill(self, key: str, text: str, values: Mapping[str, object]) -> str:
        try:
            return text.format(**values)
        except (KeyError, IndexError) as missing:
            raise UnknownPhrase(f"phrase {key!r} in {self.language} needs {missing}") from missing

    def _said(self, key: str) -> frozenset[str]:
        return _listed(self._catalogue, key)


def _listed(catalogue: Catalog, key: str) -> frozenset[str]:
    """Return the comma-separated words of a phrase, folded."""
    found = catalogue.get(key)
    if found is None or not isinstance(found.string, str):
        raise UnknownPhrase(f"no phrase {key!r} in {catalogue.locale_identifier}")
    return frozenset(filter(None, map(fold, found.string.split(","))))


def _read(language: str) -> Catalog:
    path = resources.files(languages) / language / CATALOGUE
    try:
        with path.open("rb") as file:
            return read_po(file, locale=language)
    except (OSError, ValueError) as bad:
        raise SettingsError(f"phrases: cannot read {language}/{CATALOGUE}: {bad}") from bad


@cache
def books() -> Mapping[str, Phrasebook]:
    """Return every language's book by its code. The files are read once."""
    catalogues = {language: _read(language) for language in _folders()}
    english = catalogues[ENGLISH]
    return {code: Phrasebook(code, each, english) for code, each in catalogues.items()}


def book_in(language: str, among: Mapping[str, Phrasebook]) -> Phrasebook:
    """Return the book of `language`, or the English one."""
    return among.get(language) or among[ENGLISH]


def _folders() -> Iterable[str]:
    shelf = resources.files(languages)
    return sorted(folder.name for folder in shelf.iterdir() if (folder / CATALOGUE).is_file())

"""One spelling for texts that mean the same: case, punctuation, spacing and digits.

It is used to compare answers and never to show them, because what is lost here (a capital, a comma)
may matter to the client. Values that were declared as a date, a number or a name are never
near-equal. A language tag says so (`tag`), and their spelling for comparison begins with `EXACT`.
"""

import re
import unicodedata

from gateway.phrases.hearing import fold

# These are the apostrophe, backtick, acute, curly quotes, and modifier letter.
APOSTROPHES = "'`\u00b4\u2018\u2019\u02bc"
_BLANKS = str.maketrans(dict.fromkeys(APOSTROPHES, " "))
_DOTTED_I = str.maketrans({"I": "\u0131", "\u0130": "i"})
# These are letters of a language that case folding alone gets wrong, and apostrophes that separate
# two words. French l'eau is two words, Kiswahili ng'ombe is one.
LANGUAGES = {"az": _DOTTED_I, "fr": _BLANKS, "it": _BLANKS, "tr": _DOTTED_I}
_DROPPED = str.maketrans(dict.fromkeys(APOSTROPHES, ""))
_GROUPED_DIGITS = re.compile(r"(?<=\d)[,\u00a0\u202f ](?=\d{3}(?!\d))")
_DECIMAL_MARK = re.compile(r"(?<=\d)[.,](?=\d)")
_DIGIT = re.compile(r"\d")
_NO_WORD = re.compile(r"[^\w\s]|_")
# A private letter that holds a decimal mark's place while punctuation is removed.
_POINT = "\ue000"
EXACT = "\ue001"
"""A private letter before a text that is either equal to another one or another value."""
_NAME = "name"
_PRIVATE = "-x-"


def tag(language: str, compared: str) -> str:
    """Return the language tag (BCP 47) of answers that are compared in this way.

    `compared` is the kind's `tasks.port.TaskKind.COMPARED`.

    >>> tag("sw", ""), tag("sw", "name"), tag("", "exact")
    ('sw', 'sw-x-name', 'und-x-exact')
    """
    return f"{language or 'und'}{_PRIVATE}{compared}" if compared else language


def normalise(text: str, language: str = "") -> str:
    """Fold case, Unicode forms, punctuation, spacing and ways to write digits.

    `language` is an ISO 639-1 code, or empty when it is not known, or a result of `tag`.

    >>> normalise(" Mama  Njeri's SHOP, no. 7"), normalise("KES 1,250.50"), normalise("l'eau", "fr")
    ('mama njeris shop no 7', 'kes 1250.50', 'l eau')
    """
    language, _, compared = language.partition(_PRIVATE)
    if compared:
        return EXACT + (fold(text) if compared == _NAME else text)
    text = text.translate(LANGUAGES.get(language, {}))
    text = unicodedata.normalize("NFKC", text).casefold().translate(_DROPPED)
    if _DIGIT.search(text):
        text = "".join(map(_ascii_digit, text))
        text = _DECIMAL_MARK.sub(_POINT, _GROUPED_DIGITS.sub("", text))
    return " ".join(_NO_WORD.sub(_blank, text).split()).replace(_POINT, ".")


def _ascii_digit(character: str) -> str:
    return str(unicodedata.decimal(character)) if character.isdecimal() else character


def _blank(match: re.Match[str]) -> str:
    # Combining marks are no word characters, but in many scripts they carry the vowels.
    character = match.group()
    return character if character == _POINT or unicodedata.category(character)[0] == "M" else " "

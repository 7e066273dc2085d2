"""The languages that need letters outside the SMS alphabet, as their catalogues show it."""

from functools import cache

from gateway.phrases import books
from gateway.phrases.budget import longest_texts


@cache
def wide_languages() -> frozenset[str]:
    """Return the languages in whose catalogue most texts need letters outside the SMS alphabet.

    Such a letter weighs two, so one message holds 70 of them.
    """
    return frozenset(
        language
        for language, book in books().items()
        if sum(w.encoding != "GSM7" for w in longest_texts(book)) > len(book.keys) // 2
    )

"""The GSM-7 alphabet: which characters it holds, and the septets that a text takes in it.

Source: 3GPP TS 23.038 section 6.2.1 (the alphabet and its extension table). One character outside
it turns the whole SMS into UCS-2: 70 characters for the price of 160.
"""

import unicodedata

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")  # Each of these costs two septets.

SMS_SEPTETS, SMS_PART_SEPTETS = 160, 153
SMS_UNITS, SMS_PART_UNITS = 70, 67


def septets(text: str) -> int | None:
    """Return the length in septets; None when `text` does not fit GSM-7 at all.

    >>> septets("Pay 5 [now]"), septets("français")
    (13, None)
    """
    if BASIC.issuperset(text):
        return len(text)
    if all(ch in BASIC or ch in EXTENSION for ch in text):
        return sum(2 if ch in EXTENSION else 1 for ch in text)
    return None


def gsm_only(text: str, limit: int) -> str:
    """Return the part of a worker's words that a reply can repeat without costing more.

    The result has at most `limit` septets.

    >>> gsm_only("KIB\u011eRA!", 5), gsm_only("\U0001f600", 5)
    ('KIBRA', '?')
    """
    return "".join(ch for ch in text if ch in BASIC)[:limit] or "?"


def unaccented(text: str) -> str:
    r"""Return `text` with the plain letter for each accented one that the alphabet lacks.

    >>> unaccented("J\xe9r\xf4me Wanjir\u0169")
    'J\xe9rome Wanjiru'
    """
    return "".join(ch if ch in BASIC else unicodedata.normalize("NFD", ch)[0] for ch in text)

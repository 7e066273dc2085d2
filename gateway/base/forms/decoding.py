"""The decoding of bytes that a phone, a network or a provider sent as text.

The decoder refuses no bytes, since a STOP must be understood in any encoding. Certain readings come
first (a named charset that fits, strict UTF-8), then likely ones (UTF-16, a cut character,
Windows-1252).
"""

import codecs
import re
import unicodedata

_TEXT_CHARSET = re.compile(
    r"utf[-_]?(?:8|16|32)|iso[-_]?8859[-_]\d|latin|windows[-_]?125\d|cp125\d|(?:us-)?ascii|ucs-?2",
    re.IGNORECASE,
)
_UCS2 = re.compile(r"(?:iso-?10646-?)?ucs-?2(?:-?be)?|utf-?16", re.IGNORECASE)
_CONTROLS = frozenset(map(chr, range(32))) - frozenset("\t\n\r\v\f\x1b")
# These bytes begin a character whose rest is missing. As letters of Latin-1 they hardly ever end a
# text.
_CUT_LEADS = frozenset([0xC2, 0xC3, 0xD0, 0xD1, 0xD8, 0xD9, 0xDA, 0xDB])
_FOUR_BYTES = range(0xF0, 0xF5)
# Windows-1252 is sent under these names, and browsers read them in the same way.
_WINDOWS = frozenset({"iso8859-1", "cp1252", "ascii"})
_HOLDS_UTF8 = re.compile(
    rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
# A byte order mark of UTF-8 that was read as Latin-1 and encoded once more.
_MARK_AS_LETTERS = "\u00ef\u00bb\u00bf"
_EASTERN_FROM = "\u2d00"  # The letters and signs of workers' languages are below.
_UTF16_BOMS = (
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)


def charset_named(said: str) -> str | None:
    """Return the Python codec of a charset's name, or None for a name that is not a text charset.

    >>> charset_named("ISO-8859-1"), charset_named("UTF-16BE"), charset_named("UCS-2")
    ('iso8859-1', 'utf-16-be', 'utf-16-be')
    >>> charset_named("rot13")
    """
    name = said.strip().strip("\"'")
    if _UCS2.fullmatch(name):
        return "utf-16-be"
    if not _TEXT_CHARSET.match(name):
        return None
    try:
        return codecs.lookup(name).name
    except (LookupError, ValueError):  # A name with a NUL, for instance, cannot be looked up.
        return None


def text_in(raw: bytes, charset: str | None = None) -> str:
    r"""Return `raw` as text.

    `charset` is the codec that another field names. It decides if it fits.

    >>> text_in(b"ARR\xcaT"), text_in("arrêt".encode()), text_in("STOP".encode("utf-16-be"))
    ('ARRÊT', 'arrêt', 'STOP')
    >>> text_in(b"STOP \xe2\x80"), text_in(b"tr\xe8s"), text_in("ሰላም".encode("utf-16-le"))
    ('STOP ', 'très', 'ሰላም')
    """
    if charset is None and raw.isascii() and (text := raw.decode("ascii")).isprintable():
        return (
            # Most fields of most calls end here. The code below gives the same result at ten times
            # the cost.
            text
        )
    if 0 in raw and (wider := _utf32(raw)):
        return wider
    if raw.startswith(codecs.BOM_UTF8):
        raw, charset = raw.removeprefix(codecs.BOM_UTF8), "utf-8"
    for bom, codec in _UTF16_BOMS:
        if raw.startswith(bom):
            return _even(raw[len(bom) :], codec)
    named = _as_named(raw, charset) if charset else None
    if named is not None:
        return named
    utf8 = _strict(raw, "utf-8")
    if utf8 is not None:
        utf8 = utf8.removeprefix(_MARK_AS_LETTERS)
        return utf8 if _plausible(utf8) else _wide(raw) or utf8
    return _wide(raw) or _cut(raw) or (mixed(raw) if _HOLDS_UTF8.search(raw) else windows(raw))


def _as_named(raw: bytes, charset: str) -> str | None:
    """Return the text in the named charset, or None when the bytes cannot be in it."""
    if charset.startswith("utf-16"):
        found = _even(raw, charset)
        other = _even(raw, "utf-16-le" if charset == "utf-16-be" else "utf-16-be")
        # A network may name the wrong byte order. Its workers' letters then look Chinese.
        if _is_eastern(found) and other and _plausible(other) and max(other) < _EASTERN_FROM:
            return other
        # Some gateways name the charset of the radio network and send the text in ASCII.
        fits = _plausible(found) and (not _is_ascii_text(raw) or not _is_eastern(found))
        return found if raw and fits else None
    if charset == "utf-8" or (not raw.isascii() and _strict(raw, "utf-8") is not None):
        return None  # Bytes that are valid UTF-8 are UTF-8, whatever charset is named.
    if charset in _WINDOWS:
        found = windows(raw)
        return found if _plausible(found) else None
    found = _strict(raw, charset)
    return found if found is not None and _plausible(found) else None


def utf8_in(raw: bytes) -> str | None:
    """Return UTF-8 text without a character that was cut at either end, or None for other bytes."""
    whole = _strict(raw, "utf-8")
    return _cut(raw) if whole is None else whole


def windows(raw: bytes) -> str:
    """Return `raw` as Windows-1252. The five bytes that it leaves undefined are read as Latin-1."""
    return raw.decode("cp1252", errors="latin1_rest")


def mixed(raw: bytes) -> str:
    r"""Return UTF-8 text that holds some other bytes.

    A cut character is dropped. Any other foreign byte is read as Windows-1252.

    >>> mixed(b'{"body": "BALANCE \xe9"}'), mixed(b'{"body": "STOP \xe2\x80"}')
    ('{"body": "BALANCE é"}', '{"body": "STOP "}')
    """
    return raw.decode("utf-8", errors="cut_or_windows")


def _strict(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        return None


def _even(raw: bytes, codec: str) -> str:
    """Return UTF-16 text, whose last byte or last half character may be missing."""
    text = raw[: len(raw) // 2 * 2].decode(codec, errors="surrogatepass")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", errors="ignore")


def _utf32(raw: bytes) -> str | None:
    """Return `raw` as UTF-32, or None for bytes of another kind."""
    for codec, high in (("utf-32-be", 0), ("utf-32-le", 2)):
        if len(raw) % 4 == 0 and not any(raw[high::4]) and not any(raw[high + 1 :: 4]):
            text = (_strict(raw, codec) or "").lstrip("\ufeff")
            if text and _plausible(text):
                return text
    return None


def _wide(raw: bytes) -> str | None:
    """Return `raw` as UTF-16 without a byte order mark, or None for bytes of another kind."""
    if len(raw) < 2 or (len(raw) % 2 and 0 not in raw):  # noqa: PLR2004
        return None
    if not _CONTROLS.intersection(raw.decode("latin-1")):
        return None
    readings = [_even(raw, codec) for codec in ("utf-16-be", "utf-16-le")]
    likely = [
        text
        for text in readings
        if text and _plausible(text) and _one_script(text) and not _is_eastern(text)
    ]
    return min(likely, key=_spread, default=None)


def _plausible(text: str) -> bool:
    """Return whether a text has only assigned characters, and no control characters.

    Texts that a worker writes never hold others.
    """
    return not any(ch in _CONTROLS or unicodedata.category(ch) in ("Cn", "Co") for ch in text)


def _is_ascii_text(raw: bytes) -> bool:
    return raw.isascii() and not _CONTROLS.intersection(raw.decode("ascii"))


def _is_eastern(text: str) -> bool:
    """Return whether the text holds a Chinese, Japanese or Korean letter.

    Letters of other scripts look like that in UTF-16, and no worker's language is written so. A
    byte order mark, or a named charset that fits, still allows them.
    """
    return any("\u2e80" <= ch <= "\ud7ff" or "\uf900" <= ch <= "\ufaff" for ch in text)


def _blocks(text: str) -> list[int]:
    return [ord(ch) >> 8 for ch in text if not ch.isspace()]


def _one_script(text: str) -> bool:
    """Return whether the letters come from few blocks of Unicode, as in the right byte order."""
    blocks = _blocks(text)
    return len(set(blocks)) <= max(2, min(6, (len(blocks) + 1) // 2))


def _spread(text: str) -> tuple[int, int]:
    """Return the rank of a reading. Few blocks and low ones are likelier than many or high ones."""
    blocks = set(_blocks(text))
    return len(blocks), max(blocks, default=0)


def _cut(raw: bytes) -> str | None:
    """Return UTF-8 text without a character that was cut at either end, or None for other bytes."""
    begin = 0
    while begin < min(3, len(raw)) and 0x80 <= raw[begin] <= 0xBF:  # noqa: PLR2004
        begin += 1
    body = raw[begin:]
    for missing in range(4):
        kept, tail = _strict(body[: len(body) - missing], "utf-8"), body[len(body) - missing :]
        if kept is None or (tail and not _is_cut(tail)):
            continue
        certain = len(tail) != 1 or not kept.isascii() or _is_cut_lead(tail[0], kept)
        return kept if certain else None
    return None


def _is_cut(tail: bytes) -> bool:
    """Return whether these bytes begin a character of UTF-8 without completing it."""
    return 0xC2 <= tail[0] <= 0xF4 and all(0x80 <= each <= 0xBF for each in tail[1:])  # noqa: PLR2004


def _is_cut_lead(byte: int, before: str) -> bool:
    return byte in _CUT_LEADS or (byte in _FOUR_BYTES and not before[-1:].isalpha())


def _rest(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


def _cut_or_windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return ("" if len(bad) > 1 else windows(bad)), error.end


codecs.register_error("latin1_rest", _rest)
codecs.register_error("cut_or_windows", _cut_or_windows)

"""The PIN in an SMS: it is found here, and left out of everything that is kept.

A coordinator's PIN stands last in her commands, and a worker's stands behind MOVE.
"""

import base64
import re
import unicodedata

from gateway.base.errors import Refused
from gateway.base.forms import body_of, fields
from gateway.conversation.context import Phrasebooks
from gateway.conversation.parsed_sms import parse_text
from gateway.conversation.people.number_change import PIN_BEHIND, number_and_pin
from gateway.phrases import book_in
from gateway.phrases.book import ENGLISH
from gateway.phrases.hearing import clean

SMS_NOT_KEPT = b"(an SMS with a PIN is not kept)"
_PIN_LAST = re.compile(r"(?:^|(?<=[\s,;]))PIN[\s:=]*(\d{4,6})[\s.!]*$", re.IGNORECASE)
_BLANK = rb"(?:[\s+:=]|%20|%3A|%3D|%0A|%0D)"
_PIN_IN_BODY = re.compile(
    rb"(\bPIN" + _BLANK + rb"*)[0-9]{4,6}(?=" + _BLANK + rb"*[.!]*(?:[&\"<;,}]|$))", re.IGNORECASE
)


def without_pin(said: str) -> tuple[str, str | None]:
    """Return a coordinator's words without the PIN behind them, and the PIN.

    >>> without_pin("UNLOCK 0712345678 PIN 4821"), without_pin("PIN 0712345678")
    (('UNLOCK 0712345678', '4821'), ('PIN 0712345678', None))
    """
    found = _PIN_LAST.search(said)
    return (said[: found.start()].rstrip(" ,;"), found[1]) if found else (said, None)


def pin_of_move(said: str, region: str, books: Phrasebooks) -> str | None:
    """Return the PIN in a worker's SMS that asks for another number, in any language, or None."""
    if not PIN_BEHIND.match(clean(said)):
        return None  # Most SMS end in no PIN, and each is parsed only once.
    heard = parse_text(said, book_in(ENGLISH, books), books)
    return number_and_pin(heard.rest, region)[1] if heard.command == "move" else None


def without_sms_pin(raw: bytes) -> bytes:
    """Return the raw body of an SMS without the PIN that stands last in its text.

    >>> without_sms_pin(b"from=%2B254722000001&text=UNLOCK+0712345678+PIN+4821&id=7")
    b'from=%2B254722000001&text=UNLOCK+0712345678+PIN+####&id=7'
    >>> without_sms_pin(b'{"text": "unlock 0712345678 pin 4821"}')
    b'{"text": "unlock 0712345678 pin ####"}'
    >>> without_sms_pin(b"text=PIN+0712345678")
    b'text=PIN+0712345678'
    """
    return _PIN_IN_BODY.sub(rb"\1####", raw)


def kept_sms(raw: bytes, said: str, region: str, books: Phrasebooks) -> bytes:
    """Return the raw body of an SMS to keep: without the PIN in its text, in any encoding.

    Where the text cannot be found in the body, nothing of it is kept.
    """
    kept = without_sms_pin(raw)
    pin = without_pin(said)[1] or pin_of_move(said, region, books)
    if pin is None:
        return kept
    try:
        form = fields(kept)
    except Refused:
        return SMS_NOT_KEPT
    if kept != raw and not any(_shows(pin, value) for value in form.values()):
        return kept
    masked = {name: _masked_text(pin, said, value) for name, value in form.items()}
    hidden = masked != form and not any(_shows(pin, value) for value in masked.values())
    return body_of(masked) if hidden else SMS_NOT_KEPT


def _masked_text(pin: str, said: str, value: str) -> str:
    """Return a field without the PIN, where the field is the text that was read."""
    if value.strip() == said.strip():
        return _without(pin, value)
    return _without(pin, said) if _shows(pin, _unpacked(value)) else value


def _without(pin: str, text: str) -> str:
    """Return a text without the PIN and without other runs of digits of its length."""
    short = re.compile(rf"(?<!\d)\d{{{len(pin)}}}(?!\d)")
    return short.sub("####", text)


def _shows(pin: str, value: str) -> bool:
    """Return True if a value contains the PIN, in digits of any script, outside a longer number."""
    plain = "".join(str(unicodedata.digit(ch, ch)) for ch in value)
    return re.search(rf"(?<![0-9]){re.escape(pin)}(?![0-9])", plain) is not None


def _unpacked(value: str) -> str:
    """Return the content of a value in base64, "" for any other value.

    Some providers send long texts in this form.
    """
    try:
        return base64.b64decode(value, validate=True).decode(errors="replace")
    except ValueError:
        return ""

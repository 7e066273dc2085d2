"""The texts of messages whose bytes are not what their charset says."""

import pytest

from gateway.base.forms.decoding import text_in
from gateway.conversation.parsed_sms import says_stop
from gateway.phrases import books

BOOKS = books()
OTHER = {"utf-16-be": "utf-16-le", "utf-16-le": "utf-16-be"}


@pytest.mark.parametrize("named", sorted(OTHER))
@pytest.mark.parametrize("said", ["STOP", "Arr\u00eat", "1", "\u12a0\u1241\u121d", "Ndiyo, asante"])
def test_a_charset_with_the_wrong_byte_order_does_not_hide_the_words(said: str, named: str) -> None:
    """UTF-16 is named without an order, or with the wrong one, by gateways of both kinds."""
    assert text_in(said.encode(OTHER[named]), named) == said
    assert text_in(said.encode(named), named) == said


@pytest.mark.parametrize("said", ["\u4e2d\u6587", "\u6771\u4eac\u90fd", "\ud55c\uad6d\uc5b4"])
@pytest.mark.parametrize("named", sorted(OTHER))
def test_a_text_that_is_chinese_japanese_or_korean_stays_so(said: str, named: str) -> None:
    assert text_in(said.encode(named), named) == said


@pytest.mark.parametrize(
    "raw",
    [
        "STOP".encode("utf-32-be"),
        "STOP".encode("utf-32-le"),
        "\ufeffSTOP".encode("utf-32"),
        # A byte order mark that was taken for letters, and encoded once more.
        "\u00ef\u00bb\u00bfSTOP".encode(),
    ],
)
def test_stop_is_understood_in_wide_and_in_doubly_marked_text(raw: bytes) -> None:
    assert text_in(raw) == "STOP"
    assert says_stop(text_in(raw), BOOKS["sw"], BOOKS)

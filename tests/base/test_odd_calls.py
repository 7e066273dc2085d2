"""Calls, ids and words as providers and phones were seen to send them, each read as what it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.forms import id_in, pairs
from gateway.phrases.hearing import fold

STOPS = [
    b"text=%00S%00T%00O%00P",
    b"text=S%00T%00O%00P%00",
    b"text=%FE%FF%00S%00T%00O%00P",
    b"text=%EF%BB%BFSTOP",
    b"text=STOP%E2%80",
    b"text=STOP%F0%9F%98",
    b"text=STOP%A0",
    b"text=STOP\r\n",
    b"charset=GSM&text=STOP",
    b"charset=bogus&text=STOP",
    b"charset=utf-8%00&text=STOP",
    b'\xef\xbb\xbf{"text":"STOP"}',
    b'{"text":"STOP \\ud83d"}',
    b'{"text":"STOP\n"}',
    b'{"text":"STOP",}',
    b'{"text":"STOP"}\x00',
    '{"text":"STOP"}'.encode("utf-16"),
    '{"text":"STOP"}'.encode("utf-16-le"),
    '{"text":"STOP"}'.encode("utf-32"),
    b"<m><text><![CDATA[STOP]]></text></m>",
    b'<?xml version="1.0" encoding="ISO-8859-1"?><m><text>STOP</text></m>',
]


@pytest.mark.parametrize("body", STOPS)
def test_a_stop_is_heard_in_any_of_these_bodies(body: bytes) -> None:
    said = dict(pairs(body))["text"]
    assert fold(said) == "stop"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"text=ARR%CAT", "ARR\u00caT"),
        (b"text=%E1%88%B0%E1%88%8B%E1%88%9D", "\u1230\u120b\u121d"),
        (b"charset=UTF-16BE&text=%12%30%12%0B%12%1D", "\u1230\u120b\u121d"),
        (b"charset=ISO-8859-15&text=%A4", "\u20ac"),
        (b"text=100%", "100%"),
        (b'{"text":"caf\xe9"}', "caf\u00e9"),
        (b'{"text":12345678901234567890121}', "12345678901234567890121"),
        (b"<m><text>Tom &amp; Ann</text></m>", "Tom & Ann"),
    ],
)
def test_these_texts_stay_as_they_were_written(body: bytes, said: str) -> None:
    assert dict(pairs(body))["text"] == said


PIECES = b"a = & + %41 %2B %2b %E9 %zz % %00 charset utf-8 ascii \xe9 %26 %3D * %0A \n".split(b" ")


@given(st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join))
def test_a_plain_form_is_read_like_any_other(body: bytes) -> None:
    """A form in printable ASCII takes a shorter way, which one that names a charset never takes."""
    whole = body.strip(b"\r\n")
    assert pairs(body) == pairs(b"encoding=none&" + whole)[1:]


@pytest.mark.parametrize(
    "written",
    ["", "0", "0.0", "-", ".", "?", "''", '""', "null", "<nil>", "(null)", "None", "NaN", "Infinity", "undefined", "[object Object]",
     "{{id}}", "{id}", "${id}", "%{id}", "#{id}", "$msgid", "<id>", "#id#", "%id%", "[id]", "1.2e+22", "00000000-0000-0000-0000-000000000000"],
)  # fmt: skip
def test_what_distinguishes_no_two_events_is_no_id(written: str) -> None:
    """An unfilled template is the same in every call, so a second SMS would count as a copy."""
    assert id_in({"id": written}, "id") == ""


@pytest.mark.parametrize(
    "written",
    ["1", "-1", "0x1", "12345678901234567890121", "1480.12", "<5e2f.77@smsc.example>", "<12345>", "ATXid_a1", "id", "$1a", "#7"],
)  # fmt: skip
def test_an_id_stays_as_it_is(written: str) -> None:
    assert id_in({"id": written}, "id") == written


@pytest.mark.parametrize(
    "mark",
    [
        "'",
        "\u2019",
        "\u2018",
        "\u02bc",
        "\u02bb",
        "\u201b",
        "\u00b4",
        "`",
        "\u2032",
        "\uff07",
        "\u02be",
    ],
)
def test_every_apostrophe_of_a_keyboard_is_one(mark: str) -> None:
    """Hausa writes d'inki and a'a. Phones and converters have many signs for the apostrophe."""
    assert fold(f"d{mark}inki") == "dinki"
    assert fold(f"a{mark}a") == "aa"


@pytest.mark.parametrize(
    ("said", "same"),
    [
        ("\u01a5ala", "pala"),
        ("bu\u0272a", "buna"),
        ("t\u01ddn", "ten"),
        ("\u028awo", "uwo"),
        ("\u24ce\u24ba\u24c8", "yes"),
        ("1\ufe0f\u20e3", "1"),
        ("\u136a", "2"),
        ("STRASSE", "stra\u00dfe"),
        ("I\u0307", "i"),
        ("YES\u061c", "yes"),
        ("\u1338", "\u1340"),
    ],
)
def test_words_that_mean_the_same_fold_to_the_same(said: str, same: str) -> None:
    assert fold(said) == fold(same)


@pytest.mark.parametrize(
    ("said", "other"), [("1A", "1"), ("yes/no", "yes"), ("\u00bd", "1"), ("\u2170\u2170", "i")]
)
def test_words_that_differ_stay_different(said: str, other: str) -> None:
    assert fold(said) != fold(other)

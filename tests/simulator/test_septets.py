"""The carrier's own counting, against figures worked out manually from TS 23.038 and 23.040."""

import pytest

from gateway.simulator.septets import fits_ussd, weigh


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "GSM7", 0, 1),
        ("a" * 160, "GSM7", 160, 1),
        ("a" * 161, "GSM7", 161, 2),
        ("a" * 306, "GSM7", 306, 2),
        ("a" * 307, "GSM7", 307, 3),
        ("a" * 159 + "€", "GSM7", 161, 2),  # the euro sign costs two septets
        ("a" * 152 + "{" + "a" * 152, "GSM7", 306, 3),  # an escape pair stays in one part
        ("ለ" * 70, "UCS2", 70, 1),
        ("ለ" * 71, "UCS2", 71, 2),
        ("ለ" * 135, "UCS2", 135, 3),
        ("😀" * 36, "UCS2", 72, 2),
        ("😀" * 67, "UCS2", 134, 3),  # 33 to a part: a pair of units stays in one part
        ("a" * 100 + "\u2019", "UCS2", 101, 2),  # one curly quote
        ("Ç", "GSM7", 1, 1),
        ("ç", "UCS2", 1, 1),  # only the capital is in the alphabet
        ("mũndũ", "UCS2", 5, 1),
    ],
)
def test_a_text_weighs_what_the_network_bills(text, encoding, units, segments):
    assert weigh(text) == (encoding, units, segments)


def test_a_screen_holds_182_septets_or_80_units():
    assert fits_ussd("a" * 182)
    assert not fits_ussd("a" * 181 + "€")
    assert fits_ussd("ŋ" * 80)
    assert not fits_ussd("ŋ" * 81)

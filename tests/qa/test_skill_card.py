"""Skill cards: no forged, stolen, old or revoked code is accepted, and a good one says enough."""

import base64
import random
from datetime import date

import pytest

from bench.skill_card import compare
from gateway.base.errors import Refused
from gateway.qa.skills.card import (
    LENGTH,
    bare,
    claim,
    code_of,
    digest,
    read_code,
)
from gateway.qa.skills.card_trust import TrustFile, read_trust, verify_card
from gateway.qa.skills.skill import Skill

KEYS = {"kibera": b"k" * 32, "mathare": b"m" * 32}
TODAY, AMINA, BRIAN = date(2026, 11, 30), "+254711000002", "+254711000003"
CARD = claim("verification", Skill(90, 10), learned=True, accepted=130, today=TODAY)
CODE = code_of(CARD, AMINA, KEYS["kibera"])
FORGED = 1_000_000
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def test_a_code_tells_the_claim_to_every_gateway_with_the_key():
    assert read_code(CODE, AMINA, KEYS) == ("kibera", CARD)
    assert len(bare(CODE)) == LENGTH
    assert read_code(CODE.lower().replace("-", " "), AMINA, KEYS) == ("kibera", CARD)
    assert (CARD.accepted, CARD.learned) == (100, True), "rounded down"
    assert abs(CARD.right_share - Skill(90, 10).mean) < 1 / 32


def test_none_of_a_million_forged_codes_is_accepted():
    """Guessed codes for a real number, and the real claims with guessed MACs."""
    rng = random.Random(20261130)
    letters = base64.b32encode(rng.randbytes(FORGED * LENGTH * 5 // 8)).decode()
    letters = letters.translate(str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", CROCKFORD))
    begin, only = bare(CODE)[:3], {"kibera": KEYS["kibera"]}  # the claim itself is three letters
    guesses = [letters[at : at + LENGTH] for at in range(0, FORGED * LENGTH, LENGTH)]
    codes = [guess if n % 2 else begin + guess[3:] for n, guess in enumerate(guesses)]
    assert bare(CODE) not in codes
    assert len(codes) == FORGED
    assert sum(read_code(code, AMINA, only) is not None for code in codes) == 0


def test_one_changed_letter_or_another_claim_is_no_card():
    letters = bare(CODE)
    for place in range(LENGTH):
        for other in "07ZK":
            if other != letters[place]:
                assert (
                    read_code(letters[:place] + other + letters[place + 1 :], AMINA, KEYS) is None
                )


def test_a_stolen_code_is_worth_nothing_on_another_number():
    assert read_code(CODE, BRIAN, KEYS) is None


def test_a_code_of_an_unknown_gateway_is_no_card():
    assert read_code(code_of(CARD, AMINA, b"x" * 32), AMINA, KEYS) is None


def test_a_card_is_valid_for_a_year_and_its_evidence_fades():
    assert CARD.is_valid(date(2027, 11, 30))
    assert not CARD.is_valid(date(2027, 12, 1))
    new, old = CARD.evidence(TODAY), CARD.evidence(date(2027, 5, 30))
    assert new.right + new.wrong > 3 * (old.right + old.wrong)


def test_another_gateway_verifies_offline_and_respects_revocation():
    file = read_trust(TrustFile("kibera", KEYS["kibera"]).to_json())
    assert verify_card(CODE, AMINA, [file], TODAY) == ("kibera", CARD)
    with pytest.raises(Refused, match="gave this code to this phone number"):
        verify_card(CODE, BRIAN, [file], TODAY)
    with pytest.raises(Refused, match="more than a year"):
        verify_card(CODE, AMINA, [file], date(2028, 1, 1))
    later = TrustFile("kibera", KEYS["kibera"], frozenset({digest(CODE)}))
    with pytest.raises(Refused, match="revoked"):
        verify_card(CODE, AMINA, [read_trust(later.to_json())], TODAY)


@pytest.mark.parametrize(
    ("wrong", "right", "field"),
    [
        ('"kibera"', '"kib\\nera"', "gateway"),
        ('"key": "a', '"key": "_', "key"),
        ('"key": "a2', '"key": "', "key"),
        ('"revoked": []', '"revoked": ["x"]', "revoked"),
        ('"revoked": []', '"revoked": ["00000000000000000000000000000000"]', "mac"),
        ('"mac"', '"macs"', "mac"),
    ],
)
def test_a_changed_trust_file_is_refused_by_field(wrong, right, field):
    text = TrustFile("kibera", KEYS["kibera"]).to_json()
    assert wrong in text
    with pytest.raises(Refused) as refused:
        read_trust(text.replace(wrong, right))
    assert refused.value.faults[0].field == field


@pytest.mark.parametrize("drop", [0.0, 0.1])
def test_a_fifth_of_the_entry_gold_gives_no_worse_estimate_with_a_card(drop):
    """Also where workers are a little worse at the new gateway than the card says."""
    for seed in (1, 2, 3):
        found = compare(seed, workers=2000, drop=drop)
        assert found.gold_with_card * 5 <= found.gold_without
        assert found.error_with_card <= found.error_without, seed

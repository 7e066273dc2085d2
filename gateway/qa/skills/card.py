"""The skill card: what a worker has shown, as a code of 12 characters that another gateway checks.

A code has 60 bits. 15 of them say what is claimed: the kind, whether its lesson was passed, the
number of accepted answers, the share that was right, and the month. 45 bits are a truncated keyed
MAC over the claim and the worker's phone number. So a code is worth nothing on another number. No
public-key signature fits into 60 bits: the gateways of a federation exchange their verification
keys, and each key holder could make codes too (docs/decisions/0069).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from gateway.qa.skills.skill import HALF_LIFE_DAYS, PRIOR_RIGHT, PRIOR_WRONG, Skill

LENGTH = 12
KEY_BYTES = 32
KINDS = ("verification", "categorisation", "transcription", "entry", "date", "number", "name")
"""The kinds by their number in a code. A new one is added at the end; eight fit."""
LEVELS = (0, 25, 50, 100, 200, 500, 1000)
"""The numbers of accepted answers that a code can claim."""
VALID_MONTHS = 12
_EVIDENCE_PER_ANSWER, _EVIDENCE_MAX = 0.4, 40.0
# Crockford's alphabet: no letter is mistaken for a digit, and a mistyped O, I or L is understood.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERS = frozenset(_ALPHABET)
_MISTYPED = str.maketrans("OIL", "011")
_DIGITS = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")  # as int() reads base 32
_MAC_BITS, _MONTHS, _SHARES = 45, 16, 16
_PERSON = b"gateway-card-1"
_MONTH_DAYS = 30.4


@dataclass(frozen=True, slots=True)
class CardClaim:
    """The claim of a skill card.

    `share` is the number of the sixteenth of 50 to 100 % in which the share of right answers lies.
    `month` counts months modulo 16.
    """

    kind: str
    learned: bool
    accepted: int
    share: int
    month: int

    @property
    def right_share(self) -> float:
        """Return the claimed share of right answers, the middle of its sixteenth."""
        return 0.5 + (self.share + 0.5) / (2 * _SHARES)

    def age_months(self, today: date) -> int:
        """Return the age of a card in months, 0 for one of this month."""
        return (_month(today) - self.month) % _MONTHS

    def is_valid(self, today: date) -> bool:
        return self.age_months(today) <= VALID_MONTHS

    def evidence(self, today: date) -> Skill:
        """Return the skill with which a gateway that trusts this card begins.

        Its mean is the claimed share, which the issuer's prior has drawn to the middle already. Its
        weight grows with the accepted answers, and halves with age as all evidence does.
        """
        weight = min(self.accepted * _EVIDENCE_PER_ANSWER, _EVIDENCE_MAX)
        weight *= 0.5 ** (self.age_months(today) * _MONTH_DAYS / HALF_LIFE_DAYS)
        right = self.right_share * (weight + PRIOR_RIGHT + PRIOR_WRONG) - PRIOR_RIGHT
        right = min(max(right, 0.0), weight)
        return Skill(right, weight - right)


def claim(kind: str, skill: Skill, *, learned: bool, accepted: int, today: date) -> CardClaim:
    """Return the claim of a worker's card, rounded down to what a code can say.

    >>> day = date(2026, 11, 30)
    >>> card = claim("verification", Skill(90, 10), learned=True, accepted=130, today=day)
    >>> card.accepted, card.learned, round(card.right_share, 2)
    (100, True, 0.89)
    """
    level = max(one for one in LEVELS if one <= accepted)
    sixteenth = int((skill.mean - 0.5) * 2 * _SHARES)
    return CardClaim(kind, learned, level, min(max(sixteenth, 0), _SHARES - 1), _month(today))


def code_of(card: CardClaim, msisdn: str, key: bytes) -> str:
    """Return the code of a claim for a phone number, as XXXX-XXXX-XXXX."""
    bits = _packed(card)
    number = (bits << _MAC_BITS) | _mac(bits, msisdn, key)
    letters = "".join(
        _ALPHABET[(number >> (5 * place)) & 31] for place in range(LENGTH - 1, -1, -1)
    )
    return "-".join((letters[:4], letters[4:8], letters[8:]))


def bare(said: str) -> str:
    """Return the letters of a code as it is stored, or "" where it cannot be one.

    >>> bare(" 7k2q 9f3m-pxlo ")
    '7K2Q9F3MPX10'
    """
    letters = "".join(said.split()).replace("-", "").upper().translate(_MISTYPED)
    return letters if len(letters) == LENGTH and _LETTERS.issuperset(letters) else ""


def read_code(said: str, msisdn: str, keys: Mapping[str, bytes]) -> tuple[str, CardClaim] | None:
    """Return the gateway that issued a code for this number, and its claim.

    Return None for any other text.
    """
    letters = bare(said)
    if not letters:
        return None
    number = int(letters.translate(_DIGITS), 32)
    bits, mac = number >> _MAC_BITS, number & ((1 << _MAC_BITS) - 1)
    issuer = next((name for name, key in keys.items() if _mac(bits, msisdn, key) == mac), None)
    card = None if issuer is None else _unpacked(bits)
    return None if issuer is None or card is None else (issuer, card)


def digest(said: str) -> str:
    """Return the name under which a code is revoked. It does not tell the code."""
    return hashlib.sha256(b"revoked:" + bare(said).encode()).hexdigest()[:32]


def list_mac(gateway: str, revoked: Iterable[str], key: bytes) -> str:
    """Return the MAC that protects an exchanged list of revoked cards."""
    text = "\n".join((gateway, *sorted(revoked))).encode()
    return hashlib.blake2b(text, key=key, digest_size=16, person=b"gateway-revoked").hexdigest()


def _packed(card: CardClaim) -> int:
    bits = KINDS.index(card.kind)
    bits = (bits << 1) | card.learned
    bits = (bits << 3) | LEVELS.index(card.accepted)
    bits = (bits << 4) | card.share
    return (bits << 4) | card.month


def _unpacked(bits: int) -> CardClaim | None:
    kind, level = bits >> 12, (bits >> 8) & 7
    if kind >= len(KINDS) or level >= len(LEVELS):
        return None
    learned, share, month = bool((bits >> 11) & 1), (bits >> 4) & 15, bits & 15
    return CardClaim(KINDS[kind], learned, LEVELS[level], share, month)


def _mac(bits: int, msisdn: str, key: bytes) -> int:
    text = b"%d:%b" % (bits, msisdn.encode())
    made = hashlib.blake2b(text, key=key, digest_size=8, person=_PERSON).digest()
    return int.from_bytes(made, "big") >> (64 - _MAC_BITS)


def _month(today: date) -> int:
    return (today.year * 12 + today.month) % _MONTHS

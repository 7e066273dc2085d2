"""Whether a screen fits: a USSD string is counted like an SMS, but never joined from parts.

Source: 3GPP TS 23.038 section 6.2.1 (alphabet, extension table); a USSD string is at most 160 octets, that is
182 septets or 80 UCS-2 units (GSM 04.80), and operators allow less.
"""

import re

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")  # an escape and a septet: two
UCS2_UNITS_MAX = 80

_BASIC_ONLY = re.compile(f"[{re.escape(''.join(sorted(BASIC)))}]*")
_GSM7 = BASIC | EXTENSION


def weigh(text: str) -> tuple[str, int]:
    """Encoding and units.

    >>> weigh("1 Yes"), weigh("[1]"), weigh("ŋ"), weigh("😀")
    (('GSM7', 5), ('GSM7', 5), ('UCS2', 1), ('UCS2', 2))
    """
    if _BASIC_ONLY.fullmatch(text):
        return "GSM7", len(text)
    if _GSM7.issuperset(text):
        return "GSM7", len(text) + sum(text.count(ch) for ch in EXTENSION)
    return "UCS2", len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def fits(text: str, budget_septets: int) -> bool:
    """`budget_septets` is the network's; outside the GSM alphabet half of it, and at most 80, remains."""
    encoding, units = weigh(text)
    return units <= (
        budget_septets if encoding == "GSM7" else min(UCS2_UNITS_MAX, budget_septets // 2)
    )

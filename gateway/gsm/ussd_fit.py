"""The size of a screen: a USSD string is counted like an SMS, but never joined from parts.

It holds at most 160 octets (GSM 04.80): 182 septets, or 80 UCS-2 units. Networks allow less.
"""

from gateway.gsm.septets import septets

UCS2_UNITS_MAX = 80


def weigh(text: str) -> tuple[str, int]:
    """Return the encoding and the number of its units.

    >>> weigh("1 Yes"), weigh("[1]"), weigh("ŋ"), weigh("😀")
    (('GSM7', 5), ('GSM7', 5), ('UCS2', 1), ('UCS2', 2))
    """
    length = septets(text)
    if length is not None:
        return "GSM7", length
    return "UCS2", len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def fits(text: str, budget_septets: int) -> bool:
    """Return True if `text` fits one screen.

    `budget_septets` is the network's. Outside the GSM alphabet half of it, and at most 80 units,
    remains.
    """
    encoding, units = weigh(text)
    ucs2_units = min(UCS2_UNITS_MAX, budget_septets // 2)
    return units <= (budget_septets if encoding == "GSM7" else ucs2_units)

"""The size of a screen: a USSD string is counted like an SMS, but never joined from parts.

It holds at most 160 octets (GSM 04.80): 182 septets, or 80 UCS-2 units. Networks allow less.
"""

from gateway.gsm.septets import septets

UCS2_UNITS_MAX = 80


def count_units(text: str) -> tuple[str, int]:
    """Return the encoding and the number of its units.

    >>> count_units("1 Yes"), count_units("[1]"), count_units("ŋ"), count_units("😀")
    (('GSM7', 5), ('GSM7', 5), ('UCS2', 1), ('UCS2', 2))
    """
    length = septets(text)
    if length is not None:
        return "GSM7", length
    return "UCS2", len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def fits_screen(text: str, budget_septets: int) -> bool:
    """Return True if `text` fits one screen.

    `budget_septets` is the network's. Outside the GSM alphabet half of it, and at most 80 units,
    remains.
    """
    encoding, units = count_units(text)
    ucs2_units = min(UCS2_UNITS_MAX, budget_septets // 2)
    return units <= (budget_septets if encoding == "GSM7" else ucs2_units)

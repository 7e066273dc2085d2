"""Money as whole minor units (cents) with an ISO 4217 code.

This is the only module that reads or writes amounts. Text for SMS is plain GSM-7: `KES 1,234.50`.
Babel's currency formats carry no-break spaces and currency signs, which turn a whole SMS into UCS-2
and double its price.
"""

import re
from collections.abc import Iterable, Mapping

from gateway.base import currencies
from gateway.base.errors import Refused
from gateway.base.text.characters import plain
from gateway.base.text.figures import GROUP, looks_grouped, readings

MINOR_DIGITS: Mapping[str, int] = currencies.DIGITS
_EXACT = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,4}))?")
EXACT_PATTERN = r"^([1-9][0-9]{0,11}(\.[0-9]{1,4})?|0\.([1-9][0-9]{0,3}|0[1-9][0-9]{0,2}|00[1-9][0-9]?|000[1-9]))$"
"""The form of an amount from a client, for /openapi.json. The number of digits per currency is
checked later.
"""
_BESIDE = r"[^\W\d_]|[^\w\s().,+'/=-]"
_BEFORE = re.compile(rf"((?:{_BESIDE})(?: ?(?:{_BESIDE}))*)\.?")
_BEHIND = re.compile(rf" *((?:{_BESIDE})(?: ?(?:{_BESIDE}))*)\.?$")
_FACTORS = frozenset("bkmn")  # 20k may mean 20,000
_DIGITS_MAX = 13
_WHOLE_UNITS = re.compile(r"\s*/[=-]$")  # 100/= and 100/- are whole shillings.


def minor_per_major(currency: str) -> int:
    """Return how many minor units make one major unit.

    >>> minor_per_major("KES"), minor_per_major("UGX")
    (100, 1)
    """
    if currency not in MINOR_DIGITS:
        raise Refused(
            f"unknown currency {currency!r}; write its code of ISO 4217, like KES",
            field="currency",
        )
    return int(10 ** MINOR_DIGITS[currency])


def amount_text(minor: int, currency: str) -> str:
    """Return `minor` units as readable text in GSM-7, without needless zeros.

    >>> amount_text(123450, "KES"), amount_text(300, "KES"), amount_text(-50, "KES")
    ('KES 1,234.50', 'KES 3', 'KES -0.50')
    """
    per = minor_per_major(currency)
    major, rest = divmod(abs(minor), per)
    sign = "-" if minor < 0 else ""
    cents = f".{rest:0{MINOR_DIGITS[currency]}d}" if rest else ""
    return f"{currency} {sign}{major:,}{cents}"


def typed_amount(minor: int, currency: str) -> str:
    """Return an amount in the form that a worker types behind PAY.

    >>> typed_amount(123450, "KES"), typed_amount(10000, "KES"), typed_amount(500, "UGX")
    ('1234.50', '100', '500')
    """
    return amount_text(minor, currency).partition(" ")[2].replace(",", "")


def parse_amount(text: str, currency: str) -> int:
    """Return a typed amount in major units as minor units.

    Raises Refused unless it is plainly positive.

    >>> parse_amount("12.5", "KES"), parse_amount("100", "UGX"), parse_amount("1 000", "KES")
    (1250, 100, 100000)
    """
    minor = read_amount(text, currency)
    if minor < 0:
        raise Refused(f"{text.strip()!r} is not an amount in {currency}", field="amount")
    if minor == 0:
        raise Refused("the amount must be above zero", field="amount")
    return minor


def exact_amount(given: str | float, currency: str, field: str = "amount") -> int:
    """Return the minor units of an amount that a program or form gives in major units.

    The amount is like "3.50", 3 or 3.5. Nothing is rounded or guessed. A comma is refused, since it
    separates thousands for one reader and cents for another. Raises Refused naming the field.

    >>> exact_amount("12.50", "KES"), exact_amount(3, "KES"), exact_amount(0.1, "KES")
    (1250, 300, 10)
    >>> exact_amount(500.0, "UGX")
    500
    """
    # `repr` of a float is the shortest decimal that reads as this float, which is what the client
    # wrote.
    text = given if isinstance(given, str) else repr(given).removesuffix(".0")
    found, digits = _EXACT.fullmatch(text), MINOR_DIGITS.get(currency, 2)
    if not found or len(found[2] or "") > digits:
        example = f"3.{'50'.ljust(digits, '0')}" if digits else "350"
        raise Refused(
            f"{field}: {text[:40]!r} is not an amount in {currency}; write it like {example}, with the digits 0-9, "
            f"{'at most two of them after a point' if digits else 'without a point'}, and no thousands separator",
            field=field,
        )
    return _minor(found, currency, field)


def _minor(found: re.Match[str], currency: str, field: str) -> int:
    cents = (found[2] or "").ljust(MINOR_DIGITS.get(currency, 2), "0")
    minor = int(found[1]) * minor_per_major(currency) + (int(cents) if cents else 0)
    if minor == 0:
        raise Refused("the amount must be above zero", field=field)
    return minor


def read_amount(text: str, currency: str, mark: str | None = None) -> int:
    """Return a signed amount, as written in files and messages, in minor units.

    `mark` is the decimal mark (`.` or `,`) if it is known, for example from the other amounts of a
    file (`decimal_mark`). Raises Refused for a text that is no exact amount. For a text with two
    readings the error names both.

    >>> read_amount("KES -1,234.50", "KES"), read_amount("(1 000,5)", "KES")
    (-123450, -100050)
    >>> read_amount("1.000", "KES", ",")
    100000
    """
    number, sign = undressed(text, currency)
    found = readings(number)
    if len(found) > 1 and _WHOLE_UNITS.search(plain(text).strip()):
        found = {mark: figure for mark, figure in found.items() if not figure[1]}
    if mark in found:
        chosen = found[mark]
    elif mark is None and len(set(found.values())) == 1:
        chosen = next(iter(found.values()))
    elif len(found) > 1:
        both = " or ".join(sorted({f"{int(w):,}" + (f".{p}" if p else "") for w, p in found.values()}))  # fmt: skip
        raise Refused(
            f"{text.strip()!r} may be {both} {currency}; write it without thousands separators, like 1000.00",
            field="amount",
        )
    else:
        raise _no_amount(text, currency)
    whole, part = chosen
    digits = MINOR_DIGITS.get(currency, 2)
    cents = part.rstrip("0")
    # 1000,000 may be a million whose first separator was left out, unless the file says otherwise.
    unsure = mark is None and len(part) == GROUP and whole != "0"
    if (
        len(cents) > digits
        or len(whole) > _DIGITS_MAX
        or (digits < GROUP and (unsure or looks_grouped(part, whole)))
    ):
        raise _no_amount(text, currency)
    return sign * int(whole + cents.ljust(digits, "0"))


def decimal_mark(texts: Iterable[str], currency: str) -> str | None:
    """Return the decimal mark that the amounts of a file prove, or None when none does.

    Raises Refused when they prove both.

    >>> decimal_mark(["1.000", "20,00", "5"], "KES"), decimal_mark(["1.000", "5"], "KES")
    (',', None)
    """
    proven: dict[str, str] = {}
    for text in texts:
        try:
            found = readings(undressed(text, currency)[0])
        except Refused:
            continue
        if len(found) == 1 and (mark := next(iter(found))) is not None:
            if len(found[mark][1]) == GROUP > MINOR_DIGITS.get(currency, 2):
                continue  # 1000,000 proves nothing.
            proven.setdefault(mark, text)
        if len(proven) > 1:
            one, other = (repr(said.strip()) for said in proven.values())
            raise Refused(
                f"amounts have two decimal marks: {one} and {other}; write all of them alike",
                field="amount",
            )
    return next(iter(proven), None)


def _no_amount(text: str, currency: str) -> Refused:
    return Refused(f"{text.strip()!r} is not an amount in {currency}", field="amount")


def undressed(text: str, currency: str) -> tuple[str, int]:
    """Return the digits with their separators, and the sign."""
    number, sign = plain(text).strip(), 1
    if number.startswith("(") and number.endswith(")"):
        number, sign = number[1:-1].strip(), -1
    number = _WHOLE_UNITS.sub("", number)
    known, is_signed = currencies.words(currency), sign < 0
    for _ in range(2):  # A sign may stand outside or inside the currency.
        found = _BEFORE.match(number)
        if found and _folded(found[1]) in known:
            number = number[found.end() :].strip()
        if number[:1] in ("-", "+") and not is_signed:
            sign, is_signed = (-1 if number[0] == "-" else 1), True
            number = number[1:].strip()
    word = _BEHIND.search(number)
    if word and _folded(word[1]) in known - _FACTORS:
        number = number[: word.start()].strip()
    if number.endswith("-") and not is_signed:
        number, sign = number[:-1].strip(), -1
    if not number[:1].isdecimal():
        raise _no_amount(text, currency)
    return number, sign


def _folded(word: str) -> str:
    return word.replace(" ", "").casefold()


def whole_units(minor: int, currency: str) -> int:
    """Return the part of `minor` that operators can pay, in whole major units.

    The rest stays with the worker.

    >>> whole_units(10350, "KES")
    10300
    """
    per = minor_per_major(currency)
    return minor // per * per

"""The Ethiopian calendar: twelve months of thirty days and a thirteenth of five or six.

Source: Dershowitz and Reingold, Calendrical Calculations, chapter on the Coptic and Ethiopic
calendars. The first day of its first year is 29 August 8 of the Julian calendar.
"""

from datetime import date, timedelta

from gateway.phrases.hearing import fold

_EPOCH = 2796
"""The ordinal (`date.toordinal`) of the first day of the first year."""
_MONTH_DAYS, _LAST_MONTH = 30, 13
# The name that is shown comes first, then other spellings.
_NAMES = (
    ("Meskerem", "\u1218\u1235\u12a8\u1228\u121d"),
    ("Tikimt", "\u1325\u1245\u121d\u1275", "Tikemt", "Teqemt"),
    ("Hidar", "\u1285\u12f3\u122d", "Hedar"),
    ("Tahsas", "\u1273\u1285\u1223\u1225", "Tahsas"),
    ("Tir", "\u1325\u122d", "Ter"),
    ("Yekatit", "\u12e8\u12ab\u1272\u1275"),
    ("Megabit", "\u1218\u130b\u1262\u1275", "Magabit"),
    ("Miyazya", "\u121a\u12eb\u12dd\u12eb", "Miazia", "Miyazia"),
    ("Ginbot", "\u130d\u1295\u1266\u1275", "Genbot"),
    ("Sene", "\u1230\u1294", "Sane"),
    ("Hamle", "\u1210\u121d\u120c"),
    ("Nehase", "\u1290\u1210\u1234", "Nehasse"),
    ("Pagume", "\u1333\u1309\u121c\u1295", "\u1333\u1309\u121c", "Pagumen"),
)
_MONTHS = {fold(name): at for at, names in enumerate(_NAMES, 1) for name in names}


def month(word: str) -> int | None:
    """Return the number of the month that a folded word names."""
    return _MONTHS.get(word)


def name(number: int, *, amharic: bool) -> str:
    """Return the name of a month, in Amharic or in Latin letters."""
    return _NAMES[number - 1][1 if amharic else 0]


def to_gregorian(year: int, month: int, day: int) -> date:
    """Return the same day of the Gregorian calendar. Raises ValueError where there is no such day.

    >>> to_gregorian(2018, 1, 1), to_gregorian(2018, 9, 25)
    (datetime.date(2025, 9, 11), datetime.date(2026, 6, 2))
    """
    last = _MONTH_DAYS if month < _LAST_MONTH else 5 + (year % 4 == 3)  # noqa: PLR2004  a leap year
    if not 1 <= day <= last:
        raise ValueError(f"month {month} of {year} has {last} days, not {day}")
    days_before = 365 * (year - 1) + year // 4 + _MONTH_DAYS * (month - 1) + day - 1
    return date.fromordinal(_EPOCH + days_before)


def from_gregorian(day: date) -> tuple[int, int, int]:
    """Return year, month and day of the Ethiopian calendar.

    >>> from_gregorian(date(2026, 6, 2))
    (2018, 9, 25)
    """
    year = (4 * (day.toordinal() - _EPOCH) + 1463) // 1461
    days = (day - to_gregorian(year, 1, 1)) // timedelta(days=1)
    return year, days // _MONTH_DAYS + 1, days % _MONTH_DAYS + 1

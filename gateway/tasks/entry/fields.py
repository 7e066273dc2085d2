"""The fields of a batch of records, as a client declares them: checked, kept, and read back."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any, cast

from gateway.base.errors import Refused
from gateway.base.money import MINOR_DIGITS, minor_per_major
from gateway.phrases import books
from gateway.phrases.hearing import clean, fold
from gateway.tasks.entry.check_digits import CHECKS
from gateway.tasks.entry.values import amount_value
from gateway.tasks.question import FALLBACK_LANGUAGE, Field, Option

TYPES = ("number", "date", "name", "money", "choice", "text")
FIELDS_MAX = 9  # one key of a phone per field
LABEL_MAX = 24
LENGTH_MAX = 200
DECIMALS_MAX = 10
RESERVED = frozenset(
    {"task", "state", "value", "confidence", "confidence_checked", "checked_with_gold", "answers", "tied", "rule", "fields"}
)  # fmt: skip
"""The columns that every result has."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ALLOWED = {
    "number": ("min", "max", "decimals"),
    "date": ("min", "max"),
    "money": ("min", "max", "currency"),
    "name": ("length_min", "length_max"),
    "text": ("length_min", "length_max", "check"),
    "choice": ("options",),
}
"""The rules that a client may give for each type."""


@dataclass(frozen=True, slots=True)
class DeclaredField:
    """One field as a client sent it. A rule that is None was not sent."""

    id: str
    type: str
    labels: Mapping[str, str]
    min: str | None = None
    max: str | None = None
    decimals: int | None = None
    length_min: int | None = None
    length_max: int | None = None
    check: str | None = None
    options: Sequence[Option] | None = None
    currency: str | None = None
    optional: bool = False


def checked_fields(
    declared: Sequence[DeclaredField],
    currency: str,
    check_options: Callable[[Sequence[Option]], object],
) -> tuple[Field, ...]:
    """Return the fields of a batch. Raises Refused naming the field and the rule.

    `currency` is that of amounts without their own. `check_options` refuses options that workers
    could not tell apart.
    """
    if not 1 <= len(declared) <= FIELDS_MAX:
        raise Refused(
            f"a batch of records has 1 to {FIELDS_MAX} fields, not {len(declared)}", field="fields"
        )
    found: list[Field] = []
    for number, one in enumerate(declared, 1):
        if one.id in {other.name for other in found}:
            raise _refused(number, one, "id", "is there twice")
        if not _NAME.fullmatch(one.id) or one.id in RESERVED:
            raise _refused(
                number,
                one,
                "id",
                "names a column of the results: 1 to 40 small letters, digits and _, a letter "
                f"first, and not {', '.join(sorted(RESERVED))}",
            )
        found.append(_checked(number, one, currency, check_options))
    _check_labels(found, declared)
    return tuple(found)


def _checked(
    number: int,
    one: DeclaredField,
    currency: str,
    check_options: Callable[[Sequence[Option]], object],
) -> Field:
    if one.type not in TYPES:
        raise _refused(number, one, "type", f"is {one.type!r}; there is: {', '.join(TYPES)}")
    for rule in ("min", "max", "decimals", "length_min", "length_max", "check", "options", "currency"):  # fmt: skip
        if getattr(one, rule) is not None and rule not in _ALLOWED[one.type]:
            raise _refused(number, one, rule, f"is no rule of a {one.type}")
    for label in one.labels.values() if one.labels else (one.id,):
        if why := _label_is_wrong(label):
            raise _refused(number, one, "labels", f"{why}: {label!r}")
    field = Field(one.id, one.type, number, dict(one.labels), optional=one.optional)
    match one.type:
        case "choice":
            return replace(field, options=_options(number, one, check_options))
        case "name" | "text":
            return _with_lengths(number, one, field)
        case "money":
            return _with_range(number, one, _in_currency(number, one, field, currency))
        case _:
            return _with_range(number, one, replace(field, decimals=one.decimals))


def _label_is_wrong(label: str) -> str:
    """Return what is wrong with a label, "" for nothing.

    A label stands before its value in a reply, so it must not look like a value or a mark.
    """
    if not clean(label) or label != clean(label) or len(label) > LABEL_MAX:
        return f"are 1 to {LABEL_MAX} characters without line breaks"
    if label[0].isdecimal() or any(mark in label for mark in ",;|:="):
        return "begin with a letter and have none of , ; | : ="
    if any(fold(label) in book.words.stop for book in books().values()):
        return "must not be a word that stops all messages"
    return ""


def _options(
    number: int, one: DeclaredField, check_options: Callable[[Sequence[Option]], object]
) -> tuple[Option, ...]:
    options = tuple(one.options or ())
    if len(options) < 2:  # noqa: PLR2004
        raise _refused(number, one, "options", "of a choice are at least two")
    try:
        check_options(options)
    except Refused as bad:
        raise _refused(number, one, "options", str(bad)) from bad
    return options


def _with_lengths(number: int, one: DeclaredField, field: Field) -> Field:
    least, most = one.length_min or 1, one.length_max or field.length_max
    if not 1 <= least <= most <= LENGTH_MAX:
        rule = "length_max" if most > LENGTH_MAX or one.length_max else "length_min"
        raise _refused(
            number, one, rule, f"must be from length_min to {LENGTH_MAX}, not {least} to {most}"
        )
    if one.check is not None and one.check not in CHECKS:
        raise _refused(number, one, "check", f"is {one.check!r}; there is: {', '.join(CHECKS)}")
    return replace(field, length_min=least, length_max=most, check=one.check or "")


def _with_range(number: int, one: DeclaredField, field: Field) -> Field:
    if one.decimals is not None and not 0 <= one.decimals <= DECIMALS_MAX:
        raise _refused(number, one, "decimals", f"must be 0 to {DECIMALS_MAX}")
    ends = {rule: _end(number, one, field, rule) for rule in ("min", "max")}
    least, most = ends["min"], ends["max"]
    if least and most and size(field, least) > size(field, most):
        raise _refused(number, one, "max", f"{most} is below the min {least}")
    return replace(field, least=least, most=most)


def _in_currency(number: int, one: DeclaredField, field: Field, usual: str) -> Field:
    currency = one.currency or usual
    if currency not in MINOR_DIGITS:
        raise _refused(
            number, one, "currency", f"is {currency!r}; write its code of ISO 4217, like KES"
        )
    return replace(field, currency=currency)


def _end(number: int, one: DeclaredField, field: Field, rule: str) -> str:
    """Return an end of a range in the form of answers, "" for none."""
    given = one.min if rule == "min" else one.max
    if given is None:
        return ""
    try:
        match field.type:
            case "date":
                return date.fromisoformat(given).isoformat()
            case "money":
                minor = Decimal(given) * minor_per_major(field.currency)
                return amount_value(_whole(minor), field.currency)
            case _:
                _whole(Decimal(given).scaleb(DECIMALS_MAX))
                return given
    except (ValueError, ArithmeticError) as bad:
        example = "2026-05-03" if field.type == "date" else "12.5"
        raise _refused(number, one, rule, f"is {given!r}; write it like {example}") from bad
    except Refused as bad:
        raise _refused(number, one, rule, str(bad)) from bad


def _whole(number: Decimal) -> int:
    """Return a number without decimals. Raises ValueError for any other."""
    if not number.is_finite() or number != number.to_integral_value():
        raise ValueError(str(number))
    return int(number)


def size(field: Field, value: str) -> Decimal:
    """Return a value of a number, a date or an amount as a number that can be compared."""
    match field.type:
        case "date":
            return Decimal(date.fromisoformat(value).toordinal())
        case _:
            return Decimal(value)


def _check_labels(found: Sequence[Field], declared: Sequence[DeclaredField]) -> None:
    """Refuse two fields with the same name for workers."""
    for language in {FALLBACK_LANGUAGE}.union(*(field.labels for field in found)):
        seen: set[str] = set()
        for field, one in zip(found, declared, strict=True):
            label = field.label(language).casefold()
            if label in seen:
                raise _refused(
                    field.number, one, "labels", f"read as another field's in {language!r}"
                )
            seen.add(label)


def _refused(number: int, one: DeclaredField, rule: str, why: str) -> Refused:
    return Refused(f"field {number} ({one.id}): {rule} {why}", field=f"fields.{number - 1}.{rule}")


def to_data(given: Sequence[Field]) -> list[dict[str, object]]:
    """Return fields for a JSON column, which `from_data` reads back."""
    usual = asdict(Field("", "", 0))
    return [
        {
            name: value
            for name, value in asdict(one).items()
            if value != usual[name] or name in ("name", "type", "number")
        }
        for one in given
    ]


def from_data(data: Sequence[Mapping[str, object]] | None) -> tuple[Field, ...]:
    """Return the fields that `to_data` has written; none for None."""
    names = {one.name for one in fields(Field)}
    return tuple(
        replace(
            Field(**{name: value for name, value in one.items() if name in names}),  # pyright: ignore[reportArgumentType]  # our own row
            options=tuple(
                Option(o["id"], o["labels"])
                for o in cast("list[dict[str, Any]]", one.get("options", []))
            ),
        )
        for one in data or ()
    )


def fields_told(given: Sequence[Field]) -> list[dict[str, object]]:
    """Return fields as a client declares them, with every rule that applies."""
    return [
        {
            "id": one.name,
            "type": one.type,
            "labels": dict(one.labels),
            "optional": one.optional,
            "min": one.least or None,
            "max": one.most or None,
            "decimals": one.decimals,
            "length_min": one.length_min if "length_min" in _ALLOWED[one.type] else None,
            "length_max": one.length_max if "length_max" in _ALLOWED[one.type] else None,
            "check": one.check or None,
            "options": [{"id": o.id, "labels": dict(o.labels)} for o in one.options] or None,
            "currency": one.currency or None,
        }
        for one in given
    ]


def asked_of(given: Sequence[Field], names: Sequence[str] | None) -> tuple[Field, ...]:
    """Return the fields with these names, or all of them for None.

    >>> a, b = Field("a", "text", 1), Field("b", "text", 2)
    >>> asked_of([a, b], ["b"]) == (b,), asked_of([a, b], None) == (a, b)
    (True, True)
    """
    if names is None:
        return tuple(given)
    return tuple(field for field in given if field.name in names)

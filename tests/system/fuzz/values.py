# ruff: noqa: RUF001, C901, PLR0911  look-alikes, and one branch for each kind of value
"""Values for requests, drawn by a seed.

Some are allowed by a JSON schema, and others break things.
"""

import random
from collections.abc import Iterator, Mapping
from re import _parser
from typing import Any

NASTY_NUMBERS = (
    0, -1, 1, 2**15, 2**15 - 1, 2**31, 2**31 - 1, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**30,
    0.5, -0.0, 1e308, 5e-324, 999_999_999_999,
)  # fmt: skip
NASTY_TEXTS = (
    "", " ", "\0", "a\0b", "\x1b[2J", "\r\n", "a\nb", "\u202e", "\u200b", "\ufeff", "\ud800", "\U0010ffff", "\uffff",
    "x" * 201, "x" * 5_000, "é" * 200, "e\u0301" * 150, "٣", "１", "'; drop table task; --", "=1+1", "../..", "%00", "%s",
    "{0}", "${x}", "null", "NaN", "-1", "99999999999999999999", "9223372036854775808", "true", "🙂" * 70, "<script>",
)  # fmt: skip
NASTY = (
    *NASTY_NUMBERS,
    *NASTY_TEXTS,
    None,
    True,
    False,
    [],
    {},
    [[]],
    {"": ""},
    [None],
    float("nan"),
)


class Drawn:
    """Values drawn by one dice."""

    def __init__(self, seed: int, schemas: Mapping[str, Any] | None = None) -> None:
        self.dice = random.Random(seed)
        self._schemas = schemas or {}

    def one_of(self, *values: Any) -> Any:
        return self.dice.choice(values)

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def nasty(self) -> Any:
        return self.dice.choice(NASTY)

    def text(self, most: int = 40) -> str:
        letters = "abcXYZ 019-_.éßሰ\u4e2d?!'\"&=+%/"
        return "".join(self.dice.choice(letters) for _ in range(self.dice.randint(1, max(1, most))))

    def valid(self, schema: Mapping[str, Any]) -> Any:
        """A value that the schema allows."""
        if "$ref" in schema:
            return self.valid(self._schemas[schema["$ref"].rpartition("/")[2]])
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return self.valid(self.dice.choice(schema[key]))
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.dice.choice(schema["enum"])
        match schema.get("type"):
            case "object":
                return self._object(schema)
            case "array":
                count = self.dice.randint(
                    schema.get("minItems", 0), min(schema.get("maxItems", 3), 4)
                )
                return [self.valid(schema.get("items", {})) for _ in range(count)]
            case "string":
                return self._string(schema)
            case "integer":
                low, high = _bounds(schema, 1, -(10**6), 10**6)
                return self.dice.randint(int(low), int(high))
            case "number":
                low, high = _bounds(schema, 1e-3, -1e6, 1e6)
                return round(self.dice.uniform(low, high), 2) or low
            case "boolean":
                return self.chance(0.5)
            case _:
                return None

    def mutated(self, value: Any) -> Any:
        """The value with one place of it spoilt."""
        if isinstance(value, dict) and value and self.chance(0.9):
            key = self.dice.choice(list(value))
            match self.dice.randint(0, 3):
                case 0:
                    return {k: v for k, v in value.items() if k != key}
                case 1:
                    return {**value, str(self.nasty()): self.nasty()}
                case 2:
                    return {**value, key: self.nasty()}
                case _:
                    return {**value, key: self.mutated(value[key])}
        if isinstance(value, list) and value and self.chance(0.8):
            place = self.dice.randrange(len(value))
            return [*value[:place], self.mutated(value[place]), *value[place + 1 :]]
        return self.nasty()

    def _object(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        required = set(schema.get("required", ()))
        found = {
            name: self.valid(inner)
            for name, inner in schema.get("properties", {}).items()
            if name in required or self.chance(0.4)
        }
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            names = schema.get("propertyNames", {"type": "string"})
            for _ in range(self.dice.randint(0, 2)):
                found[self._string(names)] = self.valid(more)
        return found

    def _string(self, schema: Mapping[str, Any]) -> str:
        if "[^" not in schema.get("pattern", "[^"):
            return _matching(schema["pattern"], self.dice)
        if schema.get("examples") and self.chance(0.5):
            return self.dice.choice(schema["examples"])
        least, most = schema.get("minLength", 0), min(schema.get("maxLength", 60), 60)
        return (self.text(most).strip() or "x")[:most] if most >= max(least, 1) else "x" * least


def _bounds(
    schema: Mapping[str, Any], step: float, lowest: float, highest: float
) -> tuple[float, float]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + step
    if "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - step
    low = lowest if low is None else low
    high = max(highest, low) if high is None else high
    return low, high


def _matching(pattern: str, dice: random.Random) -> str:
    """Return a string that the pattern matches, by walking through the pattern."""
    return "".join(_walk(_parser.parse(pattern), dice))


def _walk(parts: Any, dice: random.Random) -> Iterator[str]:
    for kind, given in parts:
        match str(kind):
            case "LITERAL":
                yield chr(given)
            case "IN":
                low, high = dice.choice([(a, a) if str(k) == "LITERAL" else a for k, a in given])
                yield chr(dice.randint(low, high))
            case "MAX_REPEAT":
                least, most, inner = given
                for _ in range(dice.randint(least, min(most, least + 12))):
                    yield from _walk(inner, dice)
            case "SUBPATTERN":
                yield from _walk(given[3], dice)
            case "BRANCH":
                yield from _walk(dice.choice(given[1]), dice)
            case "AT":
                pass
            case other:
                raise NotImplementedError(f"{other} in a pattern of the schema")

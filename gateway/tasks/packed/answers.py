"""The step from tokens to answers: pairs as they stand, loose tokens in the one order that fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.tasks.packed.tokens import SKIP, Packed, Token


@dataclass(frozen=True, slots=True)
class PackReading:
    """The answers that a reply gives to numbered items."""

    values: Mapping[int, str] = field(default_factory=dict[int, str])
    """The id of the option per item, for each item with exactly one option."""
    skipped: frozenset[int] = frozenset()
    """The items that the worker left out on purpose."""
    unclear: frozenset[int] = frozenset()
    """The items that the reply names, but whose answer was not understood."""

    @property
    def empty(self) -> bool:
        """Return True if the reply answers no item and skips none."""
        return not self.values and not self.skipped


def whole(tokens: Sequence[Token], asked: Packed) -> PackReading | None:
    """Return the answers of a reply that holds options alone, exactly as many as items were asked.

    They answer the items in order. Return None for any other reply.
    """
    if [token.what for token in tokens] == ["all"]:
        return PackReading(dict(zip(asked.numbers, tokens[0].values, strict=True)))
    values = [token.value for token in tokens if token.what == "value"]
    if len(values) != len(tokens) or len(values) != len(asked.numbers) or SKIP in values:
        return None
    return agreed(list(zip(asked.numbers, values, strict=True)))


def clauses(tokens: Sequence[Token]) -> list[tuple[list[Token], bool]] | None:
    """Return the parts between commas and line ends, or None unless each names its own item.

    The second value of a pair is True if an incomprehensible part before makes this part unclear.
    """
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.what == "comma":
            parts.append([])
        else:
            parts[-1].append(token)
    parts = [part for part in parts if part]
    if len(parts) < 2 or not all(map(_speaks_for_itself, parts)):  # noqa: PLR2004
        return None
    strange = [all(token.what in ("unknown", "all") for token in part) for part in parts]
    return [(part, at > 0 and strange[at - 1]) for at, part in enumerate(parts)]


def _speaks_for_itself(part: Sequence[Token]) -> bool:
    items = sum(token.what == "item" for token in part)
    values = sum(token.what == "value" for token in part)
    pairs = sum(token.what == "pair" for token in part)
    return values <= items <= 1 and not (items and pairs)


def clause(part: Sequence[Token]) -> list[tuple[int, str | None]]:
    """Return the value beside an item, in either order, or the answers of words that hold both."""
    item = next((token.item for token in part if token.what == "item"), None)
    if item is None:
        return flat(part)
    value = next((token.value for token in part if token.what == "value"), None)
    clear = all(token.what in ("item", "value") for token in part)
    return [(item, value if clear else None)]


def flat(tokens: Sequence[Token]) -> list[tuple[int, str | None]]:
    """Return pairs as they stand, and loose numbers and options in the one order that fits."""
    found: list[tuple[int, str | None]] = []
    runs = _runs(tokens)
    for at, run in enumerate(runs):
        around = [*runs[max(0, at - 1) : at], *runs[at + 1 : at + 2]]
        if run[0].what in ("unknown", "all"):
            continue
        strange = any(o[0].what in ("unknown", "all") or _options_only(o) for o in around)
        # In "1)A2" the letter may belong to either number.
        torn = run[0].letter_first and at > 0 and runs[at - 1][-1].what == "item"
        pairs = _of_pair(run[0]) if run[0].what == "pair" else _loose(run)
        found += [(n, None if strange or torn else v) for n, v in pairs]
    return _as_a_whole(tokens, found)


def _of_pair(token: Token) -> list[tuple[int, str | None]]:
    return [(token.item, token.value)] if token.item is not None else []


def _as_a_whole(
    tokens: Sequence[Token], found: list[tuple[int, str | None]]
) -> list[tuple[int, str | None]]:
    """Return only the answers that agree with a reading of the whole reply in one order.

    Where such a reading leaves nothing over, no other answer may be taken: "1)A2)B" is 1A 2B,
    though A2 stands together.
    """
    loose: list[Token] = []
    for t in tokens:
        if t.what in ("unknown", "all") or (t.what == "pair" and t.value is None):
            return found
        if t.what == "pair":
            both = [Token("item", t.item), Token("value", value=t.value)]
            loose += both[::-1] if t.letter_first else both
        else:
            loose.append(t)
    for way in (_in_order(loose), _in_order(loose[::-1])):
        if way is not None and None not in way.values():
            return [(n, v if way.get(n) == v else None) for n, v in found]
    return found


def _runs(tokens: Sequence[Token]) -> list[list[Token]]:
    """Group neighbouring tokens of one sort.

    Each pair and each unknown word stands alone; loose numbers and options stand together.
    """
    runs: list[list[Token]] = []
    for token in tokens:
        loose = token.what in ("item", "value")
        if loose and runs and runs[-1][0].what in ("item", "value"):
            runs[-1].append(token)
        else:
            runs.append([token])
    return runs


def _options_only(run: Sequence[Token]) -> bool:
    return all(token.what == "value" for token in run)


def _loose(run: Sequence[Token]) -> list[tuple[int, str | None]]:
    """Return the answers of loose tokens: number first or option first, whichever fits.

    An item is unclear where both orders fit and differ, or where neither fits.
    """
    items = [token.item for token in run if token.item is not None]
    ways = [way for way in (_in_order(run), _in_order(run[::-1])) if way is not None]
    if not ways:
        return [(item, None) for item in items]
    # Two orders fit a run like "1 A 2". They contradict each other, so neither is taken.
    return [(n, v if all(way[n] == v for way in ways) else None) for n, v in ways[0].items()]


def _in_order(run: Sequence[Token]) -> dict[int, str | None] | None:
    """Return each number with the option that follows it, or None for another order.

    A number without an option after it has None.
    """
    found: dict[int, str | None] = {}
    last: int | None = None
    for token in run:
        if token.what == "item" and token.item is not None:
            if token.item in found:
                return None
            found[token.item], last = None, token.item
        elif last is None or found[last] is not None:
            return None
        else:
            found[last] = token.value
    return found


def agreed(found: Sequence[tuple[int, str | None]]) -> PackReading:
    """Return the answers by item: one value is an answer; none or two are unclear."""
    said: dict[int, set[str | None]] = {}
    for number, value in found:
        said.setdefault(number, set()).add(value)
    values = {n: v for n, vs in said.items() if len(vs) == 1 and (v := next(iter(vs)))}
    skipped = frozenset(n for n, vs in said.items() if vs == {SKIP})
    return PackReading(values, skipped, frozenset(said) - values.keys() - skipped)

"""How a batch hands out its questions and checks its workers: what a client may choose beside the overlap policy."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Handling:
    """`entry_gold`: gold among the first questions of a worker at a kind, before any other (with a gold_rate only).

    `promote_gold`: may results that leave no doubt be asked of others as gold? `review_minor`: what a person's look at a
    task costs the client, in minor units; 0 = she looks at what stays in doubt, whatever it costs. `rotate`: does every
    worker see the options in an order of her own? `shares`: by partner's code, the part of the tasks (0..1) kept for its
    workers, for `keep_h` hours after the start; then they are anybody's. `same`: options that were found to mean the same as
    another, which is what is stored for them; the menu keeps them where they were.
    """

    entry_gold: int = 5
    promote_gold: bool = False
    review_minor: int = 0
    rotate: bool = False
    shares: Mapping[str, float] = field(default_factory=dict[str, float])
    keep_h: int = 72
    same: Mapping[str, str] = field(default_factory=dict[str, str])


DEFAULT = Handling()


def to_options(handling: Handling) -> dict[str, object]:
    """What differs from the default, to be kept with the batch.

    >>> to_options(Handling(entry_gold=3))
    {'entry_gold': 3}
    """
    usual = asdict(DEFAULT)
    return {name: value for name, value in asdict(handling).items() if value != usual[name]}


def from_options(options: Mapping[str, object]) -> Handling:
    """The handling kept so; keys of other things are left alone."""
    names = {one.name for one in fields(Handling)}
    return Handling(**{name: value for name, value in options.items() if name in names})  # pyright: ignore[reportArgumentType]  # our own row

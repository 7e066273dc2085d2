"""The handling of a batch's questions and workers: the client's choices beside the overlap."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Handling:
    """The client's choices for one batch."""

    entry_gold: int = 5
    """The number of gold tasks among the first questions of a worker at a kind, before any other
    (with a gold_rate only).
    """
    promote_gold: bool = False
    """True if results that leave no doubt may be asked of other workers as gold."""
    review_minor: int = 0
    """The client's cost of one review of a task, in minor units; 0: every doubtful task is
    reviewed, whatever it costs.
    """
    rotate: bool = False
    """True if every worker sees the options in an order of her own."""
    shares: Mapping[str, float] = field(default_factory=dict[str, float])
    """The part of the tasks (0..1) kept for a partner's workers, by the partner's code."""
    keep_h: int = 72
    """The hours after the start for which the shares are kept; then all workers may answer those
    tasks.
    """
    needs_lesson: bool = False
    """True if only workers who passed the lesson for this kind are asked."""
    same: Mapping[str, str] = field(default_factory=dict[str, str])
    """Options that were found to mean the same as another option, which is stored in their place;
    the menu keeps them where they were.
    """
    min_skill: float = 0.0
    """The least skill of the workers who may be asked; 0 for all workers."""
    use_predictions: bool = False
    """True if the predictions of the client's model count as far as they have earned trust."""
    check_of: str = ""
    """The batch whose results this one reviews or audits; "" for a batch of a client."""


DEFAULT = Handling()


def to_options(handling: Handling) -> dict[str, object]:
    """Return the choices that differ from the default, to be kept with the batch.

    >>> to_options(Handling(entry_gold=3))
    {'entry_gold': 3}
    """
    usual = asdict(DEFAULT)
    return {name: value for name, value in asdict(handling).items() if value != usual[name]}


def from_options(options: Mapping[str, object]) -> Handling:
    """Return the handling kept in a batch's options; keys of other features are ignored."""
    names = {one.name for one in fields(Handling)}
    return Handling(**{name: value for name, value in options.items() if name in names})  # pyright: ignore[reportArgumentType]  # our own row

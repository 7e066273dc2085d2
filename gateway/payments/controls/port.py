"""What a control is told of a payout, and what it may say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A payout about to be sent.

    `passed_minor`: what was let go today (UTC) in its currency, by scope: worker, coordinator,
    provider, country, all; `unapproved`: of all, what no second person approved. `coordinator` is
    None for who enrolled by herself. `first`: her first payout. `others_first`: first payouts of
    workers of the same coordinator asked for in the 24 hours before it.
    """

    amount_minor: int
    currency: str
    asked_at: datetime
    coordinator: int | None
    first: bool
    others_first: int
    passed_minor: Mapping[str, int]
    float_minor: int | None = None
    """What the operator surely still holds for us; None where it has not said so lately."""
    heard_at: datetime | None = None
    """When she last answered, or a payout of hers was confirmed, before she asked; None where
    never.
    """
    moved_until: datetime | None = None
    """Until when payouts wait because the worker changed her number; None where she did not lately.
    """
    objected: bool = False
    """The holder of her old number says that the change was not her wish, and nobody has decided
    yet.
    """
    approved: bool = False
    """Two people have approved a list with this payout, or with the one it stands in for."""


@dataclass(frozen=True, slots=True)
class Wait:
    """`control`: the rule's name. `until`: looked at again then. `ends`: it may go then without anybody's word."""

    control: str
    until: datetime
    ends: bool

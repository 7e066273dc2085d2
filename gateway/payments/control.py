"""The contract of a payout control, which is one file in `gateway.payments.controls`.

A control's file name is its name: it is stored as the reason of a hold. The file declares

- `Rules`, a class of settings (`ControlRules`). They stand in the section `controls` of the
  settings. Controls that declare the same setting share it.
- `check(case, rules, now)`, which returns a `Wait`, or None when the control has no objection.
- `EXAMPLE`, a case that waits (`Example`). The contract tests try it.

It may declare

- `RANK`: controls of a lower rank are asked first, and the first wait counts. Default `RANK`.
- `PHRASE`: the phrase that tells the worker. Default `PHRASE`, which is true for a wait that ends.
- `RELEASE_REFUSED`: the reason why one operator alone cannot end the hold. Default: one can.
- `asks_name(rules)`: True when `check` needs the name that the provider has for the number.
- `most_at_once(rules, currency)`: the largest amount that ever passes, in minor units, or None.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from gateway.base.options import Options

RANK = 100
PHRASE = "pay.waits_crowding"
"""The phrase for a safety check that ends on a day. It names no reason."""
FLOAT_FRESH = timedelta(minutes=15)
"""The time for which a float that the provider reported is believed. After it, the payment itself
shows whether the provider can pay.
"""


class ControlRules(Options):
    """The base of the settings of a payout control. Every setting has a default."""


class HoldRules(ControlRules):
    """The settings of a control that lets a payout wait for a number of hours."""

    hold_h: Annotated[int, Field(ge=1)] = 48
    """The hours for which these controls let a payout wait."""

    @property
    def hold(self) -> timedelta:
        return timedelta(hours=self.hold_h)


@dataclass(frozen=True, slots=True)
class Case:
    """A payout that is about to be sent."""

    amount_minor: int
    """The amount in minor units."""
    currency: str
    """The currency of the amount."""
    asked_at: datetime
    """The time of the worker's request."""
    coordinator: int | None
    """The worker's coordinator, and None for a worker who enrolled by herself."""
    first: bool
    """True for the worker's first payout."""
    others_first: int
    """The number of first payouts of the same coordinator's workers in the 24 hours before the
    request.
    """
    passed_minor: Mapping[str, int]
    """The amount that was sent today (UTC) in the currency, by scope: worker, coordinator,
    provider, country and all. `unapproved` is the part of all that no second operator approved.
    """
    float_minor: int | None = None
    """The amount that the provider surely still holds, and None where it has not reported it
    lately.
    """
    heard_at: datetime | None = None
    """The time before the request at which the worker last answered or a payout of hers was
    confirmed, and None where there is none.
    """
    moved_until: datetime | None = None
    """The time until which payouts wait because the worker changed her number, and None where she
    did not change it lately.
    """
    objected: bool = False
    """True while the holder of the worker's old number says that the change was not her wish, and
    no decision was made yet.
    """
    closing: bool = False
    """True when the worker did not ask for the payout: a gateway that winds down pays all balances,
    and two operators approve the list.
    """
    lost_at: datetime | None = None
    """The time of the backup from which such a gateway pays. From then on no worker was heard."""
    run_doubted: bool = False
    """True while a worker says that a payout of the same run did not arrive, and no person has
    decided about it.
    """
    approved: bool = False
    """True when two operators have approved a list with this payout, or with the one that it
    replaces.
    """
    enrolled_name: str = ""
    """The worker's name."""
    registered_name: str | None = None
    """The name that the provider has for the number, and None where it was not asked or did not
    answer.
    """


@dataclass(frozen=True, slots=True)
class Wait:
    """The wait that a control demands."""

    until: datetime
    """The time at which the payout is looked at again."""
    ends: bool
    """True when the payout may then go without a decision by an operator of the gateway."""
    needs_list: bool = False
    """True when the payout leaves the queue until two operators have approved a list with it."""


@dataclass(frozen=True, slots=True)
class Example:
    """A case that a control lets wait."""

    case: Case
    rules: ControlRules
    now: datetime

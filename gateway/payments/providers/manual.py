"""The provider of payments outside the gateway: a bank, a shop or a coordinator with cash.

Nothing is sent. A list goes out and confirmations come in. `gateway manual export` writes the
payouts that wait, and `gateway manual confirm` reads which were paid, with the receipt of each.
Until then the money stays held, and the worker is told that it is on its way.
"""

from collections.abc import Mapping

import aiohttp

from gateway.payments.account import AmountOptions, read
from gateway.payments.limits import AmountLimits
from gateway.payments.port import (
    Order,
    PaymentStatus,
    Status,
    SubmitAnswer,
    SubmitOutcome,
    TokenStore,
)

TABLE = "manual 2026-11-21"


class ManualOptions(AmountOptions):
    """The options of the provider in the settings."""


EXAMPLE: Mapping[str, object] = {"currency": "KES", "minimum": 10, "maximum": 1000}
"""Options with which a provider of this kind can be made. Every secret in them is `k-secret`."""


def make(name: str, options: Mapping[str, object], tokens: TokenStore) -> "Manual":
    """Make the provider `name` of the settings."""
    return Manual(name, read(ManualOptions, name, options).limits(name))


class Manual:
    """A list of payouts to be paid outside the gateway, which fulfils `PayoutProvider`."""

    name: str
    minimum_minor: int
    maximum_minor: int
    dedups: bool

    def __init__(self, name: str, limits: AmountLimits) -> None:
        self.name = name
        self.minimum_minor, self.maximum_minor = limits.minimum_minor, limits.maximum_minor
        # The payers do not detect repetitions, so no payout is ever put on the list twice.
        self.dedups = False
        self._limits = limits

    async def submit(self, http: aiohttp.ClientSession, order: Order) -> SubmitAnswer:
        wrong = self._limits.wrong(order)
        if wrong:
            return SubmitAnswer(SubmitOutcome.REJECTED, code="order", text=wrong, table=TABLE)
        return SubmitAnswer(SubmitOutcome.ACCEPTED, code="listed", table=TABLE)

    async def ask(self, http: aiohttp.ClientSession, order: Order) -> Status:
        return Status(
            PaymentStatus.PENDING, order.key, text="waits for a confirmation", table=TABLE
        )

    def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> Status:
        return Status(PaymentStatus.NO_ANSWER, text="this provider sends no callbacks", table=TABLE)

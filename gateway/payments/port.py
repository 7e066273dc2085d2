"""The port that every payout provider fulfils.

Each provider is one file in `payments/providers/`. A provider never retries automatically. The
gateway makes the key and stores it before the first byte is sent. Only an answer to a question of
the gateway (a status query) decides about money. A callback that the gateway did not ask for is a
hint to go and ask.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

import aiohttp


class SubmitOutcome(StrEnum):
    """The outcome of a submit."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"  # The provider knows this key already: treat it as accepted, and ask.
    REJECTED = "rejected"  # This is final: it will never be paid under this key.
    # The provider has certainly not taken it: the same key may be sent again.
    NOT_SENT = "not_sent"
    AMBIGUOUS = "ambiguous"  # The outcome is unknown: ask, and never send again.


class PaymentStatus(StrEnum):
    """The outcome of a status query."""

    PAID = "paid"
    FAILED = "failed"
    PENDING = "pending"
    NOT_FOUND = "not_found"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Order:
    """A payout as it is handed to a provider."""

    key: str
    """The name under which the provider knows the payout, unique forever."""
    msisdn: str
    """The phone number to pay."""
    amount_minor: int
    """The amount in minor units, which must be whole payable units."""
    currency: str
    """The currency of the amount."""
    result_url: str
    """The URL to which hints may go."""
    status_url: str
    """The URL to which answers to the gateway's status queries go.

    Its path is a secret that only the provider receives.
    """
    timeout_url: str
    """The URL to which the provider reports that it gave up waiting, which does not mean unpaid."""
    reference: str = ""
    """The provider's own id of the payout, from its answer to the submit. Some providers must be
    asked by it.
    """


@dataclass(frozen=True, slots=True)
class SubmitAnswer:
    """The immediate answer to a submit."""

    outcome: SubmitOutcome
    """The outcome that the answer means."""
    code: str = ""
    """The provider's own code, kept as evidence."""
    text: str = ""
    """The provider's own text, kept as evidence."""
    request_hash: str = ""
    """The digest of the request."""
    pause_provider: bool = False
    """True when the trouble is the gateway's or the provider's (credentials, float), not the
    worker's.
    """
    table: str = ""
    """The version of the provider's table of codes that gave the outcome, so that an old decision
    can be explained.
    """
    reference: str = ""
    """The provider's own id of the payment, where it gives one. Later the provider is asked, or
    calls back, by it.
    """


@dataclass(frozen=True, slots=True)
class Status:
    """The answer to a status query, or a hint from a callback, in the gateway's terms.

    Amounts are in minor units. A field that the provider did not tell is None.
    """

    found: PaymentStatus
    """The outcome."""
    key: str | None = None
    """The payout's key, only when the provider's own words contain it or it was part of the
    question's path. A FAILED without the payout's key is the failure of something else, e.g. of
    the question.
    """
    reference: str = ""
    """The provider's own id of the payment, where a callback names only that."""
    receipt: str | None = None
    """The provider's receipt of the payment."""
    amount_minor: int | None = None
    """The amount that was paid."""
    msisdn_tail: str | None = None
    """The last digits of the phone number that was paid."""
    fee_minor: int | None = None
    """The provider's charge."""
    code: str = ""
    """The provider's own code."""
    text: str = ""
    """The provider's own text."""
    float_minor: int | None = None
    """The amount that the provider can still pay out for the gateway."""
    owed_minor: int = 0
    """The charges that the provider counts and has not taken out of `float_minor` yet."""
    pause_provider: bool = False
    """True when the trouble is the gateway's or the provider's, not the worker's."""
    table: str = ""
    """The version of the provider's table of codes that gave the outcome."""
    generic: bool = False
    """True for a FAILED whose cause the provider does not name. It is believed only when it is
    still reported half an hour after the send.
    """


class PayoutProvider(Protocol):
    """An account at a provider, made by the plug-in's `make(name, options, tokens)`."""

    name: str
    """The provider's name in the settings."""
    minimum_minor: int
    """The least amount of one payout."""
    maximum_minor: int
    """The greatest amount of one payout."""
    dedups: bool
    """True when the provider surely refuses a second request with a key that it has taken.
    Otherwise an operator of the gateway decides.
    """

    async def submit(self, http: aiohttp.ClientSession, order: Order) -> SubmitAnswer: ...

    async def ask(self, http: aiohttp.ClientSession, order: Order) -> Status:
        """Ask for the outcome of `order.key`.

        Return PENDING when the answer will come to `order.status_url`.
        """
        ...

    def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> Status:
        """Read the body of a callback without raising.

        A body that is not understood becomes NO_ANSWER with its text kept.
        """
        ...


@dataclass(frozen=True, slots=True)
class Validation:
    """A provider's question before it sends: whether the gateway ordered this payment.

    The amount is in minor units.
    """

    msisdn: str
    amount_minor: int
    currency: str


@runtime_checkable
class Validates(Protocol):
    """A provider that asks the gateway before it sends, as a second lock against a stolen key."""

    def parse_validation(self, body: bytes) -> Validation | None:
        """Return the provider's question, or None when the body contains no readable question."""
        ...

    def answer_validation(self, *, ours: bool) -> bytes:
        """Return the answer as the provider expects it."""
        ...


@runtime_checkable
class TellsFloat(Protocol):
    """A provider that reports how much of the gateway's money it holds."""

    float_is_shared: bool
    """True when the float also pays for other things. Then it cannot be compared with the gateway's
    books.
    """

    async def float_minor(self, http: aiohttp.ClientSession) -> int | None:
        """Return the float in minor units, or None where the provider did not report it."""
        ...


@runtime_checkable
class AsksFloat(Protocol):
    """A provider that accepts a question about the float and reports it later (Daraja)."""

    async def ask_float(
        self, http: aiohttp.ClientSession, result_url: str, timeout_url: str
    ) -> SubmitAnswer:
        """Ask for the float.

        ACCEPTED means that the float will arrive at `result_url`, in a body that `parse_callback`
        reads.
        """
        ...


@runtime_checkable
class TellsName(Protocol):
    """A provider that reports the registered name of a phone number."""

    async def name_of(self, http: aiohttp.ClientSession, msisdn: str) -> str | None:
        """Return the registered name, or None where the provider did not report one."""
        ...


class TokenStore(Protocol):
    """The store in which all processes share their access tokens.

    They must share them, because Daraja makes each new token end the preceding one.
    """

    async def get(self, name: str) -> str | None: ...

    async def put(self, name: str, token: str, lives_s: int) -> None: ...

    async def drop(self, name: str, token: str) -> None:
        """Forget this token, which was refused, if it is still the stored one."""
        ...

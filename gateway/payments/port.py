"""What a payout provider must do.

One provider a file in `payments/providers/`; no automatic retries inside, ever.

The key is ours, stored before the first byte is sent. Only an answer to a question we asked (a
status query) decides about money; a callback that nobody asked for is a hint to go and ask.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

import aiohttp


class Submitted(StrEnum):
    """What a submit came to (PAYMENTS answer classes)."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"  # the operator knows this key already: treat as accepted, and ask
    REJECTED = "rejected"  # final: it will never be paid under this key
    NOT_SENT = "not_sent"  # certainly not taken: the same key may be sent again
    AMBIGUOUS = "ambiguous"  # nobody knows: ask, never re-send


class Found(StrEnum):
    """What a status answer says."""

    PAID = "paid"
    FAILED = "failed"
    PENDING = "pending"
    NOT_FOUND = "not_found"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Order:
    """One payout as handed to a provider.

    `key` is unique for ever. `amount_minor` must be whole payable units.

    `result_url`: where hints may go. `status_url`: where answers to our status queries go (its path
    is a secret only the operator is told). `timeout_url`: where the operator says that it gave up
    waiting (not: unpaid).
    """

    key: str
    msisdn: str
    amount_minor: int
    currency: str
    result_url: str
    status_url: str
    timeout_url: str
    reference: str = ""
    """The operator's own id of it, from its answer to the submit: what some must be asked by."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The immediate answer to a submit.

    `code` and `text` are the operator's own words, kept as evidence.
    """

    outcome: Submitted
    code: str = ""
    text: str = ""
    request_hash: str = ""
    pause_provider: bool = False
    """True when the trouble is ours or the operator's (credentials, float), not this worker's."""
    table: str = ""
    """The version of the provider's table of codes that judged, so that an old decision can be
    explained.
    """
    reference: str = ""
    """The operator's own id of the payment, where it gives one and is later asked, or calls back,
    by it.
    """


@dataclass(frozen=True, slots=True)
class Status:
    """A status answer, or a hint from a callback, in our words; amounts in minor units, None when not told.

    `key` is set only when the operator's own words tell it (or it was part of the question's path): a FAILED
    without the payout's key is the failure of something else, e.g. of the question itself.
    """

    found: Found
    key: str | None = None
    reference: str = ""
    """The operator's own id of the payment, where a callback names only that."""
    receipt: str | None = None
    amount_minor: int | None = None
    msisdn_tail: str | None = None
    fee_minor: int | None = None
    code: str = ""
    text: str = ""
    float_minor: int | None = None
    """What can be paid out of."""
    owed_minor: int = 0
    """Charges that the operator counts and has not taken out of `float_minor` yet."""
    pause_provider: bool = False
    table: str = ""
    generic: bool = False
    """FAILED, for a cause the operator does not name: believed only when still said half an hour
    after the send.
    """


class PayoutProvider(Protocol):
    """Made by the provider module's `make(name, options, tokens)`."""

    name: str
    minimum_minor: int
    maximum_minor: int
    dedups: bool
    """True when the operator surely refuses a second request with a key it has taken (else people
    decide).
    """

    async def submit(self, http: aiohttp.ClientSession, order: Order) -> Answer: ...

    async def ask(self, http: aiohttp.ClientSession, order: Order) -> Status:
        """Ask what became of `order.key`.

        PENDING when the answer will come to `order.status_url`.
        """
        ...

    def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> Status:
        """Read a callback body; never raises: what is not understood is NO_ANSWER with the text kept."""
        ...


@dataclass(frozen=True, slots=True)
class Validation:
    """An operator's question before it sends: did you order this? Amount in minor units."""

    msisdn: str
    amount_minor: int
    currency: str


@runtime_checkable
class Validates(Protocol):
    """A provider that asks us before it sends: a second lock against a stolen key."""

    def parse_validation(self, body: bytes) -> Validation | None:
        """None when the body asks nothing that can be read."""
        ...

    def answer_validation(self, *, ours: bool) -> bytes:
        """The answer, in the operator's words."""
        ...


@runtime_checkable
class TellsFloat(Protocol):
    """A provider that says how much money of ours it holds."""

    float_is_shared: bool
    """True when other things than payouts are paid out of it: it cannot be compared with our books.
    """

    async def float_minor(self, http: aiohttp.ClientSession) -> int | None:
        """In minor units of its currency; None where it did not say."""
        ...


@runtime_checkable
class AsksFloat(Protocol):
    """A provider that takes the question how much money of ours it holds, and tells it later (Daraja)."""

    async def ask_float(
        self, http: aiohttp.ClientSession, result_url: str, timeout_url: str
    ) -> Answer:
        """ACCEPTED: it will be told at `result_url`, in a body that `parse_callback` reads."""
        ...


@runtime_checkable
class TellsName(Protocol):
    """A provider that says whom a number is registered to."""

    async def name_of(self, http: aiohttp.ClientSession, msisdn: str) -> str | None:
        """None where it did not say."""
        ...


class TokenStore(Protocol):
    """Where access tokens are shared by all processes: Daraja makes each new token end the one before."""

    async def get(self, name: str) -> str | None: ...

    async def put(self, name: str, token: str, lives_s: int) -> None: ...

    async def drop(self, name: str, token: str) -> None:
        """Forget this token if it is still the stored one (it was refused)."""
        ...

"""The chart of accounts: which kinds there are, which transfers may join them, and the one place a posting is made.

One transfer is one row: a debit account, a credit account, one positive amount, so the books sum to zero by
construction. A balance is always credits minus debits, for every account: what we owe (clients, workers) is
positive, what we have (cash, float) or spent (charges) is negative. Pure: the store decides where the rows live
and enforces the same rules.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum, unique
from uuid import UUID

from gateway.bounds import AMOUNT_MAX_MINOR
from gateway.errors import Refused
from gateway.ids import derived_id
from gateway.money import MINOR_DIGITS, amount_text


class Side(StrEnum):
    """On which side an account's balance normally stands."""

    CREDIT = "credit"  # what we owe or earned: the balance is zero or above
    DEBIT = "debit"  # what we have or spent: the balance is zero or below


@unique
class AccountKind(StrEnum):
    CLIENT_CASH = "client_cash"
    CLIENT_AVAILABLE = "client_available"
    BATCH_HOLD = "batch_hold"
    WORKER_PAYABLE = "worker_payable"
    PAYOUT_IN_TRANSIT = "payout_in_transit"
    PROVIDER_FLOAT = "provider_float"
    PROVIDER_CHARGES = "provider_charges"
    FEE_INCOME = "fee_income"
    FEE_EXPENSE = "fee_expense"
    TAX_WITHHELD = "tax_withheld"
    WORKER_OVERPAID = "worker_overpaid"
    SUSPENSE = "suspense"

    @property
    def side(self) -> Side:
        return CHART[self].side

    @property
    def bounded(self) -> bool:
        """True when the database keeps this balance stored and refuses to let it fall below zero."""
        return CHART[self].bounded


@dataclass(frozen=True, slots=True)
class Kind:
    """`owner` says whose id the account carries; `house` accounts are one per currency, with owner ''."""

    side: Side
    bounded: bool
    owner: str


CHART: Mapping[AccountKind, Kind] = {
    AccountKind.CLIENT_CASH: Kind(Side.DEBIT, bounded=False, owner="house"),
    AccountKind.CLIENT_AVAILABLE: Kind(Side.CREDIT, bounded=True, owner="client"),
    # Not bounded, so that no row is locked per answer: finite answer slots guard it instead.
    AccountKind.BATCH_HOLD: Kind(Side.CREDIT, bounded=False, owner="batch"),
    AccountKind.WORKER_PAYABLE: Kind(Side.CREDIT, bounded=True, owner="worker"),
    # One control account; it must equal the sum of open payouts at every commit.
    AccountKind.PAYOUT_IN_TRANSIT: Kind(Side.CREDIT, bounded=False, owner="house"),
    AccountKind.PROVIDER_FLOAT: Kind(Side.DEBIT, bounded=False, owner="provider"),
    AccountKind.PROVIDER_CHARGES: Kind(Side.CREDIT, bounded=False, owner="provider"),
    AccountKind.FEE_INCOME: Kind(Side.CREDIT, bounded=False, owner="house"),
    AccountKind.FEE_EXPENSE: Kind(Side.DEBIT, bounded=False, owner="house"),
    AccountKind.TAX_WITHHELD: Kind(Side.CREDIT, bounded=False, owner="country"),
    AccountKind.WORKER_OVERPAID: Kind(Side.DEBIT, bounded=False, owner="worker"),
    # Owner = why it waits: unmatched_in, unmatched_out, reversal.
    AccountKind.SUSPENSE: Kind(Side.CREDIT, bounded=False, owner="reason"),
}


@unique
class Code(IntEnum):
    """What a transfer is for. The numbers are stored: never change one, never use one again."""

    TOP_UP = 1
    RESERVE = 2
    EARN = 3
    PLATFORM_FEE = 4
    BONUS = 5
    CORRECT_DOWN = 6
    RELEASE = 7
    HOLD = 10
    TAX = 11
    WORKER_FEE = 12
    SETTLE = 13
    CHARGE = 14
    PAYOUT_FAILED = 15
    LATE_PAID = 16
    LATE_OVERPAID = 17
    REVERSED = 18
    FLOAT_TOP_UP = 20
    UNMATCHED_OUT = 21
    REVERSAL_BACK = 22
    REVERSAL_KEPT = 23
    MATCHED_SINCE = 24
    FLOAT_OUT = 25
    CHARGE_MORE = 26
    CHARGE_BACK = 27
    TAX_BACK = 28
    LATE_TAX = 29
    LATE_TAX_OVERPAID = 30
    REVERSAL_TAX = 31
    FEE_BACK = 32
    TAX_PAID = 33


_K = AccountKind
MATRIX: Mapping[Code, tuple[AccountKind, AccountKind]] = {
    # Debit first, credit second: money moves from the first to the second.
    Code.TOP_UP: (_K.CLIENT_CASH, _K.CLIENT_AVAILABLE),
    Code.RESERVE: (_K.CLIENT_AVAILABLE, _K.BATCH_HOLD),
    Code.EARN: (_K.BATCH_HOLD, _K.WORKER_PAYABLE),
    Code.PLATFORM_FEE: (_K.BATCH_HOLD, _K.FEE_INCOME),
    Code.BONUS: (_K.BATCH_HOLD, _K.WORKER_PAYABLE),
    Code.CORRECT_DOWN: (_K.WORKER_PAYABLE, _K.BATCH_HOLD),
    Code.RELEASE: (_K.BATCH_HOLD, _K.CLIENT_AVAILABLE),
    Code.HOLD: (_K.WORKER_PAYABLE, _K.PAYOUT_IN_TRANSIT),
    # From her own account, so that it shows her what became of each shilling; in transit is what
    # the operator is to pay.
    Code.TAX: (_K.WORKER_PAYABLE, _K.TAX_WITHHELD),
    Code.TAX_BACK: (_K.TAX_WITHHELD, _K.WORKER_PAYABLE),
    Code.LATE_TAX: (_K.WORKER_PAYABLE, _K.TAX_WITHHELD),
    Code.LATE_TAX_OVERPAID: (_K.WORKER_OVERPAID, _K.TAX_WITHHELD),
    Code.REVERSAL_TAX: (_K.TAX_WITHHELD, _K.WORKER_PAYABLE),
    Code.TAX_PAID: (_K.TAX_WITHHELD, _K.CLIENT_CASH),
    Code.WORKER_FEE: (_K.WORKER_PAYABLE, _K.PROVIDER_CHARGES),
    Code.FEE_BACK: (_K.PROVIDER_CHARGES, _K.WORKER_PAYABLE),
    Code.SETTLE: (_K.PAYOUT_IN_TRANSIT, _K.PROVIDER_FLOAT),
    Code.CHARGE: (_K.FEE_EXPENSE, _K.PROVIDER_FLOAT),
    Code.PAYOUT_FAILED: (_K.PAYOUT_IN_TRANSIT, _K.WORKER_PAYABLE),
    Code.LATE_PAID: (_K.WORKER_PAYABLE, _K.PROVIDER_FLOAT),
    Code.LATE_OVERPAID: (_K.WORKER_OVERPAID, _K.PROVIDER_FLOAT),
    Code.REVERSED: (_K.PROVIDER_FLOAT, _K.SUSPENSE),
    Code.FLOAT_TOP_UP: (_K.PROVIDER_FLOAT, _K.CLIENT_CASH),
    Code.UNMATCHED_OUT: (_K.SUSPENSE, _K.PROVIDER_FLOAT),
    Code.FLOAT_OUT: (_K.CLIENT_CASH, _K.PROVIDER_FLOAT),
    Code.CHARGE_MORE: (_K.FEE_EXPENSE, _K.PROVIDER_FLOAT),
    Code.CHARGE_BACK: (_K.PROVIDER_FLOAT, _K.FEE_EXPENSE),
    Code.MATCHED_SINCE: (_K.PROVIDER_FLOAT, _K.SUSPENSE),
    Code.REVERSAL_BACK: (_K.SUSPENSE, _K.WORKER_PAYABLE),
    Code.REVERSAL_KEPT: (_K.SUSPENSE, _K.FEE_INCOME),
}


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """The natural key of an account. `owner` is the owner's id as text, '' for the house's own."""

    kind: AccountKind
    owner: str
    currency: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.owner}:{self.currency}"


@dataclass(frozen=True, slots=True)
class Posting:
    """One transfer row. `cause` is what its id derives from: `gateway ledger trace` reads it."""

    id: UUID
    code: Code
    debit: Account
    credit: Account
    amount_minor: int
    cause: str

    @property
    def currency(self) -> str:
        return self.debit.currency


def balances(postings: Iterable[Posting]) -> dict[Account, int]:
    """Every touched account's balance (credits - debits), a repeated id counted once.

    >>> cash = posting(Code.TOP_UP, ("c", "bank1"), "", "c", 500, "KES")
    >>> sum(balances([cash, cash]).values()), balances([cash, cash])[cash.credit]
    (0, 500)
    """
    found: dict[Account, int] = {}
    for p in {p.id: p for p in postings}.values():
        found[p.debit] = found.get(p.debit, 0) - p.amount_minor
        found[p.credit] = found.get(p.credit, 0) + p.amount_minor
    return found


def posting(
    code: Code,
    cause: tuple[object, ...],
    debit_owner: str,
    credit_owner: str,
    amount_minor: int,
    currency: str,
) -> Posting:
    """Make a posting; nothing else does. Raises Refused for an amount that cannot be booked."""
    if currency not in MINOR_DIGITS:
        raise Refused(f"unknown currency {currency!r}", field="currency")
    if not 0 < amount_minor <= AMOUNT_MAX_MINOR:
        raise Refused(
            f"{amount_text(amount_minor, currency)} cannot be booked as {code.name}: an amount is above zero and at "
            f"most {amount_text(AMOUNT_MAX_MINOR, currency)}",
            field="amount",
        )
    debit, credit = MATRIX[code]
    parts = (code.name.lower(), *cause)
    return Posting(
        id=derived_id(*parts),
        code=code,
        debit=Account(debit, debit_owner, currency),
        credit=Account(credit, credit_owner, currency),
        amount_minor=amount_minor,
        cause=":".join(str(part) for part in parts),
    )

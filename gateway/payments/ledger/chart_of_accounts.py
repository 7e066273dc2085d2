"""The chart of accounts: the kinds of account, the allowed transfers, and the maker of postings.

One transfer is one row with a debit account, a credit account and one positive amount. So the books
sum to zero by construction. The balance of every account is credits minus debits. It is positive
for what the gateway owes (clients, workers). It is negative for what the gateway has (cash, float)
or spent (charges). Pure: the store decides where the rows live and enforces the same rules.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum, unique
from uuid import UUID

from gateway.base.bounds import AMOUNT_MAX_MINOR
from gateway.base.errors import Refused
from gateway.base.ids import derived_id
from gateway.base.money import MINOR_DIGITS, amount_text


class BalanceSide(StrEnum):
    """The side on which an account's balance normally stands."""

    CREDIT = "credit"  # The gateway owes or earned it: the balance is zero or above.
    DEBIT = "debit"  # The gateway has or spent it: the balance is zero or below.


@unique
class AccountKind(StrEnum):
    """The kind of an account in the ledger."""

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
    PARTNER_PAYABLE = "partner_payable"
    REINVEST_DUE = "reinvest_due"

    @property
    def side(self) -> BalanceSide:
        return CHART[self].side

    @property
    def bounded(self) -> bool:
        """Return True when the database keeps this balance from falling below zero.

        The database then stores the balance.
        """
        return CHART[self].bounded


@dataclass(frozen=True, slots=True)
class AccountProperties:
    """The properties of a kind of account.

    `owner` says what the id in an account's `owner` identifies. The gateway has one `house` account
    per currency, with the owner ''.
    """

    side: BalanceSide
    bounded: bool
    owner: str


CHART: Mapping[AccountKind, AccountProperties] = {
    AccountKind.CLIENT_CASH: AccountProperties(BalanceSide.DEBIT, bounded=False, owner="house"),
    AccountKind.CLIENT_AVAILABLE: AccountProperties(
        BalanceSide.CREDIT, bounded=True, owner="client"
    ),
    # This account is not bounded, so that an answer locks no row. The finite number of paid answers
    # per task guards it instead.
    AccountKind.BATCH_HOLD: AccountProperties(BalanceSide.CREDIT, bounded=False, owner="batch"),
    AccountKind.WORKER_PAYABLE: AccountProperties(BalanceSide.CREDIT, bounded=True, owner="worker"),
    # This is one control account. It must equal the sum of the open payouts at every commit.
    AccountKind.PAYOUT_IN_TRANSIT: AccountProperties(
        BalanceSide.CREDIT, bounded=False, owner="house"
    ),
    AccountKind.PROVIDER_FLOAT: AccountProperties(
        BalanceSide.DEBIT, bounded=False, owner="provider"
    ),
    AccountKind.PROVIDER_CHARGES: AccountProperties(
        BalanceSide.CREDIT, bounded=False, owner="provider"
    ),
    AccountKind.FEE_INCOME: AccountProperties(BalanceSide.CREDIT, bounded=False, owner="house"),
    AccountKind.FEE_EXPENSE: AccountProperties(BalanceSide.DEBIT, bounded=False, owner="house"),
    AccountKind.TAX_WITHHELD: AccountProperties(BalanceSide.CREDIT, bounded=False, owner="country"),
    AccountKind.WORKER_OVERPAID: AccountProperties(
        BalanceSide.DEBIT, bounded=False, owner="worker"
    ),
    # The owner is the reason why the money waits: unmatched_in, unmatched_out or reversal.
    AccountKind.SUSPENSE: AccountProperties(BalanceSide.CREDIT, bounded=False, owner="reason"),
    # Both accounts of a partner are not bounded, so that the answers of its workers lock no common
    # row. Whatever takes money from them locks the partner's row first and reads the balance.
    AccountKind.PARTNER_PAYABLE: AccountProperties(
        BalanceSide.CREDIT, bounded=False, owner="partner"
    ),
    AccountKind.REINVEST_DUE: AccountProperties(BalanceSide.CREDIT, bounded=False, owner="partner"),
}


@unique
class Code(IntEnum):
    """The purpose of a transfer.

    The numbers are stored. Never change a number, and never use one again.
    """

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
    SMS_REFUND = 50
    FLOOR_TOP_UP = 51
    BONUS_RESERVE = 52
    CLIENT_BONUS = 53
    REFERRAL = 54
    PARTNER_EARN = 40
    PARTNER_REINVEST = 41
    REINVEST_RELEASED = 42
    PARTNER_PAID = 43
    PARTNER_PAID_OUT = 44
    PARTNER_CORRECTED = 45
    REINVEST_CORRECTED = 46
    CHECK_RESERVE = 60
    CHECK_RETURN = 61
    PAID_BEFORE = 70
    PAID_BEFORE_UNEARNED = 71


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
    # Taxes leave the worker's own account, so that her statement shows the use of every shilling.
    # The account of payouts in transit holds only what the provider is to pay.
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
    # Money for paid reviews and audits of a batch is set aside in accounts of their own.
    Code.CHECK_RESERVE: (_K.BATCH_HOLD, _K.BATCH_HOLD),
    Code.CHECK_RETURN: (_K.BATCH_HOLD, _K.BATCH_HOLD),
    # The gateway pays for SMS and referrals. A client pays for top-ups and bonuses. A bonus goes
    # through the batch's hold, because no transfer has two bounded sides.
    Code.SMS_REFUND: (_K.FEE_EXPENSE, _K.WORKER_PAYABLE),
    Code.FLOOR_TOP_UP: (_K.BATCH_HOLD, _K.WORKER_PAYABLE),
    Code.BONUS_RESERVE: (_K.CLIENT_AVAILABLE, _K.BATCH_HOLD),
    Code.CLIENT_BONUS: (_K.BATCH_HOLD, _K.WORKER_PAYABLE),
    Code.REFERRAL: (_K.FEE_EXPENSE, _K.WORKER_PAYABLE),
    # A partner's price is split: one part may be invoiced at once, and the other one when the
    # partner has shown what it reinvested.
    Code.PARTNER_EARN: (_K.BATCH_HOLD, _K.PARTNER_PAYABLE),
    Code.PARTNER_REINVEST: (_K.BATCH_HOLD, _K.REINVEST_DUE),
    Code.REINVEST_RELEASED: (_K.REINVEST_DUE, _K.PARTNER_PAYABLE),
    Code.PARTNER_PAID: (_K.PARTNER_PAYABLE, _K.CLIENT_CASH),
    # The provider's statement books the same money as UNMATCHED_OUT, before or afterwards.
    Code.PARTNER_PAID_OUT: (_K.PARTNER_PAYABLE, _K.SUSPENSE),
    Code.PARTNER_CORRECTED: (_K.PARTNER_PAYABLE, _K.BATCH_HOLD),
    Code.REINVEST_CORRECTED: (_K.REINVEST_DUE, _K.BATCH_HOLD),
    # The gateway that made the backup paid a worker later. Her balance bears it as far as the
    # backup knows her earnings, and the gateway bears the rest.
    Code.PAID_BEFORE: (_K.WORKER_PAYABLE, _K.SUSPENSE),
    Code.PAID_BEFORE_UNEARNED: (_K.FEE_EXPENSE, _K.SUSPENSE),
}


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """The natural key of an account.

    `owner` is the owner's id as text, and '' for the gateway's own accounts.
    """

    kind: AccountKind
    owner: str
    currency: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.owner}:{self.currency}"


@dataclass(frozen=True, slots=True)
class Posting:
    """A transfer before it is written.

    `id` derives from `cause`, which `gateway ledger trace` reads.
    """

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
    """Return the balance (credits minus debits) of every touched account.

    A posting whose id occurs twice is counted once.

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
    """Make a posting. No other function makes one.

    Raises Refused for an unknown currency and for an amount that cannot be booked.
    """
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

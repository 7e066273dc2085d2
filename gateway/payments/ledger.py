"""The ledger's rules: which accounts there are, which transfers may join them, and the id each cause gives.

One transfer is one row: a debit account, a credit account, one positive amount, so the books sum to zero by
construction. A balance is always credits minus debits, for every account: what we owe (clients, workers) is
positive, what we have (cash, float) or spent (charges) is negative. Ids derive from the cause: writing a
posting twice is writing it once. Pure: the store decides where the rows live and enforces the same rules.

>>> p = earn(AssignmentId(7), BatchId("b_1"), WorkerId(42), 300, "KES")
>>> str(p.debit), str(p.credit), p.amount_minor, p.code.name
('batch_hold:b_1:KES', 'worker_payable:42:KES', 300, 'EARN')
>>> p.id == earn(AssignmentId(7), BatchId("b_1"), WorkerId(42), 300, "KES").id
True
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum, unique
from uuid import UUID

from gateway.ids import AssignmentId, BatchId, ClientId, PayoutId, WorkerId, derived_id
from gateway.money import MINOR_DIGITS

# bigint's room minus a wide margin: nobody in this trade moves a hundred billion major units in one row.
AMOUNT_MAX_MINOR = 10**13


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
    # From her own account, so that it shows her what became of each shilling; in transit is what the operator is to pay.
    Code.TAX: (_K.WORKER_PAYABLE, _K.TAX_WITHHELD),
    Code.TAX_BACK: (_K.TAX_WITHHELD, _K.WORKER_PAYABLE),
    Code.LATE_TAX: (_K.WORKER_PAYABLE, _K.TAX_WITHHELD),
    Code.LATE_TAX_OVERPAID: (_K.WORKER_OVERPAID, _K.TAX_WITHHELD),
    Code.REVERSAL_TAX: (_K.TAX_WITHHELD, _K.WORKER_PAYABLE),
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

    >>> sum(balances([top_up(ClientId("c"), "bank1", 500, "KES")]).values())
    0
    """
    found: dict[Account, int] = {}
    for p in {p.id: p for p in postings}.values():
        found[p.debit] = found.get(p.debit, 0) - p.amount_minor
        found[p.credit] = found.get(p.credit, 0) + p.amount_minor
    return found


def top_up(client: ClientId, bank_ref: str, amount_minor: int, currency: str) -> Posting:
    """A client's money arrived; the same bank reference counts once."""
    return _posting(Code.TOP_UP, (client, bank_ref), "", client, amount_minor, currency)


def reserve(
    client: ClientId, batch: BatchId, amount_minor: int, currency: str, *, nth: int = 1
) -> Posting:
    """Set aside what the batch may cost; `nth` counts later extensions (more slots, more overlap)."""
    return _posting(Code.RESERVE, (batch, nth), client, batch, amount_minor, currency)


def earn(
    assignment: AssignmentId, batch: BatchId, worker: WorkerId, amount_minor: int, currency: str
) -> Posting:
    """An accepted answer, once per assignment."""
    return _posting(Code.EARN, (assignment,), batch, str(worker), amount_minor, currency)


def fee(assignment: AssignmentId, batch: BatchId, amount_minor: int, currency: str) -> Posting:
    """The platform's fee on an accepted answer."""
    return _posting(Code.PLATFORM_FEE, (assignment,), batch, "", amount_minor, currency)


def bonus(
    decision: str, batch: BatchId, worker: WorkerId, amount_minor: int, currency: str
) -> Posting:
    """More money for a worker after a decision (bonus, appeal upheld)."""
    return _posting(Code.BONUS, (decision,), batch, str(worker), amount_minor, currency)


def correct_down(
    decision: str, batch: BatchId, worker: WorkerId, amount_minor: int, currency: str
) -> Posting:
    """Less of what is still unpaid: the bounded account makes taking paid money impossible."""
    return _posting(Code.CORRECT_DOWN, (decision,), str(worker), batch, amount_minor, currency)


def release(
    batch: BatchId, client: ClientId, amount_minor: int, currency: str, *, nth: int = 1
) -> Posting:
    """What a closed batch did not use goes back; `nth` counts partial releases."""
    return _posting(Code.RELEASE, (batch, nth), batch, client, amount_minor, currency)


def hold(payout: PayoutId, worker: WorkerId, amount_minor: int, currency: str) -> Posting:
    """The worker asked for money: it leaves the balance and is on its way."""
    return _posting(Code.HOLD, (payout,), str(worker), "", amount_minor, currency)


def tax(
    payout: PayoutId, worker: WorkerId, country: str, name: str, amount_minor: int, currency: str
) -> Posting:
    """A tax withheld with a payout: owed to the country's authority from now on. One per payout and tax."""
    return _posting(Code.TAX, (payout, name), str(worker), country, amount_minor, currency)


def tax_back(
    payout: PayoutId, worker: WorkerId, country: str, name: str, amount_minor: int, currency: str
) -> Posting:
    """The payout certainly was not paid, so nothing of it is taxed."""
    return _posting(Code.TAX_BACK, (payout, name), country, str(worker), amount_minor, currency)


def reversal_tax(
    payout: PayoutId, worker: WorkerId, country: str, name: str, amount_minor: int, currency: str
) -> Posting:
    """The payout was taken back by the operator and is the worker's again: so is its tax."""
    return _posting(Code.REVERSAL_TAX, (payout, name), country, str(worker), amount_minor, currency)


def late_tax(
    payout: PayoutId,
    worker: WorkerId,
    country: str,
    name: str,
    amount_minor: int,
    currency: str,
    *,
    balance_minor: int,
) -> tuple[Posting, ...]:
    """The tax of a payout we gave back and that was paid after all: as `late_paid`."""
    from_her_minor = max(0, min(amount_minor, balance_minor))
    whole = (
        (Code.LATE_TAX, from_her_minor),
        (Code.LATE_TAX_OVERPAID, amount_minor - from_her_minor),
    )
    return tuple(
        _posting(code, (payout, name), str(worker), country, part_minor, currency)
        for code, part_minor in whole
        if part_minor
    )


def worker_fee(
    payout: PayoutId, worker: WorkerId, provider: str, amount_minor: int, currency: str
) -> Posting:
    """The operator's charge, where the worker bears it."""
    return _posting(Code.WORKER_FEE, (payout,), str(worker), provider, amount_minor, currency)


def fee_back(
    payout: PayoutId, worker: WorkerId, provider: str, amount_minor: int, currency: str
) -> Posting:
    """The payout was not paid, or taken back: she bears no fee for it. Once per payout."""
    return _posting(Code.FEE_BACK, (payout,), provider, str(worker), amount_minor, currency)


def settle(payout: PayoutId, provider: str, amount_minor: int, currency: str) -> Posting:
    """The operator paid. One per payout for ever: the id knows no receipt and no attempt."""
    return _posting(Code.SETTLE, (payout,), "", provider, amount_minor, currency)


def charge(payout: PayoutId, provider: str, amount_minor: int, currency: str) -> Posting:
    """The operator's charge that we bear, once per payout."""
    return _posting(Code.CHARGE, (payout,), "", provider, amount_minor, currency)


def payout_failed(payout: PayoutId, worker: WorkerId, amount_minor: int, currency: str) -> Posting:
    """The operator certainly did not pay: the money is back in the worker's balance."""
    return _posting(Code.PAYOUT_FAILED, (payout,), "", str(worker), amount_minor, currency)


def late_paid(
    payout: PayoutId,
    worker: WorkerId,
    provider: str,
    amount_minor: int,
    currency: str,
    *,
    balance_minor: int,
) -> tuple[Posting, ...]:
    """A payout we gave back was paid after all: from what the worker still has, the rest as overpaid."""
    back_minor = max(0, min(amount_minor, balance_minor))
    whole = (
        (Code.LATE_PAID, back_minor),
        (Code.LATE_OVERPAID, amount_minor - back_minor),
    )
    return tuple(
        _posting(code, (payout,), str(worker), provider, part_minor, currency)
        for code, part_minor in whole
        if part_minor
    )


def reversed_by_operator(
    payout: PayoutId, provider: str, amount_minor: int, currency: str
) -> Posting:
    """The operator took a paid payout back: two people decide what becomes of it."""
    return _posting(Code.REVERSED, (payout,), provider, "reversal", amount_minor, currency)


def reversal_back(payout: PayoutId, worker: WorkerId, amount_minor: int, currency: str) -> Posting:
    """Two people have decided: what the operator took back is the worker's, and may be asked for again."""
    return _posting(Code.REVERSAL_BACK, (payout,), "reversal", str(worker), amount_minor, currency)


def reversal_kept(payout: PayoutId, amount_minor: int, currency: str) -> Posting:
    """Two people have decided: the worker has her money by another way, so what came back is the house's."""
    return _posting(Code.REVERSAL_KEPT, (payout,), "reversal", "", amount_minor, currency)


def float_top_up(provider: str, transfer_ref: str, amount_minor: int, currency: str) -> Posting:
    """Cash moved to where the operator pays from."""
    return _posting(
        Code.FLOAT_TOP_UP, (provider, transfer_ref), provider, "", amount_minor, currency
    )


def float_out(provider: str, transfer_ref: str, amount_minor: int, currency: str) -> Posting:
    """Cash moved back from where the operator pays from."""
    return _posting(Code.FLOAT_OUT, (provider, transfer_ref), "", provider, amount_minor, currency)


def charge_by_statement(
    payout: PayoutId, provider: str, booked_minor: int, amount_minor: int, currency: str
) -> tuple[Posting, ...]:
    """What the statement's fee differs from the charge that was booked, once per payout."""
    more_minor = amount_minor - booked_minor
    if more_minor > 0:
        return (_posting(Code.CHARGE_MORE, (payout,), "", provider, more_minor, currency),)
    if more_minor < 0:
        return (_posting(Code.CHARGE_BACK, (payout,), provider, "", -more_minor, currency),)
    return ()


def charge_of_nobody(provider: str, receipt: str, amount_minor: int, currency: str) -> Posting:
    """A fee on a statement for no payout of ours."""
    return _posting(Code.CHARGE_MORE, (provider, receipt), "", provider, amount_minor, currency)


def unmatched_out(provider: str, receipt: str, amount_minor: int, currency: str) -> Posting:
    """A statement shows money that left for no payout of ours; one per receipt."""
    return _posting(
        Code.UNMATCHED_OUT, (provider, receipt), "unmatched_out", provider, amount_minor, currency
    )


def matched_since(provider: str, receipt: str, amount_minor: int, currency: str) -> Posting:
    """What `unmatched_out` booked turned out to be a payout of ours, which is settled by itself."""
    return _posting(
        Code.MATCHED_SINCE, (provider, receipt), provider, "unmatched_out", amount_minor, currency
    )


def _posting(
    code: Code,
    cause: tuple[object, ...],
    debit_owner: str,
    credit_owner: str,
    amount_minor: int,
    currency: str,
) -> Posting:
    """The only place a posting is made."""
    assert 0 < amount_minor <= AMOUNT_MAX_MINOR, f"{code.name} of {amount_minor} minor units"
    assert currency in MINOR_DIGITS, f"unknown currency {currency!r}"
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

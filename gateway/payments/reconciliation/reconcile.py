"""The comparison of a provider's statement with the gateway's payouts. Pure.

Every line and every payout is matched or becomes a finding. A line is matched by its receipt, else
by the payout's key where the statement names it. Else it is matched by the whole number, amount and
time, where they belong to one payout only. A number with hidden digits matches nothing by itself:
an operator of the gateway decides which payout it is. Nothing is guessed beyond that, and nothing
disappears. Amounts are in minor units.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Protocol, runtime_checkable
from uuid import UUID

from gateway.base.tabular import Source
from gateway.payments.states import PayoutState

NEAR = timedelta(minutes=30)
# The number of last digits that are compared: 0712345678 and +254712345678 have them in common.
_DIGITS = 9
_HIDDEN = "*"


@unique
class LineKind(StrEnum):
    """The kind of a movement on a statement."""

    PAYMENT = "payment"
    FEE = "fee"  # The fee of the payment with the same receipt.
    REVERSAL = "reversal"  # The reversal of the payment whose receipt is `of`.
    TOP_UP = "top_up"
    WITHDRAWAL = "withdrawal"  # Float that the gateway's operator moved away, to no worker.


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A line of a statement.

    `number` has the printed digits, with `*` for each hidden one. It is "" where there is none.
    `balance_minor` is what the account held after the line, and None where the statement omits it.
    """

    kind: LineKind
    receipt: str
    amount_minor: int
    at: datetime | None = None
    number: str = ""
    key: str = ""
    of: str = ""
    balance_minor: int | None = None


@dataclass(frozen=True, slots=True)
class GatewayPayout:
    """A payout of the gateway.

    `number` is the whole number. `fee_minor` is the provider's charge as booked, and None when the
    provider never told it.
    """

    id: UUID
    key: str
    state: PayoutState
    amount_minor: int
    number: str
    receipt: str | None = None
    fee_minor: int | None = None
    sent_at: datetime | None = None


@unique
class DifferenceKind(StrEnum):
    # Money left without a record: alarm the operator of the gateway at once.
    """The kind of a difference between a statement and the gateway's books."""

    MISSING_HERE = "missing_here"
    # It may be this payout. Its number has hidden digits, so an operator of the gateway decides, or
    # the provider when it is asked.
    UNSURE = "unsure"
    MISSING_THERE = "missing_there"  # Only the gateway's books say that it was paid.
    PAID_OPEN_HERE = "paid_open_here"
    PAID_FAILED_HERE = "paid_failed_here"
    AMOUNT_DIFFERS = "amount_differs"
    NUMBER_DIFFERS = "number_differs"
    FEE_DIFFERS = "fee_differs"
    DUPLICATE_LINE = "duplicate_line"
    SECOND_RECEIPT = "second_receipt"  # There are two payments for one payout.
    REVERSED = "reversed"
    BALANCE = "balance"  # The provider's balances and the movements between them do not add up.
    # The opening balance is not the closing balance of the preceding statement: one is missing.
    GAP = "gap"


SETTLED_BY_STATEMENT = frozenset(
    {DifferenceKind.PAID_OPEN_HERE, DifferenceKind.PAID_FAILED_HERE, DifferenceKind.REVERSED}
)
"""The kinds that the statement decides, through the state machine. The others wait for an
explanation by an operator of the gateway.
"""
STOPS = (
    frozenset(DifferenceKind)
    - SETTLED_BY_STATEMENT
    - {DifferenceKind.FEE_DIFFERS, DifferenceKind.DUPLICATE_LINE}
)
"""The kinds that stop all sending through the provider until they are explained."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference between a provider's statement and the gateway's payouts.

    `amount_minor` is the amount in the statement, and 0 for a payout that the statement lacks.
    `expected_minor` is the payout's amount in the books (for `FEE_DIFFERS`, its fee). It is None
    where no amount is compared.
    """

    kind: DifferenceKind
    receipt: str
    amount_minor: int
    expected_minor: int | None = None
    payout: UUID | None = None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The result of a reconciliation.

    `matches` is the payout of each payment line, by receipt, where it is certain.
    """

    matched: int
    findings: tuple[Difference, ...]
    matches: Mapping[str, UUID]


@runtime_checkable
class TellsByStatement(Protocol):
    """A provider whose statement the gateway can read."""

    statement_currency: str

    def read_statement(self, source: Source) -> list[StatementLine]:
        """Return the lines in the file's order.

        Raises Refused with the row that cannot be read.
        """
        ...


def reconcile(ours: Sequence[GatewayPayout], lines: Sequence[StatementLine]) -> Reconciled:
    """Compare the payouts with the lines of a statement.

    `ours` holds the payouts of the statement's time, also open and failed ones.
    """
    lines, findings = _without_duplicates(lines)
    books = _Books(ours)
    fees = {line.receipt: line for line in lines if line.kind is LineKind.FEE}
    matched, matches = 0, dict[str, UUID]()
    for line in lines:
        if line.kind is LineKind.PAYMENT:
            payout = books.match(line)
            if payout is None and (perhaps := books.perhaps(line)):
                one = perhaps[0] if len(perhaps) == 1 else None
                findings.append(
                    Difference(
                        DifferenceKind.UNSURE,
                        line.receipt,
                        line.amount_minor,
                        None,
                        one.id if one else None,
                    )
                )
                continue
            if payout is not None:
                matches[line.receipt] = payout.id
            found = _payment(line, payout, fees.get(line.receipt), second=books.is_second(payout))
            findings += found
            matched += not found
        elif line.kind is LineKind.REVERSAL:
            payout = books.by_receipt.get(line.of)
            if payout is None:
                findings.append(
                    Difference(DifferenceKind.MISSING_HERE, line.receipt, line.amount_minor)
                )
            elif payout.state is not PayoutState.REVERSED:
                findings.append(
                    Difference(DifferenceKind.REVERSED, line.of, line.amount_minor, None, payout.id)
                )
    first, last = _span(lines)
    findings += [
        Difference(DifferenceKind.MISSING_THERE, p.receipt or "", 0, p.amount_minor, p.id)
        for p in ours
        if p.state in (PayoutState.PAID, PayoutState.LATE_PAID)
        and not books.times[p.id]
        and (first is None or p.sent_at is None or (last and first <= p.sent_at <= last - NEAR))
    ]
    return Reconciled(matched, tuple(findings), matches)


class _Books:
    """The gateway's payouts, found by receipt, by key, or by number and amount."""

    def __init__(self, ours: Iterable[GatewayPayout]) -> None:
        self.by_receipt: dict[str, GatewayPayout] = {}
        self.times: Counter[UUID] = Counter()
        """Payment lines seen of each payout."""
        self._by_key: dict[str, GatewayPayout] = {}
        self._alike: defaultdict[tuple[str, int], list[GatewayPayout]] = defaultdict(list)
        self._of_amount: defaultdict[int, list[GatewayPayout]] = defaultdict(list)
        for p in ours:
            self._by_key[_plain(p.key)] = p
            if p.receipt:
                self.by_receipt[p.receipt] = p
            else:
                self._alike[p.number[-_DIGITS:], p.amount_minor].append(p)
                self._of_amount[p.amount_minor].append(p)

    def match(self, line: StatementLine) -> GatewayPayout | None:
        found = self.by_receipt.get(line.receipt) or self._by_key.get(_plain(line.key))
        if found is None and not line.key and _is_whole(line.number):
            alike = self._open(self._alike[line.number[-_DIGITS:], line.amount_minor], line)
            found = alike[0] if len(alike) == 1 else None
        if found is not None:
            self.times[found.id] += 1
        return found

    def perhaps(self, line: StatementLine) -> list[GatewayPayout]:
        """Return the payouts whose number has the visible digits of a number with hidden ones.

        Return none for a line that names a key or a whole number.
        """
        if line.key or not line.number or _is_whole(line.number):
            return []
        shown = self._open(self._of_amount[line.amount_minor], line)
        return [p for p in shown if _fits(line.number, p.number)]

    def _open(self, payouts: Sequence[GatewayPayout], line: StatementLine) -> list[GatewayPayout]:
        return [p for p in payouts if not self.times[p.id] and _near(p.sent_at, line.at)]

    def is_second(self, payout: GatewayPayout | None) -> bool:
        return payout is not None and self.times[payout.id] > 1


def _payment(
    line: StatementLine, p: GatewayPayout | None, fee: StatementLine | None, *, second: bool
) -> list[Difference]:
    def finding(kind: DifferenceKind, expected_minor: int | None = None) -> Difference:
        return Difference(
            kind, line.receipt, line.amount_minor, expected_minor, p.id if p else None
        )

    if p is None:
        return [finding(DifferenceKind.MISSING_HERE)]
    # The gravest comes first: one finding per line is enough.
    so = {
        DifferenceKind.SECOND_RECEIPT: second or not _same_receipt(p, line),
        DifferenceKind.AMOUNT_DIFFERS: p.amount_minor != line.amount_minor,
        DifferenceKind.NUMBER_DIFFERS: not _fits(line.number, p.number),
        DifferenceKind.PAID_OPEN_HERE: p.state.open,
        DifferenceKind.PAID_FAILED_HERE: p.state in (PayoutState.FAILED, PayoutState.CANCELLED),
    }
    worst = next((kind for kind, is_so in so.items() if is_so), None)
    if worst is not None:
        return [finding(worst, p.amount_minor)]
    if p.fee_minor is not None and fee is not None and fee.amount_minor != p.fee_minor:
        return [
            Difference(
                DifferenceKind.FEE_DIFFERS, line.receipt, fee.amount_minor, p.fee_minor, p.id
            )
        ]
    return []


def _same_receipt(p: GatewayPayout, line: StatementLine) -> bool:
    """Return True when the line has this payout's receipt.

    Some statements (pawaPay's) name a movement by the payout's key, while its own receipt comes
    from the mobile-money operator.
    """
    return p.receipt in (None, "", line.receipt) or _plain(line.receipt) == _plain(p.key)


def _is_whole(number: str) -> bool:
    return len(number) >= _DIGITS and _HIDDEN not in number


def _fits(shown: str, whole: str) -> bool:
    """Return True when the visible digits are the number's, read from its end.

    >>> _fits("2547******678", "254712345678"), _fits("0712345678", "254712345678")
    (True, True)
    >>> _fits("***679", "254712345678")
    False
    """
    end = zip(reversed(shown[-_DIGITS:]), reversed(whole[-_DIGITS:]), strict=False)
    return all(one in (_HIDDEN, other) for one, other in end)


def _plain(key: str) -> str:
    """Return a key without dashes and in lower case.

    Providers print the UUID with or without its dashes, in either case.
    """
    return key.replace("-", "").casefold()


def _near(sent_at: datetime | None, at: datetime | None) -> bool:
    return sent_at is None or at is None or abs(at - sent_at) <= NEAR


def _span(lines: Sequence[StatementLine]) -> tuple[datetime | None, datetime | None]:
    times = [line.at for line in lines if line.at is not None]
    return (min(times), max(times)) if times else (None, None)


def _without_duplicates(
    lines: Sequence[StatementLine],
) -> tuple[list[StatementLine], list[Difference]]:
    """Return the lines without repetitions, and a finding per repeated line.

    The same receipt twice with the same kind is one line that was printed twice.
    """
    kept: dict[tuple[LineKind, str], StatementLine] = {}
    findings: list[Difference] = []
    for line in lines:
        if (line.kind, line.receipt) in kept:
            findings.append(
                Difference(DifferenceKind.DUPLICATE_LINE, line.receipt, line.amount_minor)
            )
        else:
            kept[line.kind, line.receipt] = line
    return list(kept.values()), findings


def signed(line: StatementLine) -> int:
    """Return the amount that a line moves, above zero where it comes in."""
    comes_in = line.kind in (LineKind.REVERSAL, LineKind.TOP_UP)
    return line.amount_minor if comes_in else -line.amount_minor

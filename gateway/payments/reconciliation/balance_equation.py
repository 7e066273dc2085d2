"""The balance equation of a provider's statement, to the minor unit. Pure.

The provider's opening balance, with every movement of the gateway's ledger, must give the closing
balance. The two balances are the provider's. All movements between them are the ledger's.

>>> Equation(
...     opening_minor=1000, top_ups_minor=500, payouts_minor=300, fees_minor=5, closing_minor=1195
... ).difference_minor
0
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.base.ids import derived_id
from gateway.payments.ledger.chart_of_accounts import Code
from gateway.payments.reconciliation.reconcile import LineKind, StatementLine, signed


@dataclass(frozen=True, slots=True)
class Equation:
    """The terms of the balance equation, in minor units.

    `unexplained_minor` is money that left to no known payee and stands in suspense. `before_minor`
    is the closing balance of the preceding statement, and None where there is none. An opening
    balance that differs from it means that a statement is missing.
    """

    opening_minor: int
    closing_minor: int
    top_ups_minor: int = 0
    payouts_minor: int = 0
    fees_minor: int = 0
    reversals_minor: int = 0
    withdrawn_minor: int = 0
    unexplained_minor: int = 0
    before_minor: int | None = None

    @property
    def expected_minor(self) -> int:
        came = self.opening_minor + self.top_ups_minor + self.reversals_minor
        left = self.payouts_minor + self.fees_minor + self.withdrawn_minor + self.unexplained_minor
        return came - left

    @property
    def difference_minor(self) -> int:
        """Return the provider's closing balance minus the expected one.

        Above zero, the provider holds more than the gateway's books say.
        """
        return self.closing_minor - self.expected_minor

    @property
    def gap_minor(self) -> int:
        return 0 if self.before_minor is None else self.opening_minor - self.before_minor


_TERMS: Mapping[Code, tuple[str, int]] = {
    Code.FLOAT_TOP_UP: ("top_ups_minor", 1),
    Code.FLOAT_OUT: ("withdrawn_minor", 1),
    Code.SETTLE: ("payouts_minor", 1),
    Code.LATE_PAID: ("payouts_minor", 1),
    Code.LATE_OVERPAID: ("payouts_minor", 1),
    Code.CHARGE: ("fees_minor", 1),
    Code.CHARGE_MORE: ("fees_minor", 1),
    Code.CHARGE_BACK: ("fees_minor", -1),
    Code.REVERSED: ("reversals_minor", 1),
    Code.UNMATCHED_OUT: ("unexplained_minor", 1),
    Code.MATCHED_SINCE: ("unexplained_minor", -1),
}
_OF_PAYOUT = {
    LineKind.PAYMENT: (Code.SETTLE, Code.LATE_PAID, Code.LATE_OVERPAID),
    LineKind.FEE: (Code.CHARGE, Code.CHARGE_MORE, Code.CHARGE_BACK),
    LineKind.REVERSAL: (Code.REVERSED,),
}
_OF_RECEIPT = {
    LineKind.TOP_UP: (Code.FLOAT_TOP_UP,),
    LineKind.WITHDRAWAL: (Code.FLOAT_OUT,),
    LineKind.PAYMENT: (Code.UNMATCHED_OUT, Code.MATCHED_SINCE),
    LineKind.FEE: (Code.CHARGE_MORE, Code.CHARGE_BACK),
}


def transfers_of(provider: str, lines: Iterable[tuple[StatementLine, UUID | None]]) -> set[UUID]:
    """Return the ids of the transfers that book these lines, if they were booked.

    Each line comes with its payout, or with None where it has none.
    """
    found = set[UUID]()
    for line, payout in lines:
        if payout is not None:
            found |= {
                derived_id(code.name.lower(), payout) for code in _OF_PAYOUT.get(line.kind, ())
            }
        codes = _OF_RECEIPT.get(line.kind, ())
        found |= {derived_id(code.name.lower(), provider, line.receipt) for code in codes}
    return found


def equation(
    lines: Sequence[StatementLine], booked: Mapping[Code, int], before_minor: int | None
) -> Equation | None:
    """Return the equation of a statement, or None where the statement contains no balances.

    `booked` is the amount per code that the gateway's ledger moved for these lines.
    """
    told = [line for line in lines if line.balance_minor is not None]
    if not told:
        return None
    first, last = told[0].balance_minor, told[-1].balance_minor
    assert first is not None and last is not None
    terms: dict[str, int] = {}
    for code, minor in booked.items():
        name, sign = _TERMS[code]
        terms[name] = terms.get(name, 0) + sign * minor
    return Equation(
        opening_minor=first - signed(told[0]),
        closing_minor=last,
        before_minor=before_minor,
        **terms,
    )

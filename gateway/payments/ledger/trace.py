"""The trace from answers to cash: which part of which earning left with which payout. Pure.

A worker's balance is a row of lots, one per earning. A payout takes the oldest. A payout that
failed puts its lots back where they were. A correction takes the newest, so that it never touches
what an older payout could have taken. The trace is deterministic: the same history gives the same
trace.

>>> a, b, p = uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=9)
>>> earned = [Move(a, Code.EARN, 500, "earn:7"), Move(b, Code.EARN, 500, "earn:8")]
>>> history = [*earned, Move(p, Code.HOLD, -700, f"hold:{p}")]
>>> [(part.earning.int, part.amount_minor) for part in spend(history).parts]
[(1, 500), (2, 200)]
>>> spend(history).unspent
{UUID('00000000-0000-0000-0000-000000000002'): 300}
"""

import uuid
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.base.errors import Failed
from gateway.payments.ledger.chart_of_accounts import Code

_BY_PAYOUT = (Code.HOLD, Code.LATE_PAID, Code.TAX, Code.LATE_TAX, Code.WORKER_FEE, Code.PAID_BEFORE)
_BACK = {
    Code.PAYOUT_FAILED: Code.HOLD,
    Code.TAX_BACK: Code.TAX,
    Code.FEE_BACK: Code.WORKER_FEE,
}
"""The codes that give back exactly what another code took before."""


@dataclass(frozen=True, slots=True)
class Move:
    """A transfer as it appears in a worker's account.

    `amount_minor` is above zero for money that came in, and below zero for money that went out.
    """

    transfer: uuid.UUID
    code: Code
    amount_minor: int
    cause: str


@dataclass(frozen=True, slots=True)
class SpentEarning:
    """The part of an earning that left with one spending.

    `amount_minor` of the transfer `earning` left with the transfer `spending`, whose cause is
    `cause`.
    """

    earning: uuid.UUID
    spending: uuid.UUID
    cause: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class TraceResult:
    """The result of a trace.

    `parts` stand in the order of history, without what came back. `unspent` is the rest of each
    earning.
    """

    parts: tuple[SpentEarning, ...]
    unspent: dict[uuid.UUID, int]


def spend(history: Iterable[Move]) -> TraceResult:
    """Attribute everything that left a worker's account to the earnings from which it came."""
    lots: deque[tuple[uuid.UUID, int]] = deque()
    parts: dict[uuid.UUID, list[SpentEarning]] = {}
    open_holds: dict[tuple[Code, str], uuid.UUID] = {}
    for move in history:
        subject = move.cause.partition(":")[2]
        undoes = (_BACK.get(move.code, move.code), subject)
        if move.code in _BACK and undoes in open_holds:
            for part in reversed(parts.pop(open_holds.pop(undoes))):
                lots.appendleft((part.earning, part.amount_minor))
        elif move.amount_minor > 0:
            lots.append((move.transfer, move.amount_minor))
        else:
            parts[move.transfer] = _take(lots, move, newest=move.code not in _BY_PAYOUT)
            if move.code in _BACK.values():
                open_holds[move.code, subject] = move.transfer
    unspent: dict[uuid.UUID, int] = {}
    for earning, amount_minor in lots:
        unspent[earning] = unspent.get(earning, 0) + amount_minor
    return TraceResult(tuple(part for taken in parts.values() for part in taken), unspent)


def _take(lots: deque[tuple[uuid.UUID, int]], move: Move, *, newest: bool) -> list[SpentEarning]:
    wanted_minor, taken = -move.amount_minor, list[SpentEarning]()
    while wanted_minor:
        if not lots:
            raise Failed(f"{move.cause} spends more than was earned", retryable=False)
        earning, has_minor = lots.pop() if newest else lots.popleft()
        part_minor = min(wanted_minor, has_minor)
        taken.append(SpentEarning(earning, move.transfer, move.cause, part_minor))
        wanted_minor -= part_minor
        if has_minor > part_minor:
            rest = (earning, has_minor - part_minor)
            lots.append(rest) if newest else lots.appendleft(rest)
    return taken

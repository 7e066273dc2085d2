"""The write of many payouts' decisions in one commit.

The parts are the same as for one payout, and their arguments go to the database as columns.
"""

from collections.abc import Sequence

from gateway.store.db import Database, Write, translated

_OWN, _CURRENCY = 17, 21
"""Positions in the arguments of `move_payout`. The first `_OWN` are the payout's own. Then follow
its transfers' ids, debits, credits and amounts, one currency for all of them, their codes and
causes.
"""
_MESSAGE = 12
_QUERY = f"select move_payouts({','.join(f'${n}' for n in range(1, _OWN + 8 + 1 + _MESSAGE + 1))})"


def may_go_together(parts: Sequence[Write]) -> bool:
    """Return whether the parts are one move and at most one message."""
    functions = [part.function for part in parts]
    return functions in (["move_payout"], ["move_payout", "put_message"])


async def move_all(db: Database, moves: Sequence[Sequence[Write]]) -> set[int]:
    """Write decisions on different payouts in one commit.

    Return the places of the payouts that were still as read. Raises Conflict, with nothing written,
    when one of them breaks a rule. Then each must be written by itself.
    """
    own: list[tuple[object, ...]] = []
    posted: list[tuple[object, ...]] = []
    told: list[tuple[object, ...]] = []
    for n, parts in enumerate(moves, start=1):
        assert may_go_together(parts)
        arguments = parts[0].arguments
        own.append(arguments[:_OWN])
        currency = arguments[_CURRENCY]
        posted += [
            (n, transfer, debit, credit, amount, currency, code, cause)
            for transfer, debit, credit, amount, code, cause in zip(
                *arguments[_OWN:_CURRENCY], *arguments[_CURRENCY + 1 :], strict=True
            )  # type: ignore[arg-type]
        ]
        told += [(n, *part.arguments) for part in parts[1:]]
    columns = [*_columns(own, _OWN), *_columns(posted, 8), *_columns(told, 1 + _MESSAGE)]
    with translated():
        moved: list[int] = await db.value(_QUERY, *columns)
    return {n - 1 for n in moved}


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * width

"""The write of many payouts' decisions in one commit.

The writes are those for one payout. Their arguments go to the database as rows of composite types.
"""

from collections.abc import Sequence
from typing import Any

from gateway.store.db import Database, Write, translated


def may_go_together(writes: Sequence[Write]) -> bool:
    """Return whether the writes are one move and at most one message."""
    functions = [write.function for write in writes]
    return functions in (["move_payout"], ["move_payout", "put_message"])


async def move_all(db: Database, moves: Sequence[Sequence[Write]]) -> set[int]:
    """Write decisions on different payouts in one commit.

    Return the places of the payouts that were still as read. Raises Conflict, with nothing written,
    when one of them breaks a rule. Then each must be written by itself.
    """
    rows: list[tuple[object, ...]] = []
    postings: list[tuple[object, ...]] = []
    messages: list[tuple[object, ...]] = []
    for n, writes in enumerate(moves, start=1):
        assert may_go_together(writes)
        move: dict[str, Any] = dict(writes[0].arguments)
        posted = [move.pop(name) for name in ("transfers", "debits", "credits", "amounts")]
        currency, codes, causes = move.pop("currency"), move.pop("codes"), move.pop("causes")
        rows.append(tuple(move.values()))
        postings += [
            (n, transfer, debit, credit, amount, currency, code, cause)
            for transfer, debit, credit, amount, code, cause in zip(
                *posted, codes, causes, strict=True
            )
        ]
        messages += [(n, *write.arguments.values()) for write in writes[1:]]
    with translated():
        moved: list[int] = await db.value(
            "select move_payouts(p_moves => $1, p_postings => $2, p_messages => $3)",
            rows,
            postings,
            messages,
        )
    return {n - 1 for n in moved}

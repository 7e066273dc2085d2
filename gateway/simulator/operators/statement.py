"""The utility account's statement as the portal exports it, with defects on request.

Defects are drawn with a seed: `missing` lines, `extra` lines of payments that never happened, lines
with another `amount`, and `duplicate` lines. Amounts are in shillings with two decimals, as in the
export.
"""

import random
from collections.abc import Mapping
from typing import Final

from gateway.base.tabular import CsvWriter
from gateway.simulator.operators.daraja_books import DarajaBooks
from gateway.simulator.operators.daraja_forms import local_time, name_of

COLUMNS: Final = (
    "Receipt No.",
    "Completion Time",
    "Initiation Time",
    "Details",
    "Transaction Status",
    "Paid In",
    "Withdrawn",
    "Balance",
    "Balance Confirmed",
    "Reason Type",
    "Other Party Info",
    "Linked Transaction ID",
    "A/C No.",
)
DEFECTS: Final = frozenset({"missing", "extra", "amount", "duplicate"})
WITHDRAWN: Final = 6


def statement(books: DarajaBooks, day: str = "", defects: Mapping[str, int] | None = None, seed: int = 0, *, moves: bool = False) -> str:  # fmt: skip
    """Return a CSV of the payments of one `day` (YYYYMMDD, Nairobi), or of all days.

    With `moves` it covers all days and includes the movements of the float and the charges. Raises
    ValueError on an unknown defect.
    """
    wanted = dict(defects or {})
    if odd := sorted(set(wanted) - DEFECTS):
        raise ValueError(f"no defect {odd[0]!r}; there are {', '.join(sorted(DEFECTS))}")
    rows = books.db.execute(
        "SELECT p.receipt, p.at, r.accepted_at, p.msisdn, p.amount_minor, p.utility_minor"
        " FROM payment p JOIN request r ON r.key = p.key WHERE ?1 IN ('', p.day) ORDER BY p.id",
        (day,),
    )
    lines = [_line(*row) for row in rows]
    if moves:
        lines = _with_moves(books, lines)
    _spoil(lines, wanted, random.Random(seed))  # noqa: S311  not a secret
    return CsvWriter(raw=True).text([COLUMNS, *lines])


def _line(receipt: str, at: float, asked_at: float, msisdn: str, amount: int, left: int) -> list[str]:  # fmt: skip
    party = f"{msisdn} - {name_of(msisdn)}"
    return [
        receipt,
        local_time(at),
        local_time(asked_at),
        f"Business Payment to Customer to {party}",
        "Completed",
        "",
        f"-{amount / 100:.2f}",
        f"{left / 100:.2f}",
        "true",
        "Business Payment to Customer via API",
        party,
        "",
        "",
    ]


def _charge(payment: list[str], fee_minor: int) -> list[str]:
    """Return the line of a payment's charge, under the payment's receipt."""
    receipt, at, asked_at = payment[:3]
    return [receipt, at, asked_at, "Business Payment to Customer Charge", "Completed", "", f"-{fee_minor / 100:.2f}",
            "", "true", "Business Payment to Customer Charge", "", "", ""]  # fmt: skip


def _with_moves(books: DarajaBooks, lines: list[list[str]]) -> list[list[str]]:
    """Return the lines with charges, top-ups and draws, and with a balance on each line.

    A payment's charge follows the payment.
    """
    paid = books.db.execute("SELECT at, fee_minor FROM payment ORDER BY id").fetchall()
    timed = [
        (when, 1, 2 * n, line) for n, ((when, _), line) in enumerate(zip(paid, lines, strict=True))
    ]
    timed += [
        (when, 1, 2 * n + 1, _charge(line, fee))
        for n, ((when, fee), line) in enumerate(zip(paid, lines, strict=True))
        if fee
    ]
    for number, when, minor, why in books.db.execute(
        "SELECT id, at, amount_minor, why FROM float_move"
    ):
        paid_in, withdrawn = ("", f"{minor / 100:.2f}") if minor < 0 else (f"{minor / 100:.2f}", "")
        line = [f"FLT{number:07}", local_time(when), local_time(when), f"Float {why}", "Completed", paid_in, withdrawn]  # fmt: skip
        timed.append((when, 0, number, [*line, "", "true", "Float move", "", "", ""]))
    timed.sort(key=lambda one: one[:3])
    left_minor, found = 0, list[list[str]]()
    for _, _, _, line in timed:
        left_minor += round(float(line[WITHDRAWN - 1] or line[WITHDRAWN]) * 100)
        line[WITHDRAWN + 1] = f"{left_minor / 100:.2f}"
        found.append(line)
    return found


def _spoil(lines: list[list[str]], wanted: Mapping[str, int], rng: random.Random) -> None:
    """Apply each defect to another one of the true lines."""
    true = list(range(len(lines)))
    rng.shuffle(true)
    gone: list[list[str]] = []
    for defect in ("missing", "amount", "duplicate"):
        for _ in range(min(wanted.get(defect, 0), len(true))):
            line = lines[true.pop()]
            if defect == "missing":
                gone.append(line)
            elif defect == "amount":
                line[WITHDRAWN] = f"{float(line[WITHDRAWN]) - rng.randint(1, 50):.2f}"
            else:
                lines.append(list(line))
    for number in range(wanted.get("extra", 0)):
        msisdn = f"2547{rng.randrange(10**8):08}"
        lines.append(_line(f"EXT{number:07}", 0.0, 0.0, msisdn, rng.randint(10, 900) * 100, 0))
    for line in gone:
        lines.remove(line)

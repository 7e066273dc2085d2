"""The reconciliation of a statement of 100,000 payments with ten kinds of differences, fifty each.

The floor is one pass over the lines that only looks each receipt up in a dictionary.
"""

# The strict rules are for the product (pyproject: include). Fixtures have no types.
# pyright: basic

import json
import time

from gateway.payments.reconciliation.reconcile import LineKind, reconcile
from tests.payments.test_reconcile import a_day, seeded

PAYMENTS, EACH = 100_000, 50


def main() -> None:
    from collections import Counter

    ours, lines = a_day(PAYMENTS)
    wanted = seeded(ours, lines, EACH, 1)
    started = time.perf_counter()
    found = reconcile(ours, lines)
    took = time.perf_counter() - started
    started = time.perf_counter()
    by_receipt = {p.receipt: p for p in ours}
    matched = sum(x.kind is LineKind.PAYMENT and x.receipt in by_receipt for x in lines)
    floor = time.perf_counter() - started
    seen = Counter((f.kind, f.receipt) for f in found.findings)
    missed, invented = (wanted - seen).total(), (seen - wanted).total()
    note = f"{len(lines):,} lines, {wanted.total()} differences: {missed} missed, {invented} invented; {matched:,} receipts known"
    result = {
        "name": "statement_match", "ours": round(took, 3), "floor": round(floor, 3), "ratio": round(took / floor, 1),
        "unit": "s", "p50_ms": None, "p99_ms": None, "note": note,
    }  # fmt: skip
    print(json.dumps({"results": [result]}))
    assert not missed
    assert not invented


if __name__ == "__main__":
    main()

"""100,000 forged or mangled callbacks against payouts in every state.

The benchmark counts those with any effect other than a status query.
"""

# The strict rules are for the product (pyproject: include). Fixtures have no types.
# pyright: basic

import json
import time

from tests.payments.test_mangled import forged_tries

TRIES = 100_000


def main() -> None:
    started = time.perf_counter()
    effects = forged_tries(TRIES)
    took = time.perf_counter() - started
    result = {
        "name": "forged_callbacks", "ours": effects, "floor": 0, "ratio": None, "unit": "effects", "p50_ms": None,
        "p99_ms": None, "note": f"{TRIES:,} tries in {took:.1f} s",
    }  # fmt: skip
    print(json.dumps({"results": [result]}))
    assert effects == 0


if __name__ == "__main__":
    main()

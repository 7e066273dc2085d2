"""`python -m tests.system.guards.table` writes docs/payout-guards.md.

It does so once the tests beside it have passed.
"""

from pathlib import Path

from .guards import GUARDS

HEAD = """# The guards of the money

Each guard stands between a worker's money and one way to lose or to double it. `make guard-proof`
runs every attack twice, against a real PostgreSQL and the product's own steps. With all guards in
place the attack must come to nothing. With one guard taken away it must succeed. So each guard is
needed, and none can be removed unnoticed. The attacks are in `tests/system/guards/attacks.py`. The
ways in which guards are taken away are in `tests/system/guards/guards.py`. Both run in `make test`.

"""


def table() -> str:
    rows = [
        f"| {guard.name} | {guard.where} | {guard.attack.__name__.replace('_', ' ')} |"
        for guard in GUARDS
    ]
    return "\n".join(["| guard | where | without it |", "|---|---|---|", *rows]) + "\n"


if __name__ == "__main__":
    path = Path(__file__).parents[3] / "docs" / "payout-guards.md"
    path.write_text(HEAD + table())

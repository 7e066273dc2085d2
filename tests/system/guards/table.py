"""`python -m tests.system.guards.table` writes docs/payout-guards.md.

It does so once the tests beside it have passed.
"""

from pathlib import Path

from .guards import GUARDS

HEAD = """# The guards of the money

What stands between a worker's money and each way to lose or to double it. `make guard-proof` runs every attack twice, against
a real PostgreSQL and the product's own steps: with all guards in place, where it must come to nothing, and with one guard taken
away, where it must succeed. So none of them is there for show, and none can go unnoticed. The attacks are in
`tests/system/guards/attacks.py`, the ways in which guards are taken away in `tests/system/guards/guards.py`; both run in `make test`.

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

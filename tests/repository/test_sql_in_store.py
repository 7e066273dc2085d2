"""All SQL of the gateway lives in `gateway/store`."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The simulator keeps books of its own, in SQLite.
_ELSEWHERE = ("store", "simulator")
_SQL = re.compile(
    r"\s*(select|insert into|update|delete from|with \w+ as|lock table|alter|analyze|vacuum)\s"
    r".*(\bfrom\b|\bvalues\b|\bset\b|\w\()",
    re.IGNORECASE | re.DOTALL,
)


def sql_literals(path):
    """Yield the line and the text of each string literal that is a statement of SQL."""
    tree = ast.parse(path.read_text())
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in prose
            and _SQL.match(node.value)
            and node.value[:40] == node.value[:40].lower()
        ):
            yield node.lineno, node.value


def test_no_other_package_holds_a_statement():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text[:60]}"
        for path in sorted((ROOT / "gateway").rglob("*.py"))
        if path.relative_to(ROOT / "gateway").parts[0] not in _ELSEWHERE
        for line, text in sql_literals(path)
    ]
    assert not found, "\n".join(found)


def test_the_store_does():
    """The rule would find the statements of the store, so it finds statements."""
    store = (ROOT / "gateway" / "store").rglob("*.py")
    assert sum(len(list(sql_literals(path))) for path in store) > 100

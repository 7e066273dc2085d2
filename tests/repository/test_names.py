"""One word has one meaning: no class name of `gateway/` is defined twice."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "gateway").rglob("*.py"))


def definitions(source: Path) -> Iterator[tuple[str, int, str]]:
    """Yield name, line and definition of each class and module-level type alias of a file."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name, node.lineno, f"class of {source}"
    for node in tree.body:
        match node:
            case ast.AnnAssign(ast.Name(name), ast.Name("TypeAlias"), ast.expr() as value):
                yield name, node.lineno, ast.unparse(value)
            case ast.Assign([ast.Name(name)], ast.Subscript() | ast.BinOp(op=ast.BitOr())):
                if name[0].isupper() and not name.isupper():
                    yield name, node.lineno, ast.unparse(node.value)
            case _:
                pass


def public_names() -> dict[str, dict[str, str]]:
    """Return the places of each public name's definitions, by the definition."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for source in SOURCES:
        for name, line, definition in definitions(source):
            if not name.startswith("_"):
                place = f"{source.relative_to(ROOT)}:{line}"
                found[name][definition] = place
    return found


def test_each_class_name_has_one_meaning() -> None:
    several = {
        name: sorted(meanings.values())
        for name, meanings in public_names().items()
        if len(meanings) > 1
    }
    assert several == {}, "name each of these after what it means"


def test_the_check_sees_the_classes_and_aliases() -> None:
    names = public_names()
    assert {"Runtime", "PayoutState", "Verdict", "Phrasebooks"} <= names.keys()

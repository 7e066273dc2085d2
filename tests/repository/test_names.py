"""Names a reader can rely on: one meaning per class name, and few parameters per function."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "gateway").rglob("*.py"))
SHELVES = tuple(
    ROOT / "gateway" / shelf
    for shelf in (
        "payments/controls",
        "payments/providers",
        "phrases/languages",
        "qa/cheating",
        "qa/rules",
        "sms/channels",
        "tasks/kinds",
        "ussd/channels",
    )
)
"""The folders of plug-ins. Their files define the same names by contract, with one meaning."""
PARAMETERS_MAX = 8


def home(source: Path) -> Path:
    """Return the folder of plug-ins that a file belongs to, else the file."""
    return next((shelf for shelf in SHELVES if source.is_relative_to(shelf)), source)


def definitions(source: Path) -> Iterator[tuple[str, int, str]]:
    """Yield name, line and definition of each class and module-level type alias of a file."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name, node.lineno, f"class of {home(source)}"
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


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Return the names of all parameters, without `self` and `cls`."""
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    rest = [each for each in (given.vararg, given.kwarg) if each is not None]
    return [each.arg for each in (*named, *rest) if each.arg not in ("self", "cls")]


def test_no_function_has_many_parameters() -> None:
    """More values than this belong together in a class with a name."""
    many = [
        f"{source.relative_to(ROOT)}:{node.lineno} {node.name}"
        for source in SOURCES
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and len(parameters(node)) > PARAMETERS_MAX
    ]
    assert many == []


def test_every_folder_of_plug_ins_exists() -> None:
    assert [shelf for shelf in SHELVES if not shelf.is_dir()] == []

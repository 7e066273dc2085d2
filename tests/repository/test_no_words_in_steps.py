"""The steps know no command word and no menu key: the conversation does."""

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import gateway
from gateway.phrases import books

_STEPS = Path(gateway.__file__).parent / "steps"
_ALSO_STATES = {"name", "status", "stop"}  # columns, fields and acts, which are no words of a turn
_A_COLUMN = "people/find_worker.py: 'balance'"


def _compared(tree: ast.AST) -> Iterator[str]:
    """Yield every text that code compares with: ==, in, and the cases of a match."""
    for node in ast.walk(tree):
        inside: list[ast.AST] = []
        if isinstance(node, ast.Compare):
            inside = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            inside = [node.value]
        for part in inside:
            for one in ast.walk(part):
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield one.value


def test_no_step_compares_with_a_command_word_or_a_menu_key() -> None:
    commands = {field.name for field in fields(books()["en"].words)} - _ALSO_STATES
    keys = {str(n) for n in range(1, 10)}
    found = [
        f"{path.relative_to(_STEPS)}: {text!r}"
        for folder in ("turns", "people")
        for path in sorted((_STEPS / folder).rglob("*.py"))
        for text in _compared(ast.parse(path.read_text()))
        if text in commands | keys
    ]
    assert [one for one in found if one != _A_COLUMN] == []


def test_the_check_finds_what_the_steps_held_before() -> None:
    before = 'if heard.command not in ("why", "work") or keys[-1] == "4": pass'
    assert {"why", "work", "4"} <= set(_compared(ast.parse(before)))

"""The language of docstrings, comments, help texts and pages: plain English with standard terms.

Ruff checks the form of docstrings (D2, D4) and the width of documentation (W505). This file checks
the words: how a docstring may begin, and which private words no text may use.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from click import Command, Group

from gateway.cli.commands import app

ROOT = Path(__file__).parents[2]
CODE = ("gateway", "bench", "tests", "scripts")
PAGES = sorted(
    path for path in (ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").rglob("*.md"))
)
PAGE_COLUMNS = 100

# A docstring is a sentence, not a clause that continues the name of what it describes.
_OPENING = re.compile(
    r"(What|Who|Whose|Whom|Of|Whether|Like|The same|By|As|Where|How|Why|When|With|For|From|So|And"
    r"|But|That|Which|Not|In|On|At|To)\b"
)
_PRIVATE_WORDS = {
    r"nobody|somebody|anybody|everybody|whoever": "name the role: worker, client, operator ...",
    r"for who|to who|of who": "name the role",
    r"people": "name the role",
    r"so many|that many|for so long|(?<!as )of now": "name the number or the time",
    r"bells?": "job",
    r"shel(?:f|ves)": "plug-in folder",
    r"drawers?|rooms?|the house|stairs?|front desk": "folder, package, layer, project",
    r"fates?": "send outcome",
    r"roads?": "route, channel",
    r"pulse": "provider health",
    r"walks": "processes",
    r"by hand": "manually",
}
_BANNED = {
    re.compile(rf"\b(?:{words})\b", re.IGNORECASE): cure for words, cure in _PRIVATE_WORDS.items()
}
_CODE_SPAN = re.compile(r"`[^`]*`")
_DIRECTIVE = re.compile(r"#\s*(noqa|type:|pyright|pragma|fmt:|ruff:|!)")


def docstrings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and text of each docstring, and of each text below a field."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for at, part in enumerate(node.body):
            if (
                isinstance(part, ast.Expr)
                and isinstance(part.value, ast.Constant)
                and isinstance(part.value.value, str)
                and (at == 0 or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
            ):
                yield part.lineno, part.value.value.strip()


def comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each comment that is no directive of a tool."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not _DIRECTIVE.match(token.string):
            yield token.start[0], token.string.lstrip("# ")


def private_words(text: str) -> Iterator[str]:
    """Yield each private word of a text, with its cure; names in backticks are no words."""
    for pattern, cure in _BANNED.items():
        for found in pattern.finditer(_CODE_SPAN.sub("", text)):
            yield f"{found[0]!r} (write: {cure})"


def faults(path: Path) -> Iterator[str]:
    """Yield each fault in the prose of a Python file, with its line."""
    source = path.read_text()
    place = path.relative_to(ROOT)
    for line, text in docstrings(ast.parse(source)):
        if opening := _OPENING.match(text):
            yield f"{place}:{line}: begins with {opening[0]!r}"
        for word in private_words(text):
            yield f"{place}:{line}: {word}"
    for line, text in comments(source):
        for word in private_words(text):
            yield f"{place}:{line}: {word}"


@pytest.mark.parametrize("folder", CODE)
def test_docstrings_and_comments_are_plain_english(folder):
    found = [
        fault
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.name != "test_prose.py"
        for fault in faults(path)
    ]
    assert not found, "\n".join(found)


def commands(command: Command, name: str = "gateway") -> Iterator[tuple[str, Command]]:
    """Yield each command with its full name."""
    yield name, command
    if isinstance(command, Group):
        for word, inner in command.commands.items():
            yield from commands(inner, f"{name} {word}")


def test_help_texts_are_plain_english():
    found = []
    for name, command in commands(typer.main.get_command(app)):
        texts = [command.help or "", *(getattr(p, "help", None) or "" for p in command.params)]
        for text in texts:
            found += [f"{name}: {word}" for word in private_words(text)]
            if _OPENING.match(text):
                found.append(f"{name}: begins with a clause: {text[:60]}")
    assert not found, "\n".join(found)


def prose_lines(page: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a page that are neither code nor a table."""
    block = False
    for number, line in enumerate(page.read_text().splitlines(), start=1):
        if line.lstrip().startswith("```"):
            block = not block
        elif not block and not line.lstrip().startswith("|"):
            yield number, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_are_plain_english_in_lines_of_100_columns(page):
    found = []
    for number, line in prose_lines(page):
        if len(line) > PAGE_COLUMNS and " " in line.strip()[:PAGE_COLUMNS]:
            found.append(f"{page.name}:{number}: {len(line)} columns")
        found += [f"{page.name}:{number}: {word}" for word in private_words(line)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        ("Return the payout with this reference.", True),
        ("Nobody is asked twice.", False),
        ("Ring the bell of the outbox.", False),
        ("Call `bells.ring` once.", True),
        ("The batch as of now.", True),
        ("The batch's rule of now.", False),
    ],
)
def test_the_rule_itself(text, is_plain):
    assert (not list(private_words(text))) == is_plain

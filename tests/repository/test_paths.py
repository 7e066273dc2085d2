"""The pages name paths, functions and decisions that exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT)
    for path in (ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").rglob("*.md"))
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))

_BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\s]+)`")
_LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
_FILE = re.compile(r"[\w.-]+\.(?:py|md|sql|toml|po|sh)")
_STATUS = re.compile(r"Status: (?:accepted|superseded by ).*\. Date: \d{4}-\d\d-\d\d\.")
# A path of an example has such a part where a reader puts a name of their own. `acme` and `colour`
# are the examples of the pages on adding a plug-in.
_PLACE_OF_A_NAME = re.compile(r"(?:test_)?(?:x|xx|acme|colour)(?:\.\w+)?|[A-Z_]+(?:\.\w+)?")


def alternatives(span: str) -> Iterator[str]:
    """Yield the paths of a span in which braces list alternatives.

    >>> list(alternatives("a/{b,c}.py"))
    ['a/b.py', 'a/c.py']
    """
    found = re.search(r"\{([^{}]*)\}", span)
    if found is None:
        yield span
        return
    for word in found[1].split(","):
        yield from alternatives(f"{span[: found.start()]}{word}{span[found.end() :]}")


def roots(page: Path) -> tuple[Path, ...]:
    """Return the folders to which a path on this page may be relative."""
    return ROOT, ROOT / "gateway", (ROOT / page).parent


def is_path(page: Path, span: str) -> bool:
    """Return True for a span that names a file or folder of the repository.

    A file outside the repository (`/etc/redis.conf`), a URL and a media type are no such paths.
    `gateway-data` is no part of the repository: `gateway up` makes it where it is started.
    """
    if "/" not in span:
        return span.endswith(".py") and _FILE.fullmatch(span) is not None
    if span.startswith(("/", "*")) or "://" in span or not re.fullmatch(r"[\w./{},*-]+", span):
        return False
    first = span.split("/", maxsplit=1)[0]
    if first == "gateway-data":
        return False
    is_here = any((root / first).is_dir() for root in roots(page))
    return is_here or first in (".", "..") or span.endswith((".py", ".sql", ".po"))


def exists(page: Path, path: str) -> bool:
    """Return True when a path, or `file.name` for a name that a Python file defines, exists."""
    if "/" not in path:
        return any(any((ROOT / top).rglob(path)) for top in ("gateway", "tests", "bench"))
    parts = path.rstrip("/").split("/")
    for at, part in enumerate(parts):
        if _PLACE_OF_A_NAME.fullmatch(part):
            return exists(page, "/".join((*parts[:at], "")))
    for root in roots(page):
        if "*" in path and any(root.glob(path.rstrip("/"))):
            return True
        if (root / path).exists():
            return True
        file, _, name = path.rpartition(".")
        for source in (root / f"{file}.py", root / file / "__init__.py"):
            if (
                name
                and source.is_file()
                and re.search(rf"\b{re.escape(name)}\b", source.read_text())
            ):
                return True
    return False


def missing(page: Path, text: str) -> list[str]:
    """Return the paths in code spans and the targets of links that do not exist."""
    text = _BLOCK.sub("", text)
    spans = [span for span in _SPAN.findall(text) if is_path(page, span)]
    found = [span for span in spans if not all(exists(page, path) for path in alternatives(span))]
    links = [link for link in _LINK.findall(text) if not link.startswith(("http", "mailto:"))]
    return found + [link for link in links if not (ROOT / page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_path_that_a_page_names_exists(page):
    assert missing(page, (ROOT / page).read_text()) == []


_NAMED_IN = re.compile(r"`([A-Za-z_.]+)(?:\(\))?` (?:of|in) `([a-z_/]+\.(?:py|sql))`")


def test_every_function_of_the_architecture_is_defined_in_its_file():
    page = " ".join((ROOT / "ARCHITECTURE.md").read_text().split())
    named = [(name.split(".")[-1], path) for name, path in _NAMED_IN.findall(page)]
    assert len(named) > 30
    undefined = [
        f"{name} in {path}"
        for name, path in named
        if not re.search(
            rf"\b(?:def|class|function) {name}\b|^{name}\b",
            (ROOT / "gateway" / path).read_text(),
            re.MULTILINE,
        )
    ]
    assert undefined == []


def test_the_pages_name_many_paths():
    text = "".join((ROOT / page).read_text() for page in PAGES)
    assert sum(is_path(Path("README.md"), span) for span in _SPAN.findall(text)) > 300


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`steps/hear.py`", ["steps/hear.py"]),
        ("`steps/turns/hear.py` and `steps/turns/hear.process_sms`", []),
        ("`steps/turns/hear.no_such_function`", ["steps/turns/hear.no_such_function"]),
        ("`steps/{turns,payouts}/` and `sms/channels/x.py`", []),
        ("`steps/{turns,walks}/`", ["steps/{turns,walks}/"]),
        ("`sms/shelf/x.py` and `no_such_folder/a.py`", ["sms/shelf/x.py", "no_such_folder/a.py"]),
        ("`docs/no_page.md` and [a page](docs/none.md)", ["docs/no_page.md", "docs/none.md"]),
        ("`text/csv`, `/etc/redis.conf`, `https://example.org/a.py`", []),
        ("`hear.py` and `heard_of_nowhere.py`", ["heard_of_nowhere.py"]),
    ],
)
def test_the_rule_itself(text, found):
    assert missing(Path("README.md"), text) == found


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_number_its_status_and_its_date(decision):
    title, empty, status = decision.read_text().splitlines()[:3]
    assert title.startswith(f"# {int(decision.name[:4])}. ")
    assert empty == ""
    assert _STATUS.fullmatch(status), status


def test_no_two_decisions_have_one_number():
    numbers = [decision.name[:4] for decision in DECISIONS]
    assert len(numbers) == len(set(numbers))

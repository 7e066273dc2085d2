"""The layout of the packages: small folders, the same subjects everywhere, and no import cycles."""

import re
from collections import defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
ENTRIES_MAX = 22
SUBJECTS = {"turns", "batches", "quality", "messages", "payouts", "people"}
# The folder of the migrations grows with every change of the schema.
GROWING = {"gateway/store/migrations/versions"}


@cache
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("gateway", "bench", cache_dir=None)


def entries(folder: Path) -> list[str]:
    """Return the files and folders in a folder, without byte code and what only holds byte code."""
    return [
        path.name
        for path in folder.iterdir()
        if path.name != "__pycache__"
        and (
            path.is_file()
            or any(p.is_file() and p.parent.name != "__pycache__" for p in path.rglob("*"))
        )
    ]


def crowded(root: Path, top: str) -> dict[str, int]:
    """Return the folders under `top` with more entries than a reader can survey."""
    folders = [root / top, *(path for path in (root / top).rglob("*") if path.is_dir())]
    numbers = {
        str(folder.relative_to(root)): len(entries(folder))
        for folder in folders
        if "__pycache__" not in folder.parts
    }
    return {name: n for name, n in numbers.items() if n > ENTRIES_MAX and name not in GROWING}


@pytest.mark.parametrize("top", ["gateway", "tests", "bench", "scripts"])
def test_no_folder_holds_more_than_a_reader_can_survey(top: str) -> None:
    assert crowded(ROOT, top) == {}


def test_a_crowded_folder_would_be_found(tmp_path: Path) -> None:
    for number in range(ENTRIES_MAX + 1):
        (tmp_path / "top" / "full" / f"file_{number}.py").parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "top" / "full" / f"file_{number}.py").touch()
    assert crowded(tmp_path, "top") == {"top/full": ENTRIES_MAX + 1}


@pytest.mark.parametrize("package", ["gateway/steps", "gateway/store", "gateway/cli"])
def test_a_subject_has_the_same_name_in_steps_store_and_commands(package: str) -> None:
    assert set(entries(ROOT / package)) >= SUBJECTS


def test_the_stories_are_in_folders_with_the_names_of_the_subjects() -> None:
    assert set(entries(ROOT / "tests" / "stories")) == SUBJECTS


def test_every_package_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "gateway").rglob("__init__.py")
        if not path.read_text().startswith('"""')
    ]
    assert silent == []


def cycle(needs: dict[str, set[str]]) -> list[str]:
    """Return one cycle of a graph, or an empty list."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_module_imports_itself_through_others() -> None:
    graph = imports()
    needs = {m: graph.find_modules_directly_imported_by(m) - {m} for m in graph.modules}
    assert cycle(needs) == []


def test_no_package_needs_a_neighbour_that_needs_it() -> None:
    """Two neighbours with imports both ways are one package in two folders."""
    graph = imports()
    found = {}
    for package in graph.modules:
        owner = {
            module: child
            for child in graph.find_children(package)
            for module in {child} | graph.find_descendants(child)
        }
        needs: defaultdict[str, set[str]] = defaultdict(set)
        for module, child in owner.items():
            for imported in graph.find_modules_directly_imported_by(module):
                if owner.get(imported, child) != child:
                    needs[child].add(owner[imported])
        if there := cycle(needs):
            found[package] = there
    assert found == {}


def test_a_cycle_would_be_found() -> None:
    assert len(cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == 4


UNTYPED_LOOK_UPS_MAX = 59
"""The look-ups by the name of a column that are left in the steps. The number may only fall."""


def test_steps_read_rows_of_the_store_by_typed_fields() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / "gateway" / "steps").rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for _ in re.findall(r'\brow\["', line)
    ]
    assert len(found) <= UNTYPED_LOOK_UPS_MAX, "\n".join(found)


def test_no_file_of_the_product_has_a_name_of_a_test() -> None:
    """A reader, and each tool, takes a file `test_*.py` for a test."""
    assert [
        str(path.relative_to(ROOT))
        for top in ("gateway", "bench", "clients")
        for path in (ROOT / top).rglob("test_*.py")
        if "tests" not in path.parts
    ] == []

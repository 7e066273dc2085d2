"""A copied plug-in passes the contract tests of its folder without any other edit.

The gateway and its tests are copied to a temporary folder. There each plug-in is copied under a
new name, and the contract tests run for the copies.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = {
    "sms/channels": "sms/test_every_channel.py",
    "ussd/channels": "ussd/test_every_channel.py",
    "payments/providers": "payments/test_every_provider.py",
    "payments/controls": "payments/test_every_control.py",
    "tasks/kinds": "tasks/kinds/test_every_kind.py",
    "qa/rules": "qa/test_rules.py",
    "console/pages": "console/test_every_page.py",
}
# A file and a package where a folder has both, and the plug-ins with the most hooks.
COPIED = {
    "sms/channels": ("africastalking", "http.py"),
    "ussd/channels": ("http.py",),
    "payments/providers": ("mpesa", "mtn_momo.py"),
    "payments/controls": ("limit.py", "name.py", "quiet.py"),
    "tasks/kinds": ("date.py", "verification.py"),
    "qa/rules": ("majority.py",),
    "console/pages": ("console.py", "index.py"),
}
LANGUAGES = "phrases/languages"
# Somali and Tigrinya, which the gateway does not speak: a copy stands for each, in its alphabet.
NEW_LANGUAGES = {"so": "sw", "ti": "am"}
NAMES = {"sw": "Kiswahili", "am": "Amarigna"}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the gateway in which some plug-ins of each folder exist twice."""
    place = tmp_path_factory.mktemp("copied")
    for part in ("gateway", "tests"):
        shutil.copytree(ROOT / part, place / part)
    shutil.copy(ROOT / "pyproject.toml", place)
    for folder, names in COPIED.items():
        for name in names:
            original = place / "gateway" / folder / name
            copy = shutil.copytree if original.is_dir() else shutil.copy
            copy(original, original.with_name(f"copied_{name}"))
    for new, like in NEW_LANGUAGES.items():
        catalogue = place / "gateway" / LANGUAGES / new / "gateway.po"
        shutil.copytree(place / "gateway" / LANGUAGES / like, catalogue.parent)
        text = catalogue.read_text().replace(f'"{NAMES[like]}"', f'"Language {new}"')
        catalogue.write_text(text.replace(f'"Language: {like}', f'"Language: {new}'))
    return place


def passes(tree, tests, chosen):
    """Return how many contract tests passed; all of the chosen ones must."""
    command = [sys.executable, "-m", "pytest", "-n0", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *tests, "-k", chosen],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    return int(done.stdout.split(" passed")[0].split()[-1])


def test_every_copied_plugin_keeps_the_contract_of_its_folder(tree):
    copies = sum(map(len, COPIED.values()))
    tests = [f"tests/{file}" for file in CONTRACTS.values()]
    assert passes(tree, tests, "copied_") >= 3 * copies


def test_a_new_language_of_either_alphabet_needs_no_other_edit(tree):
    tests = ["tests/phrases", "tests/conversation"]
    assert passes(tree, tests, " or ".join(f"[{new}" for new in NEW_LANGUAGES)) > 20

"""One `gateway up` and one browser for all stories of this folder."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from .tree import Tree

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    running = Tree(tmp_path_factory.mktemp("up") / "data").start()
    yield running
    running.stop()


# No longer than its stories: its event loop runs on in this thread until it is closed.
@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        found = next(filter(None, map(shutil.which, _NAMES)), own if Path(own).exists() else None)
        if found is None:
            why = "no Chromium found: install chromium, or run: playwright install chromium"
            if os.environ.get("CI") and not os.environ.get("NO_BROWSER"):
                pytest.fail(why)
            pytest.skip(f"THE BROWSER STORIES ARE LEFT OUT: {why}")
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(tree, browser):
    """Return the phone page, freshly opened.

    A fault in its script, or anything that it was refused, fails the test.
    """
    context = browser.new_context(viewport={"width": 1180, "height": 830})
    opened = context.new_page()
    faults = []
    opened.on("pageerror", lambda fault: faults.append(str(fault)))
    opened.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    opened.goto(f"{tree.url}/phone")
    yield opened
    context.close()
    assert faults == []

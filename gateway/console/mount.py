"""The mounting of all console pages, of which each is one file in `console/pages/`."""

from typing import Protocol, cast

from fastapi import FastAPI

from gateway.base import plugins
from gateway.console import pages
from gateway.steps.runtime import Runtime

_START = "index"
"""The file of the page at `/`."""


class _Page(Protocol):
    """The module of one page."""

    def mount(self, app: FastAPI, rt: Runtime, address: str) -> None:
        """Add the routes of the page, all of them at `address` or below it."""
        ...


def page_names() -> list[str]:
    """Return the names of all pages, which are the names of their files."""
    return plugins.kinds(pages)


def address_of(name: str) -> str:
    """Return the address of a page.

    >>> address_of("phone"), address_of("index")
    ('/phone', '/')
    """
    return "/" if name == _START else f"/{name}"


def mount_page(app: FastAPI, rt: Runtime, name: str) -> None:
    """Mount one page at its address. Raises SettingsError for a page that does not exist."""
    page = cast("_Page", cast("object", plugins.load(pages, name)))
    page.mount(app, rt, address_of(name))


def mount_pages(app: FastAPI, rt: Runtime) -> None:
    """Mount every page. A page that the settings switch off adds no route."""
    for name in page_names():
        mount_page(app, rt, name)

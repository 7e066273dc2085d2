"""The entries of `tests/support/recorded/messaging.json`, and the checks that play them.

A check says by a path which entries are its own (`twilio.errors.*`; `*` is any key or place in a
list), and gets the last part of the path and what stands there. What no check claims is found by
`unplayed`.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDED = json.loads(
    (Path(__file__).parents[2] / "support" / "recorded" / "messaging.json").read_text()
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, and the check that plays it."""

    path: tuple[str, ...]
    value: Any
    check: Callable[..., Any]

    def __str__(self) -> str:
        return ".".join(self.path)

    def play(self, *town: object) -> Any:
        return self.check(*town, self.path[-1], self.value)


class Book:
    """Checks by the paths they claim."""

    def __init__(self) -> None:
        self._checks: dict[tuple[str, ...], Callable[..., Any]] = {}

    def entry(self, *paths: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def claim(check: Callable[..., Any]) -> Callable[..., Any]:
            for path in paths:
                parts = tuple(path.split("."))
                assert parts not in self._checks, f"{path} is claimed twice"
                self._checks[parts] = check
            return check

        return claim

    def entries(self) -> list[Entry]:
        return [
            Entry(path, value, self._checks[claim])
            for claim in self._checks
            for path, value in _under((), RECORDED, claim)
        ]

    def without_entries(self) -> list[str]:
        """Claims that no entry answers to."""
        return [".".join(c) for c in self._checks if not list(_under((), RECORDED, c))]


def unplayed(*books: Book) -> list[str]:
    """Leaves of the file that belong to no entry of these books."""
    played = {entry.path for book in books for entry in book.entries()}
    return [
        ".".join(path)
        for path in _leaves((), RECORDED)
        if not any(path[:n] in played for n in range(1, len(path) + 1))
    ]


def _children(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return [(str(n), one) for n, one in enumerate(value)] if isinstance(value, list) else []


def _under(
    path: tuple[str, ...], value: Any, claim: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not claim:
        yield path, value
        return
    for name, child in _children(value):
        if claim[0] in ("*", name):
            yield from _under((*path, name), child, claim[1:])


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[tuple[str, ...]]:
    children = _children(value)
    if not children:
        yield path
    for name, child in children:
        yield from _leaves((*path, name), child)

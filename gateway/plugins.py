"""Every shelf of plug-ins has one shape: a folder whose file names are the kinds. Adding a file adds a kind."""

import importlib
import pkgutil
from types import ModuleType

from gateway.errors import SettingsError


def kinds(shelf: ModuleType) -> list[str]:
    """The names on a shelf (a package), sorted; files that start with `_` are helpers, not kinds."""
    return sorted(
        m.name for m in pkgutil.iter_modules(shelf.__path__) if not m.name.startswith("_")
    )


def load(shelf: ModuleType, kind: str) -> ModuleType:
    """The module of one kind; a clear error names what there is."""
    if kind not in kinds(shelf):
        shelf_name = shelf.__name__.removeprefix("gateway.")
        raise SettingsError(f"no {kind!r} in {shelf_name}; there is: {', '.join(kinds(shelf))}")
    return importlib.import_module(f"{shelf.__name__}.{kind}")

"""The plug-in folders, which all have one shape.

A folder's file names are the kinds of its plug-ins. Adding a file adds a kind.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from types import ModuleType

from gateway.base.errors import SettingsError

DashboardHooks = tuple[tuple[str, str], ...]
"""The addresses that a channel adds to those of all channels: the end of the path, and the name in
the provider's dashboard.
"""

_SAID = {
    "sms.channels": "kind of SMS channel",
    "ussd.channels": "kind of USSD channel",
    "payments.providers": "kind of payout provider",
    "payments.controls": "payout control",
    "tasks.kinds": "kind of task",
    "tasks.exports.formats": "format of exports",
    "tasks.shapes": "shape of files",
    "qa.rules": "method",
    "console.pages": "console page",
}


def kinds(shelf: ModuleType) -> list[str]:
    """Return the sorted kinds in a plug-in folder (a package).

    Files that start with `_` are helpers and not kinds.
    """
    return sorted(
        m.name for m in pkgutil.iter_modules(shelf.__path__) if not m.name.startswith("_")
    )


def load(shelf: ModuleType, kind: str) -> ModuleType:
    """Return the module of one kind.

    Raises SettingsError with the known kinds for any other name.
    """
    if kind not in kinds(shelf):
        shelf_name = shelf.__name__.removeprefix("gateway.")
        what = _SAID.get(shelf_name, shelf_name)
        raise SettingsError(f"there is no {what} {kind!r}; there is: {', '.join(kinds(shelf))}")
    return importlib.import_module(f"{shelf.__name__}.{kind}")


def hooks(module: ModuleType, options: Mapping[str, object]) -> DashboardHooks:
    """Return the addresses that a channel's file declares for these options, or none.

    A channel without further addresses leaves `hooks(options)` out.
    """
    declared: Callable[[Mapping[str, object]], DashboardHooks] | None = getattr(
        module, "hooks", None
    )
    return declared(options) if declared else ()

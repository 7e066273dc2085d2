"""The faults of the settings, all reported at once, with setting, rule and cure."""

import difflib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway.base.errors import SettingsError
from gateway.base.redaction import redacted
from gateway.base.text.plain_errors import taken

PAGE = "docs/operators/settings.md"
_FORMS = {"quiet_hours": "must be two hours of the day like 21-8, or empty for none"}


def together(faults: Sequence[str]) -> SettingsError:
    """Return one error for all faults: one line for a single fault, a list for several."""
    if len(faults) == 1:
        return SettingsError(faults[0])
    listed = "".join(f"\n  - {fault}" for fault in faults)
    return SettingsError(f"{len(faults)} settings are wrong:{listed}")


def unknown_variables(known: Iterable[str]) -> list[str]:
    """Return a fault for each `GATEWAY_*` variable that names no setting."""
    names = list(known)
    found = list[str]()
    for name in sorted(os.environ):
        word = name.removeprefix("GATEWAY_").split("__")[0].lower()
        if not name.startswith("GATEWAY_") or name == "GATEWAY_CONFIG" or word in names:
            continue
        near = difflib.get_close_matches(word, names, n=1)
        meant = f"; did you mean GATEWAY_{near[0].upper()}?" if near else ""
        found.append(f"no such setting: {name}{meant} (see {PAGE})")
    return found


def invalid_values(bad: ValidationError, path: Path, known: Iterable[str]) -> list[str]:
    """Return a fault for each value that breaks a rule.

    Values are not shown, since they may be secrets.
    """
    names = list(known)
    return [_fault(error, path, names) for error in bad.errors(include_input=False)]


def _fault(error: Mapping[str, Any], path: Path, names: list[str]) -> str:
    parts = [str(part) for part in error["loc"]]
    where, variable = ".".join(parts), "GATEWAY_" + "__".join(parts).upper()
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(parts[-1], names, n=1) if len(parts) == 1 else []
        meant = f"did you mean `{near[0]}`?" if near else "take it out"
        return f"setting {where}: there is no such setting; {meant} (file {path}, see {PAGE})"
    if error["type"] == "missing":
        return f"setting {where}: it is missing; add it to {path}, or set {variable}"
    rule = _FORMS.get(where) if error["type"] == "string_pattern_mismatch" else None
    rule = rule or redacted(taken(error))
    return f"setting {where}: {rule}; change it in {path}, or set {variable}"

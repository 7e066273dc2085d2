"""The revisions of the schema that this program knows."""

import re
from pathlib import Path

from gateway.base.errors import SettingsError

_REVISION = re.compile(r'^(revision|down_revision) = ("[^"]+"|None)$', re.MULTILINE)


def known_revisions() -> list[str]:
    """Return the revisions of the schema that this program knows, the newest first.

    Each migration's file names the revision before it. The order of their numbers may differ,
    because branches reserve numbers. The files are read as text: importing them would load Alembic.
    """
    files = (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*_*.py")
    before: dict[str, str] = {}
    for file in files:
        found = dict(_REVISION.findall(file.read_text(encoding="utf-8")))
        before[found["revision"].strip('"')] = found["down_revision"].strip('"')
    newest = set(before) - set(before.values())
    line: list[str] = []
    at = min(newest, default="")
    while at in before:
        line.append(at)
        at = before[at]
    return line


def check_known(revision: str | None) -> None:
    """Raise SettingsError for the schema of a newer program.

    This program's writes might break its rules.
    """
    if revision is None:
        return
    known = known_revisions()
    if revision not in known:
        raise SettingsError(
            f"the database has the schema {revision} of another, newer version of the gateway; this program knows it up to "
            f"{known[0]}: start the newer version, or go back with `gateway restore` into an empty database from the backup "
            "that was made before the upgrade"
        )

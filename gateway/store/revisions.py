"""The revisions of the schema that this program knows."""

from pathlib import Path

from gateway.base.errors import SettingsError


def known_revisions() -> list[str]:
    """Return the revisions of the schema that this program knows, the newest first.

    The name of a migration's file begins with its revision.
    """
    files = (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*_*.py")
    return sorted((file.name.partition("_")[0] for file in files), reverse=True)


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

"""The work that PostgreSQL really did for each statement.

The source is its own explanations, read from the server's log.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GROWING = frozenset(
    {
        "adjustment", "answer", "assignment", "consent", "gold_seen", "inbox", "inbox_key", "outbox", "outbox_key", "payout", "payout_event", "skill",
        "statement_line", "task", "taught", "transfer", "ussd_session", "worker", "account", "directed", "estimate",
    }
)  # fmt: skip
"""The tables that grow with history."""

ON = (
    "session_preload_libraries = 'auto_explain'",
    "auto_explain.log_min_duration = 0",
    "auto_explain.log_analyze = on",
    "auto_explain.log_timing = off",
    "auto_explain.log_buffers = on",
    "auto_explain.log_nested_statements = on",
    "auto_explain.log_format = 'json'",
)
"""Settings of a database whose every statement is explained in the log."""

_PART = re.compile(r"^(inbox|outbox|ussd_session)_(before|rest|\d{4}_\d\d)$")
"""The months of a table are read as the table."""
_PLAN = re.compile(r"duration: [\d.]+ ms  plan:\n((?:\t.*\n)+)")


@dataclass(frozen=True, slots=True)
class Scan:
    """One look at a growing table: rows that were read (kept or thrown away) and pages of 8 kB."""

    statement: str
    kind: str
    on: str
    loops: int
    rows: int
    pages_a_loop: float

    def __str__(self) -> str:
        said = " ".join(self.statement.split())[:240]
        return f"{self.kind} on {self.on}: {self.rows:,} rows, {self.pages_a_loop:,.0f} pages a look ({self.loops:,} looks)\n    {said}"


class Log:
    """The server's log from where it ended when this was made."""

    def __init__(self, path: Path) -> None:
        self._path, self._from = path, path.stat().st_size

    def scans(self) -> Iterator[Scan]:
        """Every scan of a growing table since the last call."""
        with self._path.open("rb") as file:
            file.seek(self._from)
            text = file.read().decode(errors="replace")
            self._from = file.tell()
        for found in _PLAN.finditer(text):
            explained = json.loads(found[1])
            yield from _scans(explained["Plan"], explained["Query Text"])


def _scans(node: dict[str, Any], statement: str, index_pages: float = 0) -> Iterator[Scan]:
    loops = max(1, node.get("Actual Loops", 1))
    table = _PART.sub(r"\1", node.get("Relation Name", ""))
    if table in GROWING and node["Node Type"] != "ModifyTable" and node.get("Actual Loops"):
        rows = sum(
            node.get(name, 0)
            for name in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
        )
        pages = sum(node.get(name, 0) for name in ("Shared Hit Blocks", "Shared Read Blocks"))
        kind = f"{node['Node Type']} {node.get('Index Name', '')}".strip()
        yield Scan(statement, kind, table, loops, round(rows * loops), pages / loops)
    for child in node.get("Plans", ()):
        yield from _scans(child, statement)

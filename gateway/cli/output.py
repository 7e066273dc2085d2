"""What commands write for machines."""

import json
import sys
from pathlib import Path


def write_json(report: object, out: Path | None) -> None:
    """`None` writes nothing, `-` is stdout."""
    if out is None:
        return
    text = json.dumps(report, indent=1, ensure_ascii=False, default=str) + "\n"
    if str(out) == "-":
        sys.stdout.write(text)
    else:
        out.write_text(text)

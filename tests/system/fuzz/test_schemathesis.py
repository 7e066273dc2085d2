"""The client API under schemathesis.

Another program's reading of /openapi.json is tried against a real server.
"""

import asyncio
import math
import os
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2

CASES = 200  # python -m tests.system.fuzz schemathesis --cases 10000 for more
METHODS = {"get", "put", "post", "patch", "delete"}
# What it may find fault with. Left out: `positive_data_acceptance` and `missing_required_header`,
# which do not know what the descriptions ask for in words (a batch of this client, a kind of task
# that exists), and `use_after_free`, since nothing of the API deletes.
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method", "allow_header_conformance", "ignored_auth",
)  # fmt: skip


@dataclass
class Report:
    """The result of a run, in the words of the other long runs."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


async def operations(url: str) -> int:
    """Return the number of operations that the document of a server describes."""
    async with httpx2.AsyncClient(timeout=300) as http:
        paths = (await http.get(f"{url}/openapi.json")).json()["paths"]
    return sum(len(METHODS & set(path)) for path in paths.values())


async def schemathesis(town, cases: int, seed: int = 1) -> Report:
    """Run it with `cases` cases and more against the town's server, as its client.

    The cases are random ones, the same number for each operation. Examples and the edges of each
    parameter come on top of them.
    """
    url = town.rt.settings.public_url
    per_operation = math.ceil(cases / await operations(url))
    with TemporaryDirectory(prefix="gateway-schemathesis-") as folder:
        report = Path(folder) / "events.ndjson"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json",
            "--header", f"Authorization: Bearer {town.client.key}", "--checks", ",".join(CHECKS),
            "--max-examples", str(per_operation), "--seed", str(seed), "--no-color", "--warnings", "off",
            "--generation-database", "none", "--continue-on-failure", "--max-redirects", "0",
            "--request-timeout", "300", "--suppress-health-check", "all",
            "--report-ndjson-path", str(report), "--output-sanitize", "false",
            cwd=folder, env=dict(os.environ), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        assert process.stdout
        said = (await process.stdout.read()).decode()
        failed = await process.wait() != 0
        events = report.read_text() if report.exists() else ""
    generated = re.search(r"([\d,]+) generated", said)
    return Report(
        cases=int(generated[1].replace(",", "")) if generated else 0,
        statuses=Counter(map(int, re.findall(r'"status_code":(\d+)', events))),
        faults=[said[said.find("FAILURES") :]] if failed or not generated else [],
    )


async def test_another_programs_reading_of_the_schema_finds_no_fault(town, configure):
    configure(requests_per_minute=0)
    report = await schemathesis(town, CASES)
    assert report.cases >= CASES
    assert not report.faults, "\n".join(report.faults)
    assert {200, 401, 404, 405, 422} <= set(report.statuses)

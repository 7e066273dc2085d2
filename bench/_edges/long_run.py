"""The search for what grows with time: memory, connections, open files, and dead rows in tables.

`python -m bench._edges.long_run --minutes 60 --rate 30` lets phones dial, answer and text at a
modest and even rate on a `gateway up` of its own. Each minute it records, per kind of process, the
memory that is no file and not shared, the open files, and the number of processes; the connections
of PostgreSQL and Redis; and for each table the bytes per live row and the share of dead rows. A
line is fitted to each series after a first part in which caches fill. A series is flat when the
line rises, over an hour, by at most a twentieth of its level, or by at most a small step. Dead rows
rise and fall with each vacuum, so their highest share counts, not a line.

`--samples FILE` keeps the record while the run lasts, and `--fit FILE` judges such a record.
"""

# asyncpg and redis are only partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg
import redis.asyncio

from bench._edges.books import Books
from bench._edges.phones import Heard, Load
from bench._edges.product import Product, enrol, product
from gateway.settings import Settings
from gateway.settings.apart import leave_every_gateway
from gateway.store.db import plain_dsn

FIRST_PHONE = 100_000
_PHONES_PER_KEY = 10
"""The phones for each key in a second. A phone then presses a key every ten seconds, and its eight
keys fit into the three minutes that a network keeps a session."""
_EVERY_S = 60.0
_WARM_PART = 0.25
RISE_PART = 0.05
"""The rise in an hour, as a part of the level, up to which a series counts as flat."""
STEPS = {"mb": 4.0, "files": 2.0, "connections": 2.0, "processes": 0.5, "bytes_per_row": 8.0}
"""The rise in an hour that is no growth however small the level is, by the unit of the series."""
DEAD_MOST = 0.3
"""The highest share of dead rows. PostgreSQL begins a vacuum at a fifth, and takes its time."""
_HANG_S = 600.0
_SMALL = 1000
"""The live rows below which a table is left out: a page of 8 kB more would count as growth."""
_TABLES = """select c.relname as name, s.n_live_tup as live, s.n_dead_tup as dead,
    pg_total_relation_size(c.oid) as bytes
  from pg_class c join pg_stat_user_tables s on s.relid = c.oid where c.relkind = 'r'"""


@dataclass(frozen=True, slots=True)
class Line:
    """A line fitted to a series: its level at the end, and its rise in an hour."""

    level: float
    rise_per_hour: float

    def is_flat(self, unit: str) -> bool:
        """Return whether the rise is small beside the level, or small in itself."""
        return self.rise_per_hour <= max(STEPS[unit], RISE_PART * abs(self.level))


def fitted(times_s: Sequence[float], values: Sequence[float]) -> Line:
    """Fit a line by least squares."""
    middle, mean = sum(times_s) / len(times_s), sum(values) / len(values)
    spread = sum((at - middle) ** 2 for at in times_s)
    both = sum((at - middle) * (value - mean) for at, value in zip(times_s, values, strict=True))
    slope = both / spread if spread else 0.0
    return Line(mean + slope * (times_s[-1] - middle), slope * 3600)


def processes(made: Product) -> dict[str, float]:
    """Return memory, open files and number of the product's processes, by their kind."""
    found: dict[str, float] = {}
    for pid in made.tree():
        with suppress(OSError):
            kind = _kind(Path(f"/proc/{pid}/cmdline").read_bytes())
            status = Path(f"/proc/{pid}/status").read_text()
            files = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
            for unit, value in (("mb", _anonymous_mb(status)), ("files", files), ("processes", 1)):
                name = f"{unit} {kind}"
                found[name] = found.get(name, 0.0) + value
    return found


def _kind(command: bytes) -> str:
    words = command.decode(errors="replace").replace("\0", " ").split()
    if words[0] == "postgres:":
        return "postgres connections" if words[1] in ("gateway", "postgres") else "postgres"
    for kind in ("--webhooks", "--clients", "runner", "ticker", "redis", "postgres"):
        if any(kind in word for word in words):
            return kind.strip("-")
    return "other"


def _anonymous_mb(status: str) -> float:
    (line,) = (line for line in status.splitlines() if line.startswith("RssAnon:"))
    return int(line.split()[1]) / 1024


async def servers(settings: Settings) -> dict[str, float]:
    """Return the connections, and the dead rows and the size of each table."""
    assert settings.database_url
    assert settings.redis_url
    db = await asyncpg.connect(plain_dsn(settings.database_url.get_secret_value()))
    try:
        of_postgres = await db.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        )
        tables = await db.fetch(_TABLES)
    finally:
        await db.close()
    cache = redis.asyncio.from_url(settings.redis_url.get_secret_value())
    try:
        of_redis = (await cache.info("clients"))["connected_clients"] - 1
    finally:
        await cache.aclose()
    found = {"connections postgres": float(of_postgres), "connections redis": float(of_redis)}
    for row in tables:
        if row["live"] >= _SMALL:
            found[f"dead {row['name']}"] = row["dead"] / row["live"]
            found[f"bytes_per_row {row['name']}"] = row["bytes"] / row["live"]
    return found


@dataclass(frozen=True, slots=True)
class Sample:
    """Everything that was counted at one moment, in seconds from the start."""

    at_s: float
    counts: dict[str, float]


def judged(samples: Sequence[Sample]) -> tuple[list[str], list[str]]:
    """Return a line of text for each series, and the series that are not flat.

    A series that is in less than half of the samples is left out: its table had few rows.
    """
    after_s = samples[-1].at_s * _WARM_PART
    warm = [sample for sample in samples if sample.at_s >= after_s]
    told, missed = list[str](), list[str]()
    for name in sorted({name for sample in warm for name in sample.counts}):
        found = [(each.at_s, each.counts[name]) for each in warm if name in each.counts]
        if len(found) < max(3, len(warm) // 2):
            continue
        times, values = [at for at, _ in found], [value for _, value in found]
        unit = name.partition(" ")[0]
        if unit == "dead":
            is_flat, said = max(values) <= DEAD_MOST, f"at most {max(values):.3f}"
        else:
            line = fitted(times, values)
            is_flat = line.is_flat(unit)
            said = f"{values[0]:.1f} to {values[-1]:.1f}, {line.rise_per_hour:+.2f} an hour"
        told.append(f"{name}: {said}")
        if not is_flat:
            missed.append(f"{name} is not flat: {said}")
    return told, missed


class Recorder:
    """The record of one run."""

    def __init__(self, made: Product, kept: Path | None) -> None:
        self._product, self._kept = made, kept
        self._began = time.monotonic()
        self.samples: list[Sample] = []

    def take(self) -> None:
        """Count everything once."""
        counts = processes(self._product) | asyncio.run(servers(self._product.settings))
        sample = Sample(round(time.monotonic() - self._began, 1), counts)
        self.samples.append(sample)
        if self._kept:
            with self._kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(sample)) + "\n")
        load = os.getloadavg()[0]
        of_api = counts.get("mb webhooks", 0.0)
        print(f"{sample.at_s:.0f} s: webhooks {of_api:.1f} MB, load {load:.1f}", file=sys.stderr)


def run(minutes: float, rate: float, kept: Path | None) -> list[dict[str, object]]:
    """Record a gateway that this run starts, while phones use it."""
    leave_every_gateway()
    phones, keys = int(rate * _PHONES_PER_KEY), int(minutes * 60 * rate)
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        print(f"benchmark in {folder}, removed at the end", file=sys.stderr)
        with product(Path(folder), max(2000, keys // 2)) as made:
            enrol(made.settings, FIRST_PHONE, phones)
            books = Books(made.settings)
            before = books.answers()
            recorder = Recorder(made, kept)
            heard = _phones(made, minutes * 60, rate, phones, recorder)
            verdict = books.judge(before, [heard])
    told, missed = judged(recorder.samples)
    missed += [
        f"{n} {what}" for what, n in (("lost", verdict.lost), ("doubled", verdict.doubled)) if n
    ]
    missed += [f"{n} times: {what}" for what, n in heard.faults.items()]
    answered = sorted(heard.answered_ms)
    p99_ms = round(answered[len(answered) * 99 // 100], 1)
    return [
        {
            "name": "long_run",
            "ours": len(missed),
            "floor": 0,
            "ratio": None,
            "unit": "series that are not flat",
            "p50_ms": round(answered[len(answered) // 2], 1),
            "p99_ms": p99_ms,
            "series": told,
            "missed": missed,
            "note": f"{minutes:g} minutes at {rate:g} keys/s; {len(answered):,} keys answered, p99 {p99_ms} ms, "
            f"{len(heard.saved):,} answers saved, {len(heard.texts):,} SMS; {verdict.lost} lost, "
            f"{verdict.doubled} doubled; load average {os.getloadavg()[0]:.1f}",
        }
    ]


def _phones(made: Product, seconds: float, rate: float, phones: int, recorder: Recorder) -> Heard:
    """Let the phones press keys, and count everything once a minute meanwhile."""
    load = Load(
        port=made.port,
        rate=rate,
        seconds=seconds,
        first=FIRST_PHONE,
        phones=phones,
        run=f"{os.getpid()}",
        sms_share=0.1,
        starts_at=time.time() + 1.0,
    )
    with (
        tempfile.TemporaryFile("w+") as out,
        subprocess.Popen(
            [sys.executable, "-m", "bench._edges.phones"],
            stdin=subprocess.PIPE,
            stdout=out,
            text=True,
        ) as running,
    ):
        assert running.stdin
        running.stdin.write(json.dumps(asdict(load)))
        running.stdin.close()
        until = time.monotonic() + seconds + _HANG_S
        while running.poll() is None:
            recorder.take()
            assert time.monotonic() < until, "the phones hang"
            with suppress(subprocess.TimeoutExpired):
                running.wait(_EVERY_S)
        if running.returncode:
            raise SystemExit("the phones broke")
        out.seek(0)
        return Heard(**json.load(out))


def read(kept: Path) -> list[Sample]:
    """Return the samples of a record."""
    return [Sample(**json.loads(line)) for line in kept.read_text("utf-8").splitlines()]


def main() -> None:
    """Record and judge a run, or judge a record."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--minutes", type=float, default=60.0)
    asked.add_argument("--rate", type=float, default=30.0, help="keys in a second")
    asked.add_argument("--samples", type=Path, help="the file in which the record is kept")
    asked.add_argument("--fit", type=Path, help="judge this record instead of a new run")
    given = asked.parse_args()
    if given.fit:
        told, missed = judged(read(given.fit))
        print(json.dumps({"series": told, "missed": missed}, indent=1))
        return
    print(json.dumps({"results": run(given.minutes, given.rate, given.samples)}, indent=1))


if __name__ == "__main__":
    main()

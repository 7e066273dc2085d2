"""The test that workers are answered whatever clients, strangers or crowds do, on `gateway up`.

It measures the bars of issue 9. The product runs as an operator runs it (two webhook processes, a
client process, runners, scheduler, PostgreSQL and Redis), with its defaults, in a folder of its
own. Phones dial and text in an open loop: each key is due at its moment, and its latency counts
from then. Meanwhile one attack after the other runs in a process of its own. After each scenario
the database is compared with the replies to the phones: no answer may be lost, refused or doubled.

Then the capacity is measured: the largest rate at which every key gets its own screen within 2 s
(p99), where at most one key in a hundred may get a polite refusal. Each try lasts as long as the
overload does, since a shorter one would count the keys that still wait at its end as work that the
machine keeps up with. Fewer phones press the keys, so that most keys come in the middle of a
session, as they do among the answered keys of the overload. (Dialling is cheaper than answering.)
After that, ten times this rate is offered. For these two runs the product has all CPUs but the
last, and the phones have the last, as real phones would be other machines. A figure does not count
if keys left late.

`--short` asserts the bars that do not depend on the machine's speed: nothing lost, refused or
doubled, and memory.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bench._edges.books import Books, Verdict
from bench._edges.phones import STARVED, Heard, Load
from bench._edges.product import Product, enrol, pin, product
from gateway.settings.apart import leave_every_gateway

P99_MS, POLITE_MS, LONGEST_MS = 2000, 1000, 8000
PEAK_MB, ANSWERED_PART, POLITE_PART = 400, 0.8, 0.01
ATTACKS = (
    "refused_upload",
    "accepted_upload",
    "anonymous",
    "slow_from_one",
    "slow_from_many",
    "quotes",
)
FIRST_PHONE = 100_000
_HANG_S, _TRIES = 600, 2


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a run: the load and its duration."""

    short: bool
    rate: float
    seconds: float
    phones: int
    tasks: int
    over_s: float
    over_rate: float
    capacity_phones: int = 1000


FULL = Size(short=False, rate=40, seconds=20, phones=2000, tasks=20_000, over_s=20, over_rate=0)
SHORT = Size(short=True, rate=15, seconds=2, phones=400, tasks=4000, over_s=3, over_rate=300)


class Bench:
    """A running product, measured under one load after the other."""

    def __init__(self, made: Product, size: Size) -> None:
        self._product, self._size = made, size
        self._books = Books(made.settings)
        self._runs = 0
        self.cpu = dict[str, float]()
        """Seconds of CPU that the product's processes used under the last load, by kind."""
        self.cpus = sorted(os.sched_getaffinity(0))

    def attacks(self) -> list[dict[str, object]]:
        """Measure the phones during each attack, and without an attack."""
        return [self._beside(None), *(self._beside(kind) for kind in ATTACKS)]

    def _beside(self, kind: str | None) -> dict[str, object]:
        size, counts = self._size, dict[str, int]()
        self._product.forget_peaks()
        before = self._books.answers()
        with self._attack(kind, counts):
            heard = self._offer(size.rate, size.seconds)
        found = self._found(f"edges_{kind or 'calm'}", heard, self._books.judge(before, heard))
        found["attack"] = counts
        missed = _missed_always(found)
        if not size.short and _number(found["p99_ms"]) >= P99_MS:
            missed.append(f"USSD p99 {found['p99_ms']} ms, at most {P99_MS}")
        return {
            **found,
            "ours": found["p99_ms"],
            "floor": P99_MS,
            "unit": "ms USSD p99",
            "missed": missed,
            "ratio": round(_number(found["p99_ms"]) / P99_MS, 3),
            "note": f"{size.rate:g} keys/s; {_told(found)}; attack: {counts or 'none'}",
        }

    def capacity(self) -> dict[str, object]:
        """Find the largest rate at which all phones are answered in time."""
        tried, good, bad = list[str](), 0.0, 0.0
        rate = 60.0
        while not bad or bad - good > 0.12 * bad:
            ok = self._all_are_answered(rate, tried)
            good, bad = (rate, bad) if ok else (good, rate)
            rate = (good + bad) / 2 if bad else rate * 1.5
            if bad and bad < 5:
                break
        return {
            "name": "edges_capacity",
            "ours": round(good),
            "floor": None,
            "ratio": None,
            "unit": "keys/s",
            "p50_ms": None,
            "p99_ms": None,
            "missed": [],
            "load_average": os.getloadavg()[0],
            "note": f"rates tried: {'; '.join(tried)}",
        }

    def _all_are_answered(self, rate: float, tried: list[str]) -> bool:
        """Return whether all phones are answered in time, at the first or the second try.

        One unlucky moment would find a small capacity, and so lower the bar for the overload.
        """
        size = self._size
        for _ in range(_TRIES):
            ok, said = _all_answered(self._offer(rate, size.over_s, size.capacity_phones))
            # Otherwise the SMS that one try leaves behind are processed during the next one.
            self._books.await_stored()
            tried.append(f"{rate:.0f}: {said}")
            if ok:
                return True
        return False

    def overload(self, capacity: float) -> dict[str, object]:
        """Offer ten times the rate that can be answered."""
        size = self._size
        rate = size.over_rate or capacity * 10
        self._product.forget_peaks()
        before = self._books.answers()
        heard = self._offer(rate, size.over_s)
        verdict = self._books.judge(before, heard)
        found = self._found("edges_overload", heard, verdict)
        polite, screens = (
            _merged(heard, "polite_ms"),
            _merged(heard, "answered_ms", "polite_ms", "slow_ms"),
        )
        per_s = round(_number(found["answered"]) / max(one.lasted_s for one in heard))
        found |= {
            "polite": len(polite),
            "polite_p99_ms": _cut(polite, 0.99),
            "longest_ms": _cut(screens, 1.0),
            "answered_per_s": per_s,
            "worked_off_s": round(verdict.worked_off_s, 1),
            "saved_part": round(_saved_part(heard), 2),
        }
        missed = _missed_always(found)
        if not size.short:
            missed += _missed_overload(found, capacity)
        return {
            **found,
            "ours": per_s,
            "floor": round(capacity),
            "unit": "keys/s answered at ten times the capacity",
            "ratio": round(per_s / capacity, 3) if capacity else None,
            "missed": missed,
            "note": f"{rate:.0f} keys/s offered for {size.over_s:g} s; {_told(found)}; {len(polite)} polite screens, p99 "
            f"{found['polite_p99_ms']} ms; {found['saved_part']:.0%} saved answers; longest {found['longest_ms']} ms; stored SMS were worked off "
            f"{found['worked_off_s']} s later",
        }

    @contextmanager
    def apart(self) -> Generator[None]:
        """Let the product have all CPUs but the last, and the phones the last."""
        pids = self._product.tree()
        if len(self.cpus) > 1:
            pin(pids, self.cpus[:-1])
        try:
            yield
        finally:
            pin(self._product.tree(), self.cpus)

    def _offer(self, rate: float, seconds: float, phones: int = 0) -> list[Heard]:
        """Run the phones, in one process for each CPU that they have."""
        self._runs += 1
        used = self._product.cpu_s()
        load = Load(
            port=self._product.port,
            rate=rate,
            seconds=seconds,
            first=FIRST_PHONE,
            phones=phones or self._size.phones,
            run=f"{os.getpid()}r{self._runs}",
            sms_share=0.1,
            cpus=self.cpus[-1:],
            starts_at=time.time() + 1.0,
        )
        with subprocess.Popen(
            [sys.executable, "-m", "bench._edges.phones"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as running:
            out, _ = running.communicate(json.dumps(asdict(load)), timeout=_HANG_S)
        if running.returncode:
            raise SystemExit("the phones broke")
        now = self._product.cpu_s()
        self.cpu = {kind: round(now[kind] - used.get(kind, 0.0), 1) for kind in sorted(now)}
        return [Heard(**json.loads(out))]

    @contextmanager
    def _attack(self, kind: str | None, counts: dict[str, int]) -> Generator[None]:
        if kind is None:
            yield
            return
        words = [kind, str(self._product.port), str(self._size.seconds + 1), self._product.key]
        with subprocess.Popen(
            [sys.executable, "-m", "bench._edges.abuse", *words], stdout=subprocess.PIPE, text=True
        ) as running:
            assert running.stdout
            running.stdout.readline()  # The process writes a line once everything is prepared.
            yield
            counts.update(json.loads(running.communicate(timeout=_HANG_S)[0]))

    def _found(self, name: str, heard: Sequence[Heard], verdict: Verdict) -> dict[str, object]:
        answered, sms = _merged(heard, "answered_ms"), _merged(heard, "sms_ms")
        faults = {what: n for one in heard for what, n in one.faults.items()}
        lasted = max(one.lasted_s for one in heard)
        return {
            "name": name, "p50_ms": _cut(answered, 0.5), "p99_ms": _cut(answered, 0.99), "answered": len(answered),
            "polite": len(_merged(heard, "polite_ms")), "slow": len(_merged(heard, "slow_ms")),
            "sms": len(sms), "sms_p99_ms": _cut(sms, 0.99), "faults": faults,
            "lost": verdict.lost, "doubled": verdict.doubled,
            "refused": sum(faults.values()) - faults.get(STARVED, 0),
            "peak_mb": self._product.peak_mb(), "late_p99_ms": _cut(_merged(heard, "late_ms"), 0.99),
            "generator_cpu": round(sum(one.cpu_s for one in heard) / lasted, 2),
            "load_average": round(os.getloadavg()[0], 1), "cpu_s": self.cpu,
            "worst_ms": [round(max(each)) for each in zip(*(one.worst_ms for one in heard), strict=True)],
        }  # fmt: skip


def _missed_always(found: dict[str, object]) -> list[str]:
    missed = [f"{found[what]} {what}" for what in ("lost", "refused", "doubled") if found[what]]
    if _number(found["peak_mb"]) >= PEAK_MB:
        missed.append(f"a webhook process took {found['peak_mb']} MB, at most {PEAK_MB}")
    return missed


def _missed_overload(found: dict[str, object], capacity: float) -> list[str]:
    bars = (
        ("answered_per_s", capacity * ANSWERED_PART, True),
        ("p99_ms", P99_MS, False),
        ("polite_p99_ms", POLITE_MS, False),
        ("longest_ms", LONGEST_MS, False),
    )
    starved = [f"{found['faults']}"] if found["faults"] else []
    return starved + [
        f"{name} is {found[name]}, at {'least' if least else 'most'} {bar:.0f}"
        for name, bar, least in bars
        if (_number(found[name]) < bar if least else _number(found[name]) > bar)
    ]


def _all_answered(heard: Sequence[Heard]) -> tuple[bool, str]:
    answered, polite = _merged(heard, "answered_ms"), _merged(heard, "polite_ms", "slow_ms")
    faults = sum(sum(one.faults.values()) for one in heard)
    p99 = _cut(answered, 0.99)
    part = len(polite) / max(1, len(answered) + len(polite))
    return (
        p99 < P99_MS and part <= POLITE_PART and not faults,
        f"p99 {p99:.0f} ms, {part:.1%} polite, {_saved_part(heard):.0%} saved answers",
    )


def _saved_part(heard: Sequence[Heard]) -> float:
    """Return the part of the answered keys that were answers to a question."""
    answered = sum(len(one.answered_ms) for one in heard)
    return sum(len(one.saved) for one in heard) / max(1, answered)


def _told(found: dict[str, object]) -> str:
    return (
        f"USSD p50 {found['p50_ms']}, p99 {found['p99_ms']} ms; {found['answered']} answered, {found['polite']} turned away "
        f"politely, {found['slow']} slow; {found['lost']} lost, {found['refused']} refused {found['faults'] or ''}, "
        f"{found['doubled']} doubled; {found['sms']} SMS acknowledged, p99 {found['sms_p99_ms']} ms; webhook process at "
        f"most {found['peak_mb']} MB; phones took {found['generator_cpu']} CPU, keys left at most {found['late_p99_ms']} ms "
        f"late (p99); worst ms of each second {found['worst_ms']}; CPU seconds {found['cpu_s']}; load average {found['load_average']}"
    )


def _merged(heard: Sequence[Heard], *names: str) -> list[float]:
    return sorted(each for one in heard for name in names for each in getattr(one, name))


def _cut(ordered: Sequence[float], part: float) -> float:
    if not ordered:
        return 0.0
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * part))], 1)


def _number(found: object) -> float:
    assert isinstance(found, int | float)
    return float(found)


def run(size: Size, parts: Sequence[str]) -> list[dict[str, object]]:
    leave_every_gateway()
    results = list[dict[str, object]]()
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        print(f"benchmark in {folder}, removed at the end", file=sys.stderr)
        with product(Path(folder), size.tasks) as made:
            enrol(made.settings, FIRST_PHONE, size.phones)
            bench = Bench(made, size)
            if "attacks" in parts:
                results += bench.attacks()
            if "overload" in parts:
                results += _over(bench, size)
    return results


def _over(bench: Bench, size: Size) -> list[dict[str, object]]:
    if size.short:
        return [bench.overload(0.0)]
    with bench.apart():
        capacity = bench.capacity()
        return [capacity, bench.overload(_number(capacity["ours"]))]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", choices=("attacks", "overload"))
    given = parser.parse_args()
    wanted = [given.only] if given.only else ["attacks", "overload"]
    print(json.dumps({"results": run(SHORT if given.short else FULL, wanted)}, indent=1))

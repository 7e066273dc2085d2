"""The speed of the quality engine: Dawid-Skene, a batch by `auto`, the judge, imports, memory.

    python -m bench.qa_speed [--peer PYTHON | --no-peer] [--full] [--json FILE]

`ours` and `floor` are CPU seconds of one thread for the same 20 iterations on the same synthetic
answers, strings in and values out. The floors are crowd-kit's DawidSkene, in an environment that is
made on first use (`bench._crowds.crowd_kit`), and the textbook algorithm on dictionaries. For the
judge, `ours` is microseconds of one call. `--full` measures ten million answers, too.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import log
from pathlib import Path
from random import Random
from statistics import median, quantiles
from time import perf_counter_ns, process_time

from bench._crowds import crowd_kit
from gateway.qa import rule
from gateway.qa.answers import choice
from gateway.qa.estimation import em, resume
from gateway.qa.judging.overlap import (
    AnswerPrice,
    AnswerPrices,
    DynamicOverlap,
    PricedOverlap,
    judge,
)
from gateway.qa.port import Answers, Estimate, encode
from gateway.qa.skills.skill import Skill

ITERATIONS = 20
REPEATS = 5
PEER_REPEATS = 3
JUDGED = 20_000
MEMORY_ANSWERS = (200_000, 1_000_000)
MEMORY_FULL = 10_000_000
IMPORTS = 7
ONE_THREAD = "OPENBLAS_NUM_THREADS"
STATES = 500
Rows = list[tuple[str, str, str]]
Result = dict[str, object]


def crowd(tasks: int, options: str, *, answers: int = 5, workers: int = 300) -> Rows:
    """Return synthetic answers of workers with skills between .5 and .95."""
    random = Random(1)
    skills = [random.uniform(0.5, 0.95) for _ in range(workers)]
    rows: Rows = []
    for task in range(tasks):
        truth = random.choice(options)
        for worker in random.sample(range(workers), answers):
            right = random.random() < skills[worker]
            rows.append((f"t{task}", f"w{worker}", truth if right else random.choice(options)))
    return rows


def textbook(rows: Rows) -> dict[str, str]:
    """Run Dawid-Skene on dictionaries, with a hundredth of a count as smoothing."""
    options = sorted({answer for _, _, answer in rows})
    said: dict[str, list[tuple[str, str]]] = {}
    for task, worker, answer in rows:
        said.setdefault(task, []).append((worker, answer))
    belief = {
        task: {o: sum(a == o for _, a in answers) / len(answers) for o in options}
        for task, answers in said.items()
    }
    for _ in range(ITERATIONS):
        counts: dict[tuple[str, str, str], float] = {}
        totals: dict[tuple[str, str], float] = {}
        classes = dict.fromkeys(options, 0.01)
        for task, answers in said.items():
            for option, share in belief[task].items():
                classes[option] += share
                for worker, answer in answers:
                    key = (worker, option, answer)
                    counts[key] = counts.get(key, 0.01) + share
                    totals[key[:2]] = totals.get(key[:2], 0.01 * len(options)) + share
        for task, answers in said.items():
            score = {o: log(classes[o]) for o in options}
            for option in options:
                for worker, answer in answers:
                    score[option] += log(counts[worker, option, answer] / totals[worker, option])
            top = max(score.values())
            weight = {o: 2.718281828459045 ** (score[o] - top) for o in options}
            belief[task] = {o: weight[o] / sum(weight.values()) for o in options}
    return {task: max(shares, key=shares.__getitem__) for task, shares in belief.items()}


def cpu_seconds(work: Callable[[], object], repeats: int = REPEATS) -> list[float]:
    """Return the CPU seconds of every run, after one run to warm up."""
    work()
    seconds: list[float] = []
    for _ in range(repeats):
        started = process_time()
        work()
        seconds.append(process_time() - started)
    return seconds


def line(name: str, ours: list[float], floor: float | None, unit: str, note: str) -> Result:
    """Return one row of the table. `ours` is in seconds."""
    middle = median(ours)
    scale = 1e6 if unit == "us" else 1.0
    return {
        "name": name,
        "ours": round(middle * scale, 4),
        "floor": None if floor is None else round(floor * scale, 4),
        "ratio": None if floor is None else round(floor / middle, 1),
        "unit": unit,
        "p50_ms": round(middle * 1e3, 4),
        "p99_ms": round(quantiles(ours, n=100)[98] * 1e3, 4),
        "note": note,
    }


def single(name: str, ours: float, unit: str, note: str) -> Result:
    """Return one row of the table for a figure that is measured once."""
    beside: Result = dict.fromkeys(("floor", "ratio", "p50_ms", "p99_ms"))
    return {"name": name, "ours": round(ours, 2), **beside, "unit": unit, "note": note}


def dawid_skene(peer: Path | None) -> list[Result]:
    """Compare equal numbers of iterations, so that the time to convergence plays no part."""
    em.ROUNDS_MAX, em.CONTENT, em.CONTENT_MEAN = ITERATIONS, -1.0, -1.0
    results: list[Result] = []
    for name, tasks, options in (
        ("20k_2", 4_000, "ab"),
        ("100k_2", 20_000, "ab"),
        ("100k_5", 20_000, "abcde"),
    ):
        rows = crowd(tasks, options)
        ours = cpu_seconds(lambda rows=rows: rule("dawid_skene").aggregate(encode(rows)))
        note = f"{len(rows):,} answers, {len(options)} options, {ITERATIONS} iterations"
        plain = cpu_seconds(lambda rows=rows: textbook(rows), 1)[0]
        results.append(
            line(f"dawid_skene_{name}", ours, plain, "s", f"{note}; floor: dictionaries")
        )
        if peer:
            theirs = median(crowd_kit.dawid_skene_seconds(peer, rows, ITERATIONS, PEER_REPEATS))
            results.append(
                line(f"dawid_skene_{name}_peer", ours, theirs, "s", f"{note}; floor: crowd-kit")
            )
    return results


def to_convergence() -> list[Result]:
    """Measure the estimate of a live batch of 100,000 answers, from the start and as it grows."""
    results: list[Result] = []
    for options in ("ab", "abcde"):
        rows = crowd(20_000, options)
        answers, earlier = encode(rows), encode(rows[:95_000])
        note = f"100,000 encoded answers, {len(options)} options, to convergence"
        for name in ("majority", "dawid_skene", "auto"):
            seconds = cpu_seconds(partial(anew, name, answers))
            results.append(line(f"{name}_100k_{len(options)}", seconds, None, "s", note))
        before = rule("auto").aggregate(earlier)

        seconds = cpu_seconds(partial(again, answers, earlier, before))
        results.append(
            line(f"auto_again_100k_{len(options)}", seconds, None, "s", f"{note}, from 95,000 on")
        )
    return results


def anew(name: str, answers: Answers) -> object:
    """Estimate a batch by a rule from the start."""
    return rule(name).aggregate(fresh(answers))


def again(answers: Answers, earlier: Answers, before: Estimate) -> object:
    """Estimate a batch that has grown, from its earlier estimate."""
    late = fresh(answers)
    return rule("auto").aggregate(late, None, resume.start(late, earlier, before))


def fresh(answers: Answers) -> Answers:
    """Return a copy of the answers without any cached figure."""
    return replace(answers)


def memory(*, full: bool) -> list[Result]:
    """Measure the most memory of a process that reads, encodes and estimates by `auto`.

    NumPy's own memory is subtracted.
    """
    small, large = MEMORY_ANSWERS
    each = (_peak_bytes(large) - _peak_bytes(small)) / (large - small)
    between = f"bytes an answer by auto, from strings, between {small:,} and {large:,} answers"
    limit = f"{between}; 2 GB for {MEMORY_FULL:,} are 200"
    results = [single("memory_per_answer", each, "B", limit)]
    if full:
        gigabytes = _peak_bytes(MEMORY_FULL) / 1e9
        results.append(single("memory_10m", gigabytes, "GB", "auto, 10,000,000 answers; limit 2"))
    return results


def _peak_bytes(answers: int) -> int:
    code = (
        "import resource, numpy; from random import Random\n"
        "from gateway.qa import rule; from gateway.qa.port import encode\n"
        "r = Random(1); base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"rows = ((f't{{i // 5}}', f'w{{r.randrange(20000)}}', r.choice('ab')) for i in range({answers}))\n"
        "rule('auto').aggregate(encode(rows))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return 1024 * int(done.stdout)


def imports() -> list[Result]:
    """Measure the cost of `import gateway.qa` and of the rules, above that of Python itself."""
    bare = median(_import_seconds("pass") for _ in range(IMPORTS))
    results: list[Result] = []
    for name, code in (
        ("import_gateway_qa", "import gateway.qa"),
        ("import_rules", "from gateway.qa import rule; rule('auto')"),
        ("import_text", "import gateway.qa.text.aggregate"),
    ):
        seconds = [max(0.0, _import_seconds(code) - bare) for _ in range(IMPORTS)]
        results.append(line(name, seconds, None, "s", f"CPU of a fresh process: {code}"))
    return results


def _import_seconds(code: str) -> float:
    """Return the CPU seconds of a Python process that runs this code and ends."""
    asked = f"{code}\nimport time; print(time.process_time())"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)
    return float(done.stdout)


def online() -> list[Result]:
    """Measure the judgement of one answer together with those before it.

    Each answer of a worker costs this. Synthetic states are judged again and again.
    """
    random = Random(1)
    options = list("abcde")
    states = [
        (
            random.choices(options, (6, 2, 1, 1, 1), k=3),
            [Skill(random.uniform(0, 40), random.uniform(0, 10)) for _ in range(3)],
        )
        for _ in range(STATES)
    ]
    market = AnswerPrices(AnswerPrice(5.0))
    results: list[Result] = []
    for name, policy in (
        ("judge_one_answer", DynamicOverlap()),
        ("judge_one_answer_by_price", PricedOverlap(500.0)),
    ):
        seconds: list[float] = []
        for turn in range(JUDGED):
            values, skills = states[turn % STATES]
            started = perf_counter_ns()
            judge(choice, values, skills, options, policy, market=market)
            seconds.append((perf_counter_ns() - started) / 1e9)
        note = f"3 answers, 5 options, {STATES} states; at most 10"
        results.append(line(name, seconds, None, "us", note))
    return results


def main() -> None:
    """Run all measurements and print the table as JSON."""
    # NumPy reads the variable when it is imported, which has happened already.
    if ONE_THREAD not in os.environ:
        os.environ[ONE_THREAD] = "1"
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606  # ourselves
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, help="an interpreter that has crowd-kit already")
    parser.add_argument("--no-peer", action="store_true", help="do without crowd-kit")
    parser.add_argument("--full", action="store_true", help="measure ten million answers, too")
    parser.add_argument("--json", default="-", help="where to write the table; - is stdout")
    chosen = parser.parse_args()
    peer: Path | None = chosen.peer
    if peer is None and not chosen.no_peer:
        try:
            peer = crowd_kit.interpreter()
        except crowd_kit.CannotRun as error:
            sys.stderr.write(f"NOT MEASURED: crowd-kit cannot be installed here ({error})\n")
    # Convergence runs first, since the runs of equal iterations change the loop's constants for
    # good.
    results = [*imports(), *online(), *memory(full=chosen.full), *to_convergence()]
    results += dawid_skene(peer)
    table = json.dumps({"results": results}, indent=1) + "\n"
    if chosen.json == "-":
        sys.stdout.write(table)
    else:
        Path(chosen.json).write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()

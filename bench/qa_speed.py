"""Quality engine: Dawid-Skene beside a plain one (and crowd-kit), a batch by `auto`, the judge.

    python bench/qa_speed.py [--peer-python PATH] [--json FILE]

`ours` and `floor` are CPU seconds of one thread for the same 20 iterations on the same made-up
answers, strings in and values out; the floor is the algorithm as a textbook has it, on
dictionaries. With `--peer-python`, an interpreter that can import crowdkit, a line with crowd-kit
as the floor is added. For the judge, `ours` is microseconds of one call.
"""

import argparse
import json
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

from gateway.qa import em, resume, rule
from gateway.qa.overlap import DynamicOverlap, Market, Offer, PricedOverlap, judge
from gateway.qa.port import Answers, Estimate, encode
from gateway.qa.skill import Skill

ITERATIONS = 20
REPEATS = 5
JUDGED = 20_000
MEMORY_ANSWERS = (100_000, 400_000)
Rows = list[tuple[str, str, str]]
Result = dict[str, object]

PEER = """
import json, sys, time
import pandas
from crowdkit.aggregation.classification.dawid_skene import DawidSkene
rows = json.load(sys.stdin)
frame = pandas.DataFrame(rows, columns=["task", "worker", "label"])
started = time.process_time()
DawidSkene(n_iter={iterations}, tol=0).fit_predict(frame)
print(time.process_time() - started)
"""


def crowd(tasks: int, options: str, *, answers: int = 5, workers: int = 300) -> Rows:
    """Made-up answers: workers of every skill between .5 and .95."""
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
    """Dawid-Skene on dictionaries, a hundredth of a count as smoothing."""
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
    """CPU seconds of every run, after one to warm up."""
    work()
    seconds: list[float] = []
    for _ in range(repeats):
        started = process_time()
        work()
        seconds.append(process_time() - started)
    return seconds


def line(name: str, ours: list[float], floor: float | None, unit: str, note: str) -> Result:
    """One row of the table; `ours` in seconds."""
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


def peer_seconds(python: Path, rows: Rows) -> float:
    """CPU seconds of crowd-kit's DawidSkene, its own imports not counted."""
    code = PEER.format(iterations=ITERATIONS)
    said = json.dumps(rows)
    command = [python, "-c", code]
    done = subprocess.run(command, input=said, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{python} cannot run crowd-kit: {done.stderr.strip().splitlines()[-1]}")
    return float(done.stdout)


def dawid_skene(peer: Path | None) -> list[Result]:
    """Equal iterations, so the time to convergence plays no part."""
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
            theirs = peer_seconds(peer, rows)
            results.append(
                line(f"dawid_skene_{name}_peer", ours, theirs, "s", f"{note}; floor: crowd-kit")
            )
    return results


def to_convergence() -> list[Result]:
    """What a live batch of 100,000 answers costs to be estimated anew, and again as it grows."""
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
    """Estimate a batch that has grown, from where it stood."""
    late = fresh(answers)
    return rule("auto").aggregate(late, None, resume.start(late, earlier, before))


def fresh(answers: Answers) -> Answers:
    """The same answers without what was worked out about them before."""
    return replace(answers)


def memory() -> Result:
    """Most memory of a process that reads, encodes and estimates a million answers, above NumPy's own."""
    code = (
        "import resource, sys; import numpy; from random import Random\n"
        "from gateway.qa import rule; from gateway.qa.port import encode\n"
        "r = Random(1); base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "rows = ((f't{i // 5}', f'w{r.randrange(20000)}', r.choice('ab')) for i in range(%d))\n"
        "rule('dawid_skene').aggregate(encode(rows))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base)"
    )
    kilobytes = [
        int(
            subprocess.run([sys.executable, "-c", code % n], capture_output=True, check=True).stdout
        )
        for n in MEMORY_ANSWERS
    ]
    each = 1024 * (kilobytes[1] - kilobytes[0]) / (MEMORY_ANSWERS[1] - MEMORY_ANSWERS[0])
    note = f"bytes an answer, dawid_skene from strings, between {MEMORY_ANSWERS[0]:,} and {MEMORY_ANSWERS[1]:,}; 2 GB for 10 million are 200"
    return {
        "name": "memory_per_answer",
        "ours": round(each),
        "floor": None,
        "ratio": None,
        "unit": "B",
        "p50_ms": None,
        "p99_ms": None,
        "note": note,
    }


def online() -> list[Result]:
    """One answer judged among three, five options: what hearing an answer pays for."""
    skills = [Skill(8.0, 2.0), Skill(), Skill(40.0, 4.0)]
    options, values = list("abcde"), ["a", "b", "a"]
    market = Market(Offer(5.0))
    results: list[Result] = []
    for name, policy in (
        ("judge_one_answer", DynamicOverlap()),
        ("judge_one_answer_by_price", PricedOverlap(500.0)),
    ):
        seconds: list[float] = []
        for _ in range(JUDGED):
            started = perf_counter_ns()
            judge(False, values, skills, options, policy, market=market)  # noqa: FBT003
            seconds.append((perf_counter_ns() - started) / 1e9)
        results.append(line(name, seconds, None, "us", "3 answers, 5 options"))
    return results


def main() -> None:
    """Run everything and print the table as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", type=Path, help="an interpreter with crowd-kit")
    parser.add_argument("--json", default="-", help="where to write the table; - is stdout")
    chosen = parser.parse_args()
    # Convergence first: the equal-iterations runs change the loop's constants for good.
    results = [*online(), memory(), *to_convergence(), *dawid_skene(chosen.peer_python)]
    table = json.dumps({"results": results}, indent=1) + "\n"
    if chosen.json == "-":
        sys.stdout.write(table)
    else:
        Path(chosen.json).write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()

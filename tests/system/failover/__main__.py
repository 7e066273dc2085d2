"""Faults of deploy/many-machines, and a line of JSON for each seed.

`python -m tests.system.failover [--seeds 1,2,3,4,5] [--short]`
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from . import programs
from .hosts import can_have_namespaces
from .judge import Verdict
from .play import BACK_WITHIN_S, Plan, play


def main() -> int:
    """Play every seed in a process of its own.

    A process that has moved into a host of its network cannot come back.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.system.failover")
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument(
        "--short", action="store_true", help="three faults, fewer phones, and no bar for speed"
    )
    parser.add_argument(
        "--if-possible", action="store_true", help="succeed where a program is missing"
    )
    parser.add_argument(
        "--loopback", action="store_true", help="no network namespaces, although they are possible"
    )
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if absent := programs.missing():
        _say(f"!! LEFT OUT: {absent}")
        return 0 if words.if_possible else 1
    namespaces = not words.loopback and can_have_namespaces()
    if words.one is not None:
        return _one(words.one, short=words.short, namespaces=namespaces)
    _say(_how(namespaces=namespaces))
    again = [f"--{name}" for name in ("short", "loopback") if getattr(words, name)]
    seeds = [int(seed) for seed in words.seeds.split(",")]
    failed = [seed for seed in seeds if _apart(seed, again)]
    _say(f"{len(seeds) - len(failed)} of {len(seeds)} seeds are right")
    return 1 if failed else 0


def _apart(seed: int, words: list[str]) -> int:
    argv = [sys.executable, "-m", "tests.system.failover", "--one", str(seed), *words]
    return subprocess.run(argv, check=False).returncode


def _how(*, namespaces: bool) -> str:
    if namespaces:
        return "each host is a network namespace of this machine"
    return (
        "!! No network namespaces (they need root, ip, nsenter and setpriv): hosts are addresses of the loopback, and a "
        "host that is cut off is one whose processes stand still."
    )


def _one(seed: int, *, short: bool, namespaces: bool) -> int:
    folder = Path(tempfile.mkdtemp(prefix="gateway-machines-"))
    folder.chmod(0o755)  # PostgreSQL's user comes in here
    # The end of this process must end the hosts, too; a shell's background job ignores SIGINT from
    # birth.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    plan = Plan.short(seed) if short else Plan.long(seed)
    verdict = play(plan, folder, namespaces=namespaces, say=_say)
    for fault in (*verdict.lost, *verdict.doubled, *verdict.ledger):
        _say(f"difference: {fault}")
    _say(json.dumps({"seed": seed, **verdict.as_json()}))
    late = 0.0 if short else max(verdict.back_after_s.values()) - BACK_WITHIN_S
    if late > 0:
        _say(f"difference: the service was back {late:.1f} s too late")
    if not is_right(verdict) or late > 0:
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def is_right(verdict: Verdict) -> bool:
    """Return whether nothing was lost or doubled and the books are right and sealed.

    Every service must be back, too.
    """
    wrong = verdict.lost or verdict.doubled or verdict.ledger or verdict.away
    return not wrong and verdict.seals > 0 and verdict.payouts > 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

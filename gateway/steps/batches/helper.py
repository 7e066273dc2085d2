"""The program of a helper process, `python -m gateway.steps.batches.helper`.

Only `gateway.base.offload` starts it.
"""

import contextlib
import os
import pickle
import resource
import signal
import struct
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from gateway.base.errors import Failed, GatewayError, Refused
from gateway.base.offload import Done
from gateway.qa.checks.promise import PromiseAsked, PromisePlan
from gateway.steps.batches.checks.predictions.upload import read_file
from gateway.steps.batches.prepare import advise_texts, prepare, prepare_again
from gateway.steps.batches.projects.work import (
    assemble_project,
    assemble_result,
    plan_project,
    prepare_stage,
)
from gateway.steps.messages.message_cost import weigh_texts


def plan_promise(asked: PromiseAsked) -> PromisePlan:
    """Return the plan for a promised accuracy."""
    from gateway.qa.checks.promise_plan import promise_plan  # noqa: PLC0415  # NumPy

    return promise_plan(asked)


JOBS: Mapping[str, Callable[..., object]] = {
    "advise_texts": advise_texts,
    "assemble_project": assemble_project,
    "assemble_result": assemble_result,
    "plan_project": plan_project,
    "plan_promise": plan_promise,
    "prepare": prepare,
    "prepare_again": prepare_again,
    "prepare_stage": prepare_stage,
    "read_predictions": read_file,
    "weigh_texts": weigh_texts,
}
MEMORY_MAX = 2**30
"""The most bytes of address space. A job that needs more is refused."""
_RSS_KEPT_KB = 200 * 1024
_LENGTH = struct.Struct("!Q")


def serve(given: BinaryIO, told: BinaryIO) -> None:
    """Do jobs until the input ends, or until a job has left much memory in use."""
    while header := given.read(_LENGTH.size):
        (length,) = _LENGTH.unpack(header)
        name, arguments = pickle.loads(given.read(length))  # noqa: S301  # from our own parent
        done = _do(JOBS[name], arguments)
        body = pickle.dumps(done)
        told.write(_LENGTH.pack(len(body)) + body)
        told.flush()
        if done.last:
            return


def _do(job: Callable[..., object], arguments: tuple[object, ...]) -> Done:
    value, error = None, None
    try:
        value = job(*arguments)
    except GatewayError as known:
        error = known
    except MemoryError:
        error = Refused(
            f"this needs more than {MEMORY_MAX // 2**20} MB of memory to read; send CSV or JSON lines, "
            "or smaller parts",
            status=413,
        )
    except Exception as fault:  # noqa: BLE001  # a fault of ours must reach the process that waits
        error = Failed(f"the calculation failed: {fault!r}", retryable=False)
    return Done(value, error, last=_resident_kb() > _RSS_KEPT_KB)


def _resident_kb() -> int:
    """Return the memory that this process holds now.

    The highest value so far (`ru_maxrss`) would be wrong. Linux includes in it the memory of the
    parent process, so each helper of a large process would end with its first job.
    """
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize() // 1024


def main() -> None:
    """Take jobs from standard input, with all printed text redirected to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    with contextlib.suppress(OSError):
        os.nice(10)  # Phones have priority, also on the processor.
    told = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, told)


if __name__ == "__main__":
    main()

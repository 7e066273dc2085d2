"""Named places on the way of an answer and of its money where a test kills: around each commit and each network call.

Off, a point costs one look at a global. `FAILPOINT=name` in the environment kills this process there, as `kill -9`
does; `FAILPOINT=name:12,34` kills those processes instead (a database, a Redis), and this one goes on. Once only.
"""

import os
import signal

POINTS = {
    "hear.read": "an SMS and what is known are read, nothing is decided",
    "hear.decided": "the turn is decided, not written",
    "hear.written": "the turn is committed, the provider has no answer yet",
    "deliver.claimed": "messages are a runner's, none is sent",
    "deliver.sent": "the carrier has them, we have not written so",
    "deliver.settled": "what the carrier said is written",
    "disburse.claimed": "due payouts are this runner's, nothing is done",
    "disburse.allowed": "limits and holds let a payout go, it is not claimed",
    "disburse.submitting": "the claim is committed, no byte is sent",
    "disburse.answered": "the operator has answered a submit, nothing of it is written",
    "disburse.asked": "the operator has answered a question, nothing of it is written",
    "disburse.written": "answers are committed, early callbacks are not looked at",
    "payout.decided": "the state machine has decided on one payout, nothing is written",
    "payout.written": "its move is committed with its transfers, nobody is rung",
    "token.fetched": "the operator gave a token, nobody else has it",
    "token.kept": "the token is kept, nothing was called with it",
    "wire.calling": "a request is about to leave",
    "wire.answered": "its answer is here, unread",
    "callback.found": "a callback speaks of one of our payouts, it is not kept",
    "callback.kept": "it is kept, not read",
    "callback.moved": "the payout has moved by it, it is not marked as done",
    "callback.done": "it is done, the operator has no answer yet",
    "statement.read": "a statement is compared, nothing is written",
    "statement.begun": "it is on the list, its findings are not",
    "statement.noted": "its findings are written, none is acted on",
    "statement.acted": "one of them is acted on",
    "statement.finished": "the import is marked as done",
    "seal.read": "history to be sealed is read",
    "seal.sealed": "its seals are committed",
    "upload.slice": "a slice of an upload is committed, nobody sees a task of it",
    "upload.written": "the last one is committed, and all tasks count",
    "close.slice": "some of a batch's results are estimated and kept, not published",
    "close.decided": "all of them are kept, not published",
    "close.written": "the batch is done, its results stand beside its tasks",
    "close.published": "some of them stand in its tasks, or all do and the rest of its money is back",
}


OF_ARCHIVES = {
    "archive.detached": "a month has left its table, nothing of it is in a file",
    "archive.written": "its file is whole, its rows are still there",
}
"""Points that no answer and no money passes."""


def _read(said: str) -> tuple[str, list[int]]:
    name, _, pids = said.partition(":")
    return name, [int(pid) for pid in pids.split(",") if pid]


_armed, _victims = _read(os.environ.get("FAILPOINT", ""))


def arm(name: str, victims: list[int] | None = None) -> None:
    """From now on, what FAILPOINT would have said at the start."""
    global _armed, _victims  # one per process, like the environment
    assert name in POINTS or name in OF_ARCHIVES
    _armed, _victims = name, victims or []


def reach(name: str) -> None:
    """This place is reached."""
    if _armed == name:
        _kill()


def _kill() -> None:
    global _armed  # noqa: PLW0603
    _armed = ""
    for pid in _victims or [os.getpid()]:
        os.kill(pid, signal.SIGKILL)

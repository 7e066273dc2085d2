"""Named points in the processing of answers and money at which a test kills a process.

They surround each commit and each network call. An unused point costs one look at a global.
`FAILPOINT=name` in the environment kills this process there, as `kill -9` does.
`FAILPOINT=name:12,34` kills those processes instead (a database, a Redis), and this one continues.
A point kills only once.
"""

import os
import signal

POINTS = {
    "hear.read": "an SMS and its situation are read, and nothing is decided",
    "hear.decided": "the turn is decided and not written",
    "hear.written": "the turn is committed, and the provider has no answer yet",
    "deliver.claimed": "a runner has claimed messages, and none is sent",
    "deliver.sent": "the carrier has accepted the messages, and this is not written",
    "deliver.settled": "the carrier's answers are written",
    "disburse.claimed": "this runner has claimed due payouts, and nothing is done",
    "disburse.allowed": "limits and holds allow a payout, and it is not claimed",
    "disburse.submitting": "the claim is committed, and no byte is sent",
    "disburse.answered": "the operator has answered a submission, and nothing of it is written",
    "disburse.asked": "the operator has answered a query, and nothing of it is written",
    "disburse.written": "the answers are committed, and early callbacks are not read",
    "payout.decided": "the state machine has decided on one payout, and nothing is written",
    "payout.written": "the payout's move is committed with its transfers, and no job is queued",
    "token.fetched": "the operator has issued a token, and no other process has it",
    "token.kept": "the token is kept, and no call was made with it",
    "wire.calling": "a request is about to be sent",
    "wire.answered": "the answer to the request has arrived, and is not read",
    "callback.found": "a callback concerns a payout of the gateway, and is not kept",
    "callback.kept": "the callback is kept and not read",
    "callback.moved": "the callback has moved the payout, and is not marked as done",
    "callback.done": "the callback is done, and the operator has no answer yet",
    "statement.read": "a statement is compared, and nothing is written",
    "statement.begun": "the statement is recorded, and its findings are not",
    "statement.noted": "the findings are written, and none is acted on",
    "statement.acted": "one of the findings is acted on",
    "statement.finished": "the import is marked as done",
    "seal.read": "history to be sealed is read",
    "seal.sealed": "the seals are committed",
    "upload.slice": "a slice of an upload is committed, and no task of it is visible",
    "upload.written": "the last slice is committed, and all tasks count",
    "close.slice": "some of a batch's results are estimated and kept, and not published",
    "close.decided": "all results are kept, and not published",
    "close.written": "the batch is done, and its results stand beside its tasks",
    "close.published": "some or all results stand in the tasks, or the unused money is back, too",
}


OF_ARCHIVES = {
    "archive.detached": "a month is detached from its table, and nothing of it is in a file",
    "archive.written": "the month's file is complete, and its rows are still there",
}
"""Points that no answer and no money passes."""
OF_WEBHOOKS = {
    "webhooks.published": "events of clients are made into messages, and this is not committed",
    "webhooks.claimed": "calls to clients are claimed, and none is made",
    "webhooks.called": "a client's server has answered a call, and this is not written",
}
"""Points on the way of an event to a client."""
OF_WIND_DOWN = {
    "wind_down.slice": "some of the payouts of a wind-down are made, and on no list",
    "wind_down.made": "all payouts of a wind-down are made, and on no list",
}
"""Points that only a gateway passes which winds down."""
OF_PROJECTS = {
    "project.started": "a project is started with its money and its batches, and none is filled",
    "project.filled": "the tasks of a stage are stored, and its batch is a draft",
    "project.begun": "the batch of a stage runs, and the stage still counts as waiting",
}
"""Points that only projects pass."""
OF_LIFE = {
    "deadline.stopped": "no worker is asked any more after a deadline, and the tasks left are open",
    "deadline.settled": "some of the tasks left at a deadline are judged",
    "copy.begun": "the draft of a copy is there, and none of its tasks",
    "answer.unkept": "a request with an Idempotency-Key is done, and its answer is not kept",
    "life.changed": "a change of a batch is committed with its money, and its client has no answer",
    "life.added": "tasks of a running batch are committed with their money, and its client has no answer",
}
"""Points that only changes of batches pass."""
OF_FILES = {
    "import.read": "the file of an import is read and checked, and nothing is stored",
    "files.ordered": "an order of an import or export is committed, and its client has no answer",
    "export.page": "some of an export's rows are in its file, and the export counts as running",
    "export.written": "the file of an export is complete, and the export still counts as running",
}
"""Points that only imports and exports pass."""


def _read(said: str) -> tuple[str, list[int]]:
    name, _, pids = said.partition(":")
    return name, [int(pid) for pid in pids.split(",") if pid]


_armed, _victims = _read(os.environ.get("FAILPOINT", ""))


def arm(name: str, victims: list[int] | None = None) -> None:
    """Arm a point now, as FAILPOINT would have done at the start."""
    global _armed, _victims  # one setting per process, like the environment
    known = POINTS | OF_ARCHIVES | OF_WEBHOOKS | OF_WIND_DOWN | OF_PROJECTS | OF_LIFE | OF_FILES
    assert name in known
    _armed, _victims = name, victims or []


def reach(name: str) -> None:
    """Kill the victims if this point is armed."""
    if _armed == name:
        _kill()


def _kill() -> None:
    global _armed  # noqa: PLW0603
    _armed = ""
    for pid in _victims or [os.getpid()]:
        os.kill(pid, signal.SIGKILL)

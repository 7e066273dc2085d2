"""One replay from the first JOIN to the compared books."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from gateway.cli.replay.books import Compared, compare
from gateway.cli.replay.crowd import Crowd
from gateway.cli.replay.recording import Recording
from gateway.cli.replay.town import Town
from gateway.errors import Failed
from gateway.qa.text.normalise import normalise

INSTRUCTIONS = {
    "verification": "Is it true?",
    "categorisation": "Which one fits?",
    "transcription": "Type it:",
}
_POLL_S = 0.25
_UPLOAD_TASKS = 5000
_STALLED_S, _RECEIPTS_S = 60.0, 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to replay and how. `price_minor`: per answer, in minor units. `confidence`: for dynamic."""

    recording: Recording
    channel: str
    policy: str
    confidence: float | None
    price_minor: int
    currency: str
    instructions: str


@dataclass(slots=True)
class Watch:
    """What a watcher sees while it runs: called with the phase and how far it is."""

    tell: Callable[[str, int, int], None]


async def play(town: Town, plan: Plan, watch: Watch) -> dict[str, Any]:
    """Run the plan in a town; the report, by the keys that `gateway replay --json` promises."""
    crowd = Crowd(town, plan.recording, plan.channel)
    started = time.perf_counter()
    watch.tell("joining", 0, len(crowd.players))
    await crowd.join()
    batch = await _submit(town, plan, crowd)
    answering = time.perf_counter()
    watching = asyncio.create_task(_until_done(town, batch, crowd, watch))
    await asyncio.gather(watching, crowd.work())
    answered_s = time.perf_counter() - answering
    watch.tell("paying", 0, 0)
    minimum = town.rt.providers["mpesa"].minimum_minor
    await crowd.cash_out(minimum, plan.price_minor)
    await _settled(town, watch)
    watch.tell("comparing", 0, 0)
    await town.carrier.settle()
    await _receipts_in(town)
    compared = await compare(town, crowd, batch, plan.price_minor)
    results = await _results(town, batch)
    return _report(plan, results, compared, time.perf_counter() - started, answered_s)


async def _submit(town: Town, plan: Plan, crowd: Crowd) -> str:
    """The client's side, through its API: make the batch, upload the tasks, start."""
    ids = await _worker_ids(town, crowd)
    recording = plan.recording
    body: dict[str, Any] = {
        "name": "Replay",
        "kind": recording.kind,
        "instructions": plan.instructions,
        "price": f"{plan.price_minor / 100:.2f}",
        "policy": plan.policy,
    }
    if plan.confidence is not None:
        body["confidence"] = plan.confidence
    if recording.kind == "categorisation":
        body["options"] = [
            {"id": value, "labels": {"en": _label(value)}} for value in recording.options
        ]
    batch = (await _call(town, "POST", "/api/v1/batches", json=body))["id"]
    tasks = [
        {
            "id": task,
            "text": recording.texts[task],
            "audience": {"workers": [ids[worker] for worker in of_task]},
        }
        for task, of_task in recording.answers.items()
    ]
    for first in range(0, len(tasks), _UPLOAD_TASKS):
        await _call(
            town,
            "POST",
            f"/api/v1/batches/{batch}/tasks",
            json=tasks[first : first + _UPLOAD_TASKS],
        )
    await _call(town, "POST", f"/api/v1/batches/{batch}/start")
    return batch


def _label(value: str) -> str:
    """A bare number is always the key of an option, so an option that is a number is shown with a word."""
    return f"Answer {value}" if value[:1].isdecimal() else value


async def _worker_ids(town: Town, crowd: Crowd) -> dict[str, int]:
    rows = await town.rt.db.rows("select id, msisdn_index from worker")
    by_index = {row["msisdn_index"]: row["id"] for row in rows}
    return {
        name: by_index[town.rt.vault.index(player.phone.msisdn)]
        for name, player in crowd.players.items()
    }


async def _call(town: Town, method: str, path: str, **given: Any) -> Any:
    async with town.api.request(method, path, **given) as answer:
        if answer.status >= 400:  # noqa: PLR2004
            raise Failed(f"{method} {path}: {answer.status} {await answer.text()}", retryable=False)
        return await answer.json()


async def _until_done(town: Town, batch: str, crowd: Crowd, watch: Watch) -> None:
    """Watch the batch through the client's API until it is closed."""
    seen, since = -1, time.monotonic()
    while True:
        shown = await _call(town, "GET", f"/api/v1/batches/{batch}")
        progress = shown["progress"]
        watch.tell("answering", progress["answers"], progress["answers_wanted"])
        if shown["state"] == "done":
            crowd.done = True
            return
        if progress["answers"] != seen:
            seen, since = progress["answers"], time.monotonic()
        elif time.monotonic() - since > _STALLED_S:
            crowd.done = True
            raise Failed(
                f"nothing happened for {_STALLED_S:.0f} s: {progress['answers']} of {progress['answers_wanted']} answers are in",
                retryable=False,
            )
        await asyncio.sleep(_POLL_S)


async def _settled(town: Town, watch: Watch) -> None:
    """Wait until every payout came to its end and every message went out."""
    deadline = time.monotonic() + _STALLED_S
    while time.monotonic() < deadline:
        row = await town.rt.db.row(
            """select (select count(*) from payout) as payouts, (select count(*) from payout where settled_at is null) as open,
                 (select count(*) from outbox where state in ('queued', 'sending')) as messages"""
        )
        assert row is not None
        watch.tell("paying", row["payouts"] - row["open"], row["payouts"])
        if not row["open"] and not row["messages"]:
            return
        await asyncio.sleep(_POLL_S)


async def _receipts_in(town: Town) -> None:
    """Early receipts find their message on the next sweep."""
    for _ in range(int(_RECEIPTS_S / _POLL_S)):
        if not await town.rt.db.value("select count(*) from inbox where state = 'waiting'"):
            return
        await asyncio.sleep(_POLL_S)


async def _results(town: Town, batch: str) -> dict[str, dict[str, Any]]:
    rows = await _call(town, "GET", f"/api/v1/batches/{batch}/results")
    return {
        row["task"]: {
            "value": row["value"],
            "confidence": row["confidence"],
            "answers": row["answers"],
        }
        for row in rows
    }


def _report(
    plan: Plan,
    results: dict[str, dict[str, Any]],
    compared: Compared,
    seconds: float,
    answered_s: float,
) -> dict[str, Any]:
    recording = plan.recording
    scored = {task: results[task]["value"] for task in recording.truth if task in results}
    right = sum(value == recording.truth[task] for task, value in scored.items())
    report: dict[str, Any] = {
        "kind": recording.kind,
        "channel": plan.channel,
        "policy": plan.policy,
        "tasks": len(recording.answers),
        "workers": len(recording.workers),
        "answers_available": recording.count,
        "answers_repeated": recording.repeated,
        "answers_used": compared.answers_stored,
        "answers_per_task": compared.answers_stored / len(recording.answers),
        "accuracy": right / len(scored) if scored and recording.options else None,
        "exact_match": _exact(recording, scored) if scored else None,
        "wer": _wer(recording, scored) if scored and not recording.options else None,
        "currency": plan.currency,
        "mismatches": len(compared.differences),
        "seconds": seconds,
        "answering_seconds": answered_s,
        "answers_per_second": compared.answers_stored / answered_s,
        "duplicated": compared.doubled,
        **{
            key: value
            for key, value in asdict(compared).items()
            if key not in ("answers_stored", "doubled")
        },
    }
    report["results"] = {
        task: {**result, "value": recording.label.get(result["value"], result["value"])}
        for task, result in results.items()
    }
    return report


def _exact(recording: Recording, scored: dict[str, str | None]) -> float:
    return sum(
        normalise(v or "") == normalise(recording.truth[t]) for t, v in scored.items()
    ) / len(scored)


def _wer(recording: Recording, scored: dict[str, str | None]) -> float:
    """Mean word error rate per task, on normalised texts."""
    from rapidfuzz.distance import Levenshtein

    rates: list[float] = []
    for task, value in scored.items():
        truth, found = normalise(recording.truth[task]).split(), normalise(value or "").split()
        rates.append(Levenshtein.distance(truth, found) / max(1, len(truth)))
    return sum(rates) / len(rates)

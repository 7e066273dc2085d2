"""A replay from the first JOIN to the compared books."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gateway.cli.replay.api_calls import call_api
from gateway.cli.replay.baselines import baselines
from gateway.cli.replay.books import PlayedBatch, ReplayComparison, compare_books
from gateway.cli.replay.crowd import Crowd
from gateway.cli.replay.recording import Recording
from gateway.cli.replay.records import wrong_share
from gateway.cli.replay.savings import fixed_overlaps, saving
from gateway.cli.replay.town import Town
from gateway.qa.typed.normalise import normalise
from gateway.store.history import replay_books

INSTRUCTIONS = {
    "verification": "Is it true?",
    "categorisation": "Which one fits?",
    "transcription": "Type it:",
    "entry": "Copy the form",
}
_POLL_S = 0.25
_UPLOAD_TASKS = 5000
# The distance between the phone numbers of two batches, which have different workers.
_NUMBERS_EACH = 20_000
_STALLED_S, _RECEIPTS_S = 60.0, 10.0


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """The plan of a replay.

    `price_minor` is per answer, in minor units. `confidence` is for the policy dynamic. `pack` is
    the number of questions per SMS: auto, off or a number. `seed` decides about the workers'
    typing.
    """

    name: str
    recording: Recording
    channel: str
    policy: str
    confidence: float | None
    price_minor: int
    currency: str
    instructions: str
    pack: str = "auto"
    seed: int = 0


@dataclass(slots=True)
class ReplayWatcher:
    """The display of a running replay, which is called with the phase and its progress."""

    tell: Callable[[str, int, int], None]


async def play(town: Town, plans: Sequence[ReplayPlan], watch: ReplayWatcher) -> dict[str, Any]:
    """Run the plans in one town at the same time, each with workers of its own.

    The report has the keys that `gateway replay --json` promises. Its `batches` has one part per
    plan.
    """
    started = time.perf_counter()
    rounds = [_Round(plan, _crowd(town, plan, n * _NUMBERS_EACH)) for n, plan in enumerate(plans)]
    watch.tell("joining", 0, sum(len(r.crowd.players) for r in rounds))
    await asyncio.gather(*(r.crowd.come() for r in rounds))
    came = town.carrier.tally()
    for one in rounds:
        one.batch = await _submit(town, one.plan, one.crowd)
    answering = time.perf_counter()
    watching = asyncio.create_task(_until_done(town, rounds, watch))
    await asyncio.gather(watching, *(r.crowd.work() for r in rounds))
    answered_s = time.perf_counter() - answering
    for one in rounds:
        if one.stalled:
            await call_api(town, "POST", f"/api/v1/batches/{one.batch}/cancel")
    await _settled(town, watch)
    worked = town.carrier.tally()
    watch.tell("paying", 0, 0)
    minimum = town.rt.providers["mpesa"].minimum_minor
    await asyncio.gather(*(r.crowd.cash_out(minimum, r.plan.price_minor) for r in rounds))
    await _settled(town, watch)
    watch.tell("comparing", 0, 0)
    await town.carrier.settle()
    await _receipts_in(town)
    compared = await compare_books(
        town, [PlayedBatch(r.crowd, r.batch, r.plan.price_minor) for r in rounds]
    )
    parts = [_part(r, await _results(town, r.batch)) for r in rounds]
    whole = {
        **asdict(compared),
        "currency": rounds[0].plan.currency,
        "mismatches": len(compared.differences),
        "ussd_steps_per_answer": _steps_each(rounds, compared),
        "seconds": time.perf_counter() - started,
        "answering_seconds": answered_s,
        "answers_per_second": compared.answers_used / answered_s,
        "segments_per_answer": _share(
            compared.segments_out + compared.segments_in, compared.answers_used
        ),
        "work_segments_per_answer": _share(
            worked.segments_out
            + worked.segments_in
            - came.segments_out
            - came.segments_in
            - sum(p.by_sms for r in rounds for p in r.crowd.players.values()),  # the worker's JOIN
            compared.answers_used,
        ),
    }
    if len(parts) > 1:
        return {**whole, "batches": parts}
    report = {**parts[0], **whole}
    return {**report, "saving": saving(report)}


def _steps_each(rounds: Sequence["_Round"], compared: ReplayComparison) -> float | None:
    """Return the USSD steps per accepted answer, including looking in, joining and cashing out.

    Returns None unless every worker dials.
    """
    if not compared.answers_used or any(r.plan.channel != "ussd" for r in rounds):
        return None
    return compared.ussd_steps / compared.answers_used


@dataclass(slots=True)
class _Round:
    """A plan in progress."""

    plan: ReplayPlan
    crowd: Crowd
    batch: str = ""
    stalled: bool = False
    """No answer came for a while, so the rest of the batch was cancelled."""


def _crowd(town: Town, plan: ReplayPlan, first: int) -> Crowd:
    return Crowd(town, plan.recording, plan.channel, first=first, seed=plan.seed)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


async def _submit(town: Town, plan: ReplayPlan, crowd: Crowd) -> str:
    """Make the batch, upload the tasks and start it, through the client's API."""
    ids = await _worker_ids(town, crowd)
    recording = plan.recording
    body: dict[str, Any] = {
        "name": plan.name,
        "kind": recording.kind,
        "instructions": plan.instructions,
        "price": f"{plan.price_minor / 100:.2f}",
        "policy": plan.policy,
        "pack": int(plan.pack) if plan.pack.isdecimal() else plan.pack,
    }
    if plan.confidence is not None:
        body["confidence"] = plan.confidence
    if recording.form:
        body["fields"] = list(recording.form.declared)
    if recording.kind == "categorisation":
        body["options"] = [
            {"id": value, "labels": {"en": recording.shown(value)}} for value in recording.options
        ]
    batch = (await call_api(town, "POST", "/api/v1/batches", json=body))["id"]
    tasks = [
        {
            "id": task,
            "text": recording.texts[task],
            "audience": {"workers": [ids[worker] for worker in of_task]},
        }
        for task, of_task in recording.answers.items()
    ]
    for first in range(0, len(tasks), _UPLOAD_TASKS):
        await call_api(
            town,
            "POST",
            f"/api/v1/batches/{batch}/tasks",
            json=tasks[first : first + _UPLOAD_TASKS],
        )
    await call_api(town, "POST", f"/api/v1/batches/{batch}/start")
    return batch


async def _worker_ids(town: Town, crowd: Crowd) -> dict[str, str]:
    """Return the id under which the client knows each worker of the crowd."""
    rows = await replay_books.workers(town.rt.db)
    names = town.rt.vault.pseudonyms(town.client)
    by_index = {row["msisdn_index"]: names.of(row["id"]) for row in rows}
    return {
        name: by_index[town.rt.vault.index(player.phone.msisdn)]
        for name, player in crowd.players.items()
    }


async def _until_done(town: Town, rounds: Sequence[_Round], watch: ReplayWatcher) -> None:
    """Watch the batches through the client's API until all are closed, or no answer comes."""
    seen, since = -1, time.monotonic()
    while not all(r.crowd.done for r in rounds):
        answers = wanted = 0
        for one in rounds:
            shown = await call_api(town, "GET", f"/api/v1/batches/{one.batch}")
            answers += shown["progress"]["answers"]
            wanted += shown["progress"]["answers_wanted"]
            one.crowd.done = shown["state"] == "done"
        watch.tell("answering", answers, wanted)
        if answers != seen:
            seen, since = answers, time.monotonic()
        elif time.monotonic() - since > _STALLED_S:
            for one in rounds:
                one.stalled, one.crowd.done = not one.crowd.done, True
            return
        await asyncio.sleep(_POLL_S)


async def _settled(town: Town, watch: ReplayWatcher) -> None:
    """Wait until every payout is final and every message is sent."""
    deadline = time.monotonic() + _STALLED_S
    while time.monotonic() < deadline:
        row = await replay_books.work_left(town.rt.db)
        watch.tell("paying", row["payouts"] - row["open"], row["payouts"])
        if not row["open"] and not row["messages"]:
            return
        await asyncio.sleep(_POLL_S)


async def _receipts_in(town: Town) -> None:
    """Wait for early receipts, which find their message on the next sweep."""
    for _ in range(int(_RECEIPTS_S / _POLL_S)):
        if not await replay_books.events_waiting(town.rt.db):
            return
        await asyncio.sleep(_POLL_S)


async def _results(town: Town, batch: str) -> dict[str, dict[str, Any]]:
    rows = await call_api(town, "GET", f"/api/v1/batches/{batch}/results")
    return {
        row["task"]: {
            "value": row["value"],
            "confidence": row["confidence"],
            "confidence_checked": row["confidence_checked"],
            "answers": row["answers"],
        }
        for row in rows
    }


def _part(one: _Round, results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the report's part on one batch."""
    plan, recording = one.plan, one.plan.recording
    scored = {task: results[task]["value"] for task in recording.truth if task in results}
    right = sum(value == recording.truth[task] for task, value in scored.items())
    used = sum(result["answers"] for result in results.values())
    return {
        "name": plan.name,
        "kind": recording.kind,
        "channel": plan.channel,
        "policy": plan.policy,
        "tasks": len(recording.answers),
        "workers": len(recording.workers),
        "answers_available": recording.count,
        "answers_repeated": recording.repeated,
        "answers_used": used,
        "answers_per_task": used / len(recording.answers),
        "price_minor": plan.price_minor,
        "fixed": fixed_overlaps(recording),
        "undelivered": one.crowd.undelivered(unasked=one.stalled),
        "baseline": asdict(baselines(recording, one.crowd.said())),
        "accuracy": right / len(scored) if scored and recording.options else None,
        "exact_match": _exact(recording, scored) if scored else None,
        "wer": _wer(recording, scored) if scored and _is_text(recording) else None,
        "fields_wrong": (
            wrong_share(recording.form, scored, recording.truth) if recording.form else None
        ),
        "results": {
            task: {**result, "value": recording.label.get(result["value"], result["value"])}
            for task, result in results.items()
        },
    }


def _is_text(recording: Recording) -> bool:
    return not recording.options and recording.form is None


def _exact(recording: Recording, scored: dict[str, str | None]) -> float:
    return sum(
        normalise(v or "") == normalise(recording.truth[t]) for t, v in scored.items()
    ) / len(scored)


def _wer(recording: Recording, scored: dict[str, str | None]) -> float:
    """Return the mean word error rate per task, on normalised texts."""
    from rapidfuzz.distance import Levenshtein

    rates: list[float] = []
    for task, value in scored.items():
        truth, found = normalise(recording.truth[task]).split(), normalise(value or "").split()
        rates.append(Levenshtein.distance(truth, found) / max(1, len(truth)))
    return sum(rates) / len(rates)

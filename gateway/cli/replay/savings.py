"""What dynamic overlap saved, end to end: against asking a fixed number of people about every task."""

from typing import Any

from gateway.cli.replay.recording import Recording
from gateway.qa import rule
from gateway.qa.port import encode

OVERLAPS = (3, 5)


def fixed_overlaps(recording: Recording) -> dict[str, dict[str, float | int | None]]:
    """For each fixed overlap: the answers it takes (the first recorded ones), and the majority's accuracy on them."""
    found: dict[str, dict[str, float | int | None]] = {}
    for overlap in OVERLAPS:
        rows = [
            (task, worker, answer)
            for task, of_task in recording.answers.items()
            for worker, answer in list(of_task.items())[:overlap]
        ]
        found[str(overlap)] = {"answers": len(rows), "accuracy": _accuracy(recording, rows)}
    everything = [(t, w, a) for t, of_task in recording.answers.items() for w, a in of_task.items()]
    found["all"] = {"answers": len(everything), "accuracy": _accuracy(recording, everything)}
    return found


def _accuracy(recording: Recording, rows: list[tuple[str, str, str]]) -> float | None:
    """Of the majority; None for typed text, where there is none, and without a truth."""
    if not recording.options or not recording.truth:
        return None
    answers = encode(rows, recording.options)
    value = dict(zip(answers.tasks, rule("majority").aggregate(answers).value, strict=True))
    scored = [value[task] == truth for task, truth in recording.truth.items() if task in value]
    return sum(scored) / len(scored) if scored else None


def saving(report: dict[str, Any]) -> dict[str, dict[str, float | int | None]]:
    """Per fixed overlap: answers, money (earnings and messages, minor units) and segments that this replay did not need.

    What another answer would have cost in messages is taken from this replay's own mean.
    """
    used = report["answers_used"]
    if not used:
        return {}
    segments_each = (report["segments_out"] + report["segments_in"]) / used
    cost_each = report["cost_minor"] / used + report["price_minor"]
    saved: dict[str, dict[str, float | int | None]] = {}
    for overlap, fixed in report["fixed"].items():
        answers = fixed["answers"] - used
        saved[overlap] = {
            "answers": answers,
            "share": answers / fixed["answers"],
            "money_minor": round(answers * cost_each),
            "segments": round(answers * segments_each),
            "accuracy_points": None
            if fixed["accuracy"] is None or report["accuracy"] is None
            else round(100 * (report["accuracy"] - fixed["accuracy"]), 2),
        }
    return saved

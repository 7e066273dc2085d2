"""The savings of dynamic overlap, end to end, against a fixed number of workers per task."""

from typing import Any

from gateway.cli.replay.baselines import majority
from gateway.cli.replay.recording import Recording

OVERLAPS = (3, 5)


def fixed_overlaps(recording: Recording) -> dict[str, dict[str, float | int | None]]:
    """Return per fixed overlap the answers that it takes and the majority's accuracy on them.

    The answers are the first recorded ones.
    """
    found: dict[str, dict[str, float | int | None]] = {}
    for overlap in OVERLAPS:
        rows = [
            (task, worker, answer)
            for task, of_task in recording.answers.items()
            for worker, answer in list(of_task.items())[:overlap]
        ]
        found[str(overlap)] = {"answers": len(rows), "accuracy": majority(recording, rows)}
    everything = [(t, w, a) for t, of_task in recording.answers.items() for w, a in of_task.items()]
    found["all"] = {"answers": len(everything), "accuracy": majority(recording, everything)}
    return found


def saving(report: dict[str, Any]) -> dict[str, dict[str, float | int | None]]:
    """Return per fixed overlap the answers, money and segments that this replay did not need.

    Money is earnings and messages in minor units. The message cost of another answer is taken from
    this replay's own mean.
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

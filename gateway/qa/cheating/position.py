"""The sign of position: the same key again and again, more often than the questions explain.

Menus are rotated, so the meaning of a key differs between workers. A key that wins whatever stands
behind it is a thumb, not a reading. The other workers' answers show which keys the questions
explain.
"""

from gateway.qa.cheating._crowd import AnswerAgreement
from gateway.qa.observed import FALSE_SHARE, Finding, Observation, Observed
from gateway.qa.significance import at_least, beyond_luck

DEEDS_MIN = 12  # The answers from a menu that are needed before a worker's keys are examined.


def look(observed: Observed) -> list[Finding]:
    """Return one finding per worker with a favourite key.

    See `gateway.qa.observed.CheatingRule`.
    """
    crowd = AnswerAgreement(observed.deeds, observed.options)
    found: list[Finding] = []
    for worker, deeds in sorted(crowd.of_worker.items()):
        pressed = [deed for deed in deeds if deed.key >= 0]
        if len(pressed) >= DEEDS_MIN:
            found.append(_favourite(worker, pressed, crowd))
    believed = beyond_luck([one.chance for one in found], FALSE_SHARE)
    return [one for one, sure in zip(found, believed, strict=True) if sure]


def _favourite(worker: str, pressed: list[Observation], crowd: AnswerAgreement) -> Finding:
    keys = max(len(deed.order) for deed in pressed)
    expected: list[list[float]] = [[] for _ in range(keys)]
    for deed in pressed:
        shares = crowd.others(deed.task, (worker,))
        on_menu = sum(shares[option] for option in deed.order)
        for key in range(keys):
            share = shares[deed.order[key]] / on_menu if key < len(deed.order) else 0.0
            expected[key].append(share)
    hits = [sum(deed.key == key for deed in pressed) for key in range(keys)]
    chances = [at_least(hits[key], expected[key]) for key in range(keys)]
    key = min(range(keys), key=chances.__getitem__)
    usual = sum(expected[key])
    return Finding(
        "position",
        (worker,),
        # The best of several keys is examined, so its chance is multiplied by their number.
        min(1.0, chances[key] * keys),
        f"pressed {key + 1} {hits[key]} times in {len(pressed)} answers; "
        f"others' answers make about {usual:.0f} likely",
        {"key": key + 1, "pressed": hits[key], "expected": round(usual, 1), "of": len(pressed)},
    )

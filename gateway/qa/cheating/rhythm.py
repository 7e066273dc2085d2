"""The sign of rhythm: keys that follow a pattern (1 2 1 2, 1 1 1 2 2 2) instead of the questions.

The information that one key gives about the next is tested against none (G-test on the table of
transitions). Questions may come in an order of their own. So only workers are found that also agree
with the others less than usual.
"""

from collections import Counter
from itertools import pairwise
from math import log, log2

from gateway.qa.cheating._crowd import AnswerAgreement
from gateway.qa.observed import FALSE_SHARE, Finding, Observed
from gateway.qa.significance import at_least, beyond_luck, chi_square_beyond

PRESSES_MIN = 20
WORSE = 0.05  # The chance that a worker with the usual agreement agrees as seldom.


def look(observed: Observed) -> list[Finding]:
    """Return one finding per worker whose keys follow a pattern.

    See `gateway.qa.observed.CheatingRule`.
    """
    crowd = AnswerAgreement(observed.deeds, observed.options)
    found: list[Finding] = []
    for worker, deeds in sorted(crowd.of_worker.items()):
        keys = [deed.key for deed in deeds if deed.key >= 0]
        if len(keys) >= PRESSES_MIN:
            found.append(_pattern(worker, keys, crowd))
    believed = beyond_luck([one.chance for one in found], FALSE_SHARE)
    return [
        one
        for one, sure in zip(found, believed, strict=True)
        if sure and _disagrees(crowd, *one.workers)
    ]


def _disagrees(crowd: AnswerAgreement, worker: str) -> bool:
    agreed, seen = crowd.agreement(worker)
    return at_least(seen - agreed, [1.0 - crowd.usual] * seen) < WORSE


def _pattern(worker: str, keys: list[int], crowd: AnswerAgreement) -> Finding:
    steps = list(pairwise(keys))
    pairs, before, after = Counter(steps), Counter(keys[:-1]), Counter(keys[1:])
    information = sum(
        n * log(n * len(steps) / (before[one] * after[other])) for (one, other), n in pairs.items()
    )
    freedom = (len(before) - 1) * (len(after) - 1)
    entropy = -sum(n / len(keys) * log2(n / len(keys)) for n in Counter(keys).values())
    agreed, seen = crowd.agreement(worker)
    return Finding(
        "rhythm",
        (worker,),
        chi_square_beyond(2.0 * information, freedom),
        f"each key predicts the next; the worker agrees with others in {agreed} of {seen} answers",
        {
            "key entropy, bits": round(entropy, 2),
            "of that foretold by the key before": round(information / len(steps) / log(2), 2),
            "agreed": agreed,
            "of": seen,
        },
    )

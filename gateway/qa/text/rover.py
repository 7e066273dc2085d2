"""ROVER: a vote word by word over aligned answers.

It is for sentences that no worker typed without a slip. After Fiscus, "A post-processing system to
yield reduced word error rates" (1997). That grows a word network answer by answer, which depends on
their order. Here every answer is aligned to the previous consensus (at first the medoid). Votes
weigh by trust in the worker and by how close the answer is to the others. So one bad line of a good
worker counts little.
"""

from math import exp
from typing import TypeAlias

from rapidfuzz.distance import Levenshtein

from gateway.qa.port import Floats
from gateway.qa.text.batch import TypedTask

WordSequence: TypeAlias = tuple[str, ...]

STRAY_PENALTY = 8.0  # An answer 10 % off the others counts e^-0.8 = 45 %.
DECIMALS = 9  # Sums closer than this differ by rounding only.


def rover(task: TypedTask, trust: Floats, previous: str) -> str:
    """Return the normalised text that wins the vote at every place.

    The places are the words of `previous` and the gaps between. `trust[i]` is the weight of the
    i-th answer.
    """
    backbone = previous.split()
    # Places 0, 2, 4, ... are the gaps, and 1, 3, 5, ... the words of the backbone.
    ballots: list[dict[WordSequence, float]] = [{} for _ in range(2 * len(backbone) + 1)]
    for text, weight in zip(task.texts, _weights(task, trust), strict=True):
        for ballot, words in zip(ballots, _aligned(backbone, text.split()), strict=True):
            ballot[words] = ballot.get(words, 0.0) + weight
    return " ".join(word for ballot in ballots for word in _winner(ballot))


def _weights(task: TypedTask, trust: Floats) -> list[float]:
    others = trust.sum() - trust
    if len(task.texts) == 1:
        return [1.0]
    stray = (task.distances @ trust) / others
    return [weight * exp(-STRAY_PENALTY * off) for weight, off in zip(trust, stray, strict=True)]


def _aligned(backbone: list[str], words: list[str]) -> list[WordSequence]:
    """Return the words of an answer at every place.

    They are none, one word, or in a gap any number of words.
    """
    said: list[WordSequence] = [()] * (2 * len(backbone) + 1)
    for step in Levenshtein.opcodes(backbone, words):
        if step.tag == "insert":
            said[2 * step.src_start] = tuple(words[step.dest_start : step.dest_end])
        elif step.tag != "delete":
            for offset in range(step.src_end - step.src_start):
                place = 2 * (step.src_start + offset) + 1
                said[place] = (words[step.dest_start + offset],)
    return said


def _winner(ballot: dict[WordSequence, float]) -> WordSequence:
    """Return the words with most weight.

    A tie goes to fewer words, then to the first in sorted order.
    """
    return min(ballot, key=lambda words: (-round(ballot[words], DECIMALS), len(words), words))

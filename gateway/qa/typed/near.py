"""The online judge of free text, which groups answers that nearly agree.

Typed answers rarely match to the letter, so votes are counted in groups of near-equal answers. In
them at most `NEAR` of the characters differ after normalisation. For short strings (names, numbers)
that means exactly equal.
"""

import re
from collections.abc import Callable, Sequence
from math import exp, log

from rapidfuzz.distance import Levenshtein

from gateway.qa.typed.normalise import EXACT, normalise
from gateway.qa.value_of_information import Belief

NEAR = 0.06  # The share of the characters of the longer text.
# The number of equally likely wrong answers. With 3 the confidence is calibrated on CrowdSpeech.
# Over 2 to 7 answers per utterance, values given 45, 65, 85 % were right in 44, 66, 87 % of the
# cases.
RIVALS = 3.0
RIGHT_MIN, RIGHT_MAX = 0.3, 0.99
# Among a whole batch's values, the one closest to all workers' words is right more often than its
# votes say. It is so by the square of how much closer it is. This was measured on CrowdSpeech with
# 50 gold tasks. The calibration error fell .037 -> .023 with all answers and .053 -> .033 with 5.
# It rose .029 -> .039 with 3 answers. On synthetic names and sentences it is better at 3, 5 and 7.
CLOSENESS_POWER = 2.0
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
# The share of the characters. Two equal texts are never infinitely closer.
CLOSENESS_SOFTENER = 0.02


def best_text(
    values: Sequence[str], rights: Sequence[float], language: str = ""
) -> tuple[str, float]:
    """Return the best-supported answer as typed, and the chance that its group is right."""
    belief = text_belief(values, rights, language)
    return belief.value, belief.leader


def text_belief(values: Sequence[str], rights: Sequence[float], language: str = "") -> Belief:
    """Return the best-supported answer as typed, the chance of its group and that of the next.

    `rights` are the chances of each answer's worker to be right.
    """
    # The answers are sorted, so that neither ties nor rounding depend on the order of arrival.
    answers = sorted(
        (normalise(value, language), value, right)
        for value, right in zip(values, rights, strict=True)
    )
    texts = [text for text, _, _ in answers]
    sorted_rights = [right for _, _, right in answers]
    leader, _ = _leader(texts, [_log_odds(right) for right in sorted_rights])
    odds = _odds_against(texts[leader], texts, sorted_rights)
    sure = 1.0 / (1.0 + sum(odds))
    return Belief(answers[leader][1], sure, sure * max(odds))


def grouped(values: Sequence[str], language: str = "") -> list[str]:
    """Return for every answer the text by which its group is named.

    Near-equal answers share one, and different ones have their own.

    >>> grouped(["Otieno", "otieno!", "Atieno"])
    ['otieno', 'otieno', 'atieno']
    """
    texts = [normalise(value, language) for value in values]
    rest = sorted(texts)
    names: dict[str, str] = {}
    while rest:
        leader = rest[_leader(rest, [1.0] * len(rest))[0]]
        names.update((text, leader) for text in rest if is_near(text, leader))
        rest = [text for text in rest if text not in names]
    return [names[text] for text in texts]


def group_confidence(believed: str, texts: Sequence[str], rights: Sequence[float]) -> float:
    """Return the chance that the answers near-equal to `believed` are right.

    All texts are normalised. Unlike the online judge this expects `believed` to be chosen for being
    close to all answers.
    """
    return 1.0 / (1.0 + sum(_odds_against(believed, texts, rights, _closeness)))


def _closeness(believed: str, rival: str, texts: Sequence[str]) -> float:
    """Return the factor of a rival's odds, by how far both are from the answers of all others."""
    others = [text for text in texts if not is_near(text, believed) and not is_near(text, rival)]
    if not others:
        return 1.0
    ours, theirs = (
        CLOSENESS_SOFTENER
        + sum([Levenshtein.normalized_distance(one, text) for text in others]) / len(others)
        for one in (believed, rival)
    )
    return (ours / theirs) ** CLOSENESS_POWER


def _odds_against(
    believed: str,
    texts: Sequence[str],
    rights: Sequence[float],
    closeness: Callable[[str, str, Sequence[str]], float] | None = None,
) -> list[float]:
    """Return the odds of every other explanation against `believed`.

    The first explanation is that no answer is right. A worker is right with p, and otherwise gives
    one of `RIVALS` equally likely wrong answers. So groups are weighed against each other, and
    against the chance that no answer is right, by log-odds as options are.
    """
    weights = [_log_odds(right) for right in rights]
    support = 0.0
    rest: list[int] = []
    for i, text in enumerate(texts):
        if is_near(text, believed):
            support += weights[i]
        else:
            rest.append(i)
    odds = [RIVALS * exp(-support)]
    while rest:
        # This is the next group among those that disagree with all earlier leaders.
        rival, rival_support = _leader([texts[i] for i in rest], [weights[i] for i in rest])
        against = exp(rival_support - support)
        odds.append(
            against * (closeness(believed, texts[rest[rival]], texts) if closeness else 1.0)
        )
        rest = [i for i in rest if not is_near(texts[i], texts[rest[rival]])]
    return odds


def is_near(one: str, other: str) -> bool:
    """Return True when two normalised texts are near-equal.

    Values that are never near each other must be equal. A slip of the thumb in a word leaves the
    word, but in a number it makes another number.

    >>> is_near("opened in 1889 by the old river", "opened in 1899 by the old river")
    False
    """
    if one == other or one.startswith(EXACT):
        return one == other
    if Levenshtein.normalized_distance(one, other, score_cutoff=NEAR) > NEAR:
        return False
    numbers = _NUMBER.findall(one), _NUMBER.findall(other)
    return numbers[0] == numbers[1] or not all(numbers)  # "2 weeks" may be "two weeks".


def says_same(one: str, other: str, language: str = "") -> bool:
    """Return True when two texts as they were typed are near-equal.

    >>> says_same("Mama Njeri's Shop.", "mama njeris shop"), says_same("l'eau", "l eau", "fr")
    (True, True)
    """
    return is_near(normalise(one, language), normalise(other, language))


def _leader(texts: Sequence[str], weights: Sequence[float]) -> tuple[int, float]:
    """Return index and support of the text whose near-equals weigh most, then its exact equals."""
    exact: dict[str, float] = {}
    for text, weight in zip(texts, weights, strict=True):
        exact[text] = exact.get(text, 0.0) + weight
    support = {
        text: sum([weight for other, weight in exact.items() if is_near(text, other)])
        for text in exact
    }
    best = min(exact, key=lambda text: (-round(support[text], 9), -round(exact[text], 9), text))
    return texts.index(best), support[best]


def _log_odds(right: float) -> float:
    right = min(max(right, RIGHT_MIN), RIGHT_MAX)
    return log(right * RIVALS / (1.0 - right))

"""The distance of texts from the truth, after normalisation of both sides."""

from collections.abc import Mapping

from rapidfuzz.distance import Levenshtein

from gateway.qa.typed.normalise import normalise


def word_error_rate(
    found: Mapping[str, str], truths: Mapping[str, str], language: str = ""
) -> float:
    """Return the mean over tasks of words to change per word of the truth.

    It is nan without any truth.
    """
    rates: list[float] = []
    for task in found.keys() & truths.keys():
        truth = normalise(truths[task], language).split()
        words = normalise(found[task], language).split()
        rates.append(Levenshtein.distance(words, truth) / max(1, len(truth)))
    return sum(sorted(rates)) / len(rates) if rates else float("nan")


def exact_match(found: Mapping[str, str], truths: Mapping[str, str], language: str = "") -> float:
    """Return the share of tasks found to the letter, and nan without any truth."""
    hits = [
        normalise(found[task], language) == normalise(truths[task], language)
        for task in found.keys() & truths.keys()
    ]
    return sum(hits) / len(hits) if hits else float("nan")

"""The remaining error of a whole project, from the audits of its stages."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.qa.checks.interval import CONFIDENCE, ErrorShare, wrong_in_batch


@dataclass(frozen=True, slots=True)
class AuditedResults:
    """The results that one stage gave to the whole, with the judged sample of them."""

    results: int
    """The number of results."""
    population: int
    """The number of results from which the sample was drawn."""
    judged: int
    """The number of results in the sample whose true value is known."""
    errors: int
    """The number of wrong ones in the sample. They were corrected."""


def remaining_error(stages: Sequence[AuditedResults]) -> ErrorShare | None:
    """Return the share of wrong results in the whole. The errors of the samples are corrected.

    None says that some results come from a stage without a sample. The interval of each stage gets
    a part of the doubt, so that all of them together hold with 95 %.

    >>> found = remaining_error([AuditedResults(100, 100, 50, 4), AuditedResults(20, 20, 20, 1)])
    >>> round(found.share, 4), found.low, found.high < 0.12
    (0.0333, 0.0, True)
    >>> remaining_error([AuditedResults(100, 100, 50, 4), AuditedResults(1, 1, 0, 0)]) is None
    True
    """
    given = [one for one in stages if one.results]
    if not given or not all(one.judged for one in given):
        return None
    whole = sum(one.results for one in given)
    confidence = 1.0 - (1.0 - CONFIDENCE) / len(given)
    left, low, high = 0.0, 0, 0
    for one in given:
        tasks = max(one.population, one.judged)
        least, most = wrong_in_batch(one.errors, one.judged, tasks, confidence)
        left += one.errors / one.judged * (tasks - one.judged)
        low, high = low + least - one.errors, high + most - one.errors
    judged = sum(one.judged for one in given)
    return ErrorShare(left / whole, low / whole, min(1.0, high / whole), 0, judged)

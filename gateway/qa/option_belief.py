"""The belief in each option of one task, by its votes and their workers' skills."""

from collections.abc import Sequence
from math import exp, inf, log

from gateway.qa.skills.skill import PRIOR_RIGHT, PRIOR_WRONG, Skill
from gateway.qa.value_of_information import Belief

SKILL_MAX = 0.99  # No single answer closes a task of many others.
ODDS_MAX = SKILL_MAX / (1.0 - SKILL_MAX)
TIE = 1e-9  # Smaller differences come from rounding only.


def option_belief(
    values: Sequence[str],
    skills: Sequence[Skill],
    options: Sequence[str],
    beside: Sequence[float] = (),
) -> Belief:
    """Return the option with the highest posterior, and that posterior.

    All options are equally likely before. A worker of skill p says the truth with p and any other
    option with (1 - p) / (K - 1). An answer that is no option any more still counts for itself.
    `beside` are log likelihoods of the options from elsewhere, such as a prediction.
    """
    scores = dict(zip(options, beside, strict=True)) if beside else dict.fromkeys(options, 0.0)
    others = max(1, len(options) - 1)
    for value, skill in zip(values, skills, strict=True):
        # These are the odds to be right, `Skill.mean` over its rest, times `others`. A worker below
        # chance (here: 1) is taken for a guesser, not for a liar whose answers point away.
        odds = (skill.right + PRIOR_RIGHT) / (skill.wrong + PRIOR_WRONG)
        odds = ODDS_MAX * others if odds > ODDS_MAX else odds * others
        if odds > 1.0:
            scores[value] = scores.get(value, 0.0) + log(odds)
        elif value not in scores:
            scores[value] = 0.0
    best, top, second = "", -inf, -inf
    for value, score in scores.items():
        if score > top:
            best, top, second = value, score, top
        elif score > second:
            second = score
    if second > top - TIE:
        tied = [value for value in scores if scores[value] > top - TIE]
        best = _break_tie(tied, values, skills, options)
    total = 0.0
    for score in scores.values():
        total += exp(score - top)
    return Belief(best, 1.0 / total, exp(second - top) / total)


def _break_tie(
    tied: list[str], values: Sequence[str], skills: Sequence[Skill], options: Sequence[str]
) -> str:
    strongest: dict[str, float] = {}
    for value, skill in zip(values, skills, strict=True):
        strongest[value] = max(strongest.get(value, 0.0), min(skill.mean, SKILL_MAX))
    places = {option: place for place, option in enumerate(options)}
    return min(tied, key=lambda v: (-strongest.get(v, 0.0), places.get(v, len(places)), v))

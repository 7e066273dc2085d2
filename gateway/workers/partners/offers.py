"""The proposal of a batch's shares for partners, from quota, capacity and measured quality. Pure.

A share promises a partner a part of the tasks. The proposal promises no more than the partner can
answer while its share is kept, beside what it was promised before. Among partners with free
capacity, more goes to those whose workers answer hidden gold right more often. Every partner gets
its reasons, also one that gets nothing. The rest of a batch is open to all workers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor

from gateway.workers.partners.states import PartnerState

PROVEN_GOLD = 20
"""The answers to gold from which on a partner's quality counts as measured."""
TRIAL_SHARE = 0.1
"""The largest share of a partner whose quality is not measured yet."""
RIGHT_LEAST = 0.7
"""The share of right answers to gold below which a partner is proposed no share."""
_PRIOR_RIGHT, _PRIOR = 6.0, 8.0
_STEP = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """The known facts about a partner when a batch's shares are proposed."""

    code: str
    """The partner's code."""
    state: PartnerState
    """The partner's state."""
    workers: int
    """The active workers of the partner who may be asked in the batch."""
    answers_day: int | None
    """The answers per day that the partner can give, or None if that was never recorded."""
    quota: float | None
    """The largest share of a batch that was agreed with the partner, or None for no limit."""
    promised: int
    """The answers that other batches still keep for the partner."""
    gold_right: int
    """The right answers of its workers to gold of this kind."""
    gold_wrong: int
    """The wrong answers of its workers to gold of this kind."""


@dataclass(frozen=True, slots=True)
class ProposedShare:
    """A partner's proposed share of a batch, 0 to 1, with the reasons."""

    code: str
    share: float
    reasons: tuple[str, ...]


def propose_shares(
    candidates: Sequence[Candidate], answers: int, keep_h: int
) -> list[ProposedShare]:
    """Return the proposed share of each partner, in the order of their codes.

    `answers` is the number of answers that the batch expects, and `keep_h` the hours for which
    shares are kept.

    >>> one = Candidate("KIBERA", PartnerState.ACTIVE, 20, 400, None, 0, 95, 5)
    >>> [(p.code, p.share) for p in propose_shares([one], 3000, 72)]
    [('KIBERA', 0.4)]
    """
    ordered = sorted(candidates, key=lambda one: one.code)
    limits = {one.code: _limit(one, answers, keep_h) for one in ordered}
    weights = {
        one.code: _quality(one) * (one.answers_day or 0)
        for one in ordered
        if limits[one.code][0] > 0
    }
    shares = _filled({code: limits[code][0] for code in weights}, weights)
    return [_proposed(one, shares.get(one.code, 0.0), limits[one.code][1]) for one in ordered]


def _quality(one: Candidate) -> float:
    """Return the likelihood that the partner's next answer is right, as for a worker's skill."""
    return (one.gold_right + _PRIOR_RIGHT) / (one.gold_right + one.gold_wrong + _PRIOR)


def _limit(one: Candidate, answers: int, keep_h: int) -> tuple[float, tuple[str, ...]]:
    """Return the largest share that may be proposed to a partner, and the reasons for it."""
    if one.state is not PartnerState.ACTIVE:
        return 0.0, (f"{one.state.replace('_', ' ')}: only active partners are offered a share",)
    if not one.workers:
        return 0.0, ("none of its active workers may be asked in this batch",)
    if one.answers_day is None:
        return 0.0, ("no capacity is recorded: gateway partner capacity",)
    golds = one.gold_right + one.gold_wrong
    measured = f"{one.gold_right} of {golds} answers to gold right" if golds else "no gold yet"
    if golds >= PROVEN_GOLD and one.gold_right < RIGHT_LEAST * golds:
        return 0.0, (f"{measured}: at least {RIGHT_LEAST:.0%} are needed",)
    free = max(0, one.answers_day * keep_h // 24 - one.promised)
    can = f"can give {free:,} answers in {keep_h} h"
    if one.promised:
        can += f" beside {one.promised:,} promised elsewhere"
    limit, reasons = min(1.0, free / answers) if answers else 0.0, [can, measured]
    if golds < PROVEN_GOLD and limit > TRIAL_SHARE:
        limit = TRIAL_SHARE
        reasons.append(f"a trial of at most {TRIAL_SHARE:.0%} until {PROVEN_GOLD} answers to gold")
    if one.quota is not None and limit > one.quota:
        limit = one.quota
        reasons.append(f"a quota of {one.quota:.0%} was agreed")
    return limit, tuple(reasons)


def _filled(limits: Mapping[str, float], weights: Mapping[str, float]) -> dict[str, float]:
    """Divide one batch by weight, where no partner receives more than its limit.

    What a limit leaves goes to the others by their weights.
    """
    shares = dict.fromkeys(limits, 0.0)
    open_codes, left = set(limits), 1.0
    while open_codes and left > 0:
        total = sum(weights[code] for code in open_codes)
        full = {
            code for code in open_codes if limits[code] <= left * weights[code] / total
        } or open_codes
        fitting = full is not open_codes
        given = {code: limits[code] if fitting else left * weights[code] / total for code in full}
        shares |= given
        left -= sum(given.values())
        open_codes -= full
    return {code: floor(share * _STEP + 1e-9) / _STEP for code, share in shares.items()}


def _proposed(one: Candidate, share: float, reasons: tuple[str, ...]) -> ProposedShare:
    if share == 0 and one.state is PartnerState.ACTIVE and one.answers_day and one.workers:
        reasons = (*reasons, "less than 1 % would be left for it")
    return ProposedShare(one.code, share, reasons)

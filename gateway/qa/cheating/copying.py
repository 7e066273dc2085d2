"""Copying: two people who make the same mistakes, more often than their questions' difficulty explains.

Being right together proves nothing. Being wrong together, with the same answer, on questions where
the others are right, does. What is wrong is what most others (without the two) did not say. How
likely the slip was is taken from the others' answers to the question, and from each one's own habit of
taking this for that: so neither hard questions nor lenient readers are accused. What likeness the whole
crowd shows beyond that is taken for its nature (an empirical null, Efron 2004).

Ties (a shared payout number, a referral, a partner) and answering within a minute of each other make
a pair worth a closer look, with the same number of false alarms in sum; alone they are nothing. Copying
from somebody who makes no mistakes cannot be seen here, and does no harm either.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import NormalDist, median, quantiles

from gateway.qa.chance import at_least, beyond_luck
from gateway.qa.cheating._crowd import Crowd
from gateway.qa.observed import FALSE_SHARE, Finding, Observed

SHARED_MIN = 8  # questions both answered and others too
WRONG_MIN = 3  # of these answered with the same mistake
TIED = 8.0  # a tied pair is looked at with so many times the attention of an untied one
TOGETHER_S = 60.0
HABIT_PRIOR = 5.0  # answers per question's value; a worker with few is taken to err as all do
DIFFICULTY_PRIOR = 12.0  # answers; a task with few others is taken to be about as hard as all are
SLIP_MAX = 0.95
PAIRS_MIN = 40  # fewer do not show what likeness is this crowd's nature
USUAL_SHARE = 0.95  # of the pairs are taken to be innocent
CHANCE_MIN = 1e-15
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class _Pair:
    one: str
    other: str
    same_mistakes: int
    shared: int
    expected: float
    chance: float
    ties: tuple[str, ...]
    gap_s: float | None


def look(observed: Observed) -> list[Finding]:
    """See `gateway.qa.observed.Sign`; one finding per group of people who copy each other."""
    crowd = Crowd(observed.deeds, observed.options)
    times = {(deed.task, deed.worker): deed.at for deed in observed.deeds}
    pairs = _tempered(list(_pairs(crowd, times, observed.ties)))
    attention = [TIED if _near(pair) else 1.0 for pair in pairs]
    mean = sum(attention) / max(1, len(pairs))
    # Weighted false discovery rate (Genovese, Roeder and Wasserman 2006): weights average to one.
    weighed = [min(1.0, p.chance * mean / w) for p, w in zip(pairs, attention, strict=True)]
    believed = beyond_luck(weighed, FALSE_SHARE)
    sure = [pair for pair, is_sure in zip(pairs, believed, strict=True) if is_sure]
    return [_finding(group) for group in _groups(sure)]


def _near(pair: _Pair) -> bool:
    return bool(pair.ties) or (pair.gap_s is not None and pair.gap_s <= TOGETHER_S)


def _pairs(
    crowd: Crowd,
    times: Mapping[tuple[str, str], float | None],
    ties: Mapping[str, Mapping[str, str]],
) -> Iterator[_Pair]:
    shared: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for task, answers in crowd.of_task.items():
        if len(answers) > 2:  # noqa: PLR2004  # somebody else must say what is wrong
            for pair in combinations(sorted(answers), 2):
                shared[pair].append(task)
    habits = _Habits(crowd)
    for (one, other), tasks in sorted(shared.items()):
        if len(tasks) < SHARED_MIN:
            continue
        hits = sum(_alike(crowd, task, one, other) for task in tasks)
        chances = (
            [habits.same_mistake(task, one, other) for task in tasks] if hits >= WRONG_MIN else []
        )
        gaps = [
            abs(first - second)
            for task in tasks
            if (first := times[task, one]) is not None
            and (second := times[task, other]) is not None
        ]
        yield _Pair(
            one,
            other,
            hits,
            len(tasks),
            sum(chances),
            max(CHANCE_MIN, at_least(hits, chances)) if chances else 1.0,
            _ties(one, other, ties),
            median(gaps) if gaps else None,
        )


def _tempered(pairs: list[_Pair]) -> list[_Pair]:
    """Chances as they are once the likeness that most pairs of this crowd show is taken for normal."""
    if len(pairs) < PAIRS_MIN:
        return pairs
    scores = [_NORMAL.inv_cdf(1.0 - min(max(p.chance, CHANCE_MIN), 0.5)) for p in pairs]
    usual = quantiles(scores, n=100)[round(100 * USUAL_SHARE) - 1]
    spread = max(1.0, usual / _NORMAL.inv_cdf(USUAL_SHARE))
    return [
        pair if pair.chance >= 1.0 else replace(pair, chance=_NORMAL.cdf(-score / spread))
        for pair, score in zip(pairs, scores, strict=True)
    ]


def _alike(crowd: Crowd, task: str, one: str, other: str) -> bool:
    """Whether both gave the same answer, and not what most others said."""
    answers = crowd.of_task[task]
    if answers[one] != answers[other]:
        return False
    shares = crowd.others(task, (one, other))
    return shares[answers[one]] < max(shares.values())


class _Habits:
    """How often each worker says this where the others say that, in units of the crowd's rate."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._said: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._all: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for worker, deeds in crowd.of_worker.items():
            for deed in deeds:
                if len(crowd.of_task[deed.task]) > 1:
                    shares = crowd.others(deed.task, (worker,))
                    believed = max(shares, key=shares.__getitem__)
                    self._said[worker, believed][deed.answer] += 1
                    self._all[believed][deed.answer] += 1

    def same_mistake(self, task: str, one: str, other: str) -> float:
        """The chance that two strangers with these habits give the same wrong answer to a task."""
        shares = self._crowd.others(task, (one, other))
        most = max(shares.values())
        believed = max(shares, key=shares.__getitem__)
        others = len(self._crowd.of_task[task]) - 2
        chance = 0.0
        for answer, share in shares.items():
            if share < most:
                slip = (share * others + DIFFICULTY_PRIOR * self._usual(believed, answer)) / (
                    others + DIFFICULTY_PRIOR
                )
                first = slip * self._habit(one, believed, answer)
                second = slip * self._habit(other, believed, answer)
                chance += min(SLIP_MAX, first) * min(SLIP_MAX, second)
        return min(chance, SLIP_MAX)

    def _usual(self, believed: str, answer: str) -> float:
        every = self._all[believed]
        return max(every[answer] / max(1, every.total()), 0.01)

    def _habit(self, worker: str, believed: str, answer: str) -> float:
        usual = self._usual(believed, answer)
        own = self._said[worker, believed]
        return (own[answer] + HABIT_PRIOR * usual) / (own.total() + HABIT_PRIOR) / usual


def _ties(one: str, other: str, ties: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    first, second = ties.get(one, {}), ties.get(other, {})
    found = [name for name in sorted(first) if first[name] == second.get(name)]
    found += [
        name
        for name in sorted({*first, *second})
        if first.get(name) == other or second.get(name) == one
    ]
    return tuple(dict.fromkeys(found))


def _groups(pairs: list[_Pair]) -> list[list[_Pair]]:
    """Pairs that hang together, as lists."""
    group_of: dict[str, list[_Pair]] = {}
    for pair in pairs:
        first, second = group_of.get(pair.one, []), group_of.get(pair.other, [])
        merged = [*first, *(second if second is not first else []), pair]
        for member in {name for p in merged for name in (p.one, p.other)}:
            group_of[member] = merged
    return list({id(group): group for group in group_of.values()}.values())


def _finding(group: list[_Pair]) -> Finding:
    group = sorted(group, key=lambda pair: (pair.chance, pair.one, pair.other))
    worst = group[0]
    members = sorted({name for pair in group for name in (pair.one, pair.other)})
    ties = Counter(tie for pair in group for tie in pair.ties)
    return Finding(
        "copying",
        tuple(members),
        worst.chance,
        f"{worst.one} and {worst.other} made the same mistake {worst.same_mistakes} times in "
        f"{worst.shared} shared questions, where about {worst.expected:.1f} would be expected"
        + (f"; they share: {', '.join(worst.ties)}" if worst.ties else ""),
        {
            "pairs": [
                {
                    "workers": [pair.one, pair.other],
                    "same mistakes": pair.same_mistakes,
                    "expected": round(pair.expected, 2),
                    "shared": pair.shared,
                    "chance": pair.chance,
                    "ties": list(pair.ties),
                    "median gap, s": pair.gap_s,
                }
                for pair in group
            ],
            "ties": dict(ties),
        },
    )
